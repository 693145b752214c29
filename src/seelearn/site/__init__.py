"""The course as a web site: pages, and live runs."""
