"""A lesson's files as modules."""

import importlib
import sys
from pathlib import Path
from types import ModuleType


def load_module(path: Path) -> ModuleType:
    """Import a lesson's file by its path, as `lessons.NAME.FILE`, so that its files can import one another."""
    package = f"lessons.{path.parent.name}"
    for name, folder in (("lessons", path.parent.parent), (package, path.parent)):
        sys.modules[name] = module = ModuleType(name)
        module.__path__ = [str(folder)]
    sys.modules.pop(f"{package}.{path.stem}", None)  # another course may have a lesson of the same name
    return importlib.import_module(f"{package}.{path.stem}")
