"""Machine learning you can see, run and check."""

__version__ = "0.1.0"
