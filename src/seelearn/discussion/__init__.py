"""Comments under every lesson, and mail to readers who bound an address. Nothing but site/app.py knows this folder."""
