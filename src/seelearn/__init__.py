"""Machine learning you can see, run and check."""

from importlib.metadata import version

__version__ = version("seelearn")
