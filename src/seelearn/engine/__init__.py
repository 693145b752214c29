"""Finding lessons, checking parameters, and running jobs as recordings."""
