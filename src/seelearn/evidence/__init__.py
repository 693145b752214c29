"""Claims over many seeds: measured, judged, and written down for the page."""
