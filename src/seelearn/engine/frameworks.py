"""The frameworks that lessons are written in, known by name only: this file imports none of them."""

import importlib
import random
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from seelearn.errors import UserError


@dataclass(frozen=True, slots=True)
class Framework:
    """How to find, install and seed one framework; `name` is also the extra that installs it.

    `package` is what is installed and `module` what is imported, if that has another name. `late` names modules that
    it would import in the middle of the first run, `often` what many of its lessons import.
    """

    name: str
    title: str
    package: str
    seed: Callable[[Any, int], object]
    late: tuple[str, ...] = ()
    often: tuple[str, ...] = ()
    module: str = ""

    @property
    def version(self) -> str | None:
        """The installed version, or None."""
        return version_of(self.package)

    @property
    def command(self) -> str:
        """What to type to install it, and what its lessons need beside it."""
        return f"pip install 'seelearn[{self.name}]'"

    @property
    def repair(self) -> str:
        """What to type when it is installed but cannot be loaded."""
        return f"pip install --force-reinstall {self.package}"

    @property
    def lacking(self) -> list[str]:
        """The packages that `command` would add."""
        return [package for package in packages(self.name) if version_of(package) is None]

    def load(self) -> Any:
        """Import it, and what it would import late; the worker does so before its job arrives."""
        for module in self.late:
            importlib.import_module(module)
        return importlib.import_module(self.module or self.package)

    def prepare(self) -> None:
        """Import what many of its lessons use; a worker that waits for a job does so."""
        for module in self.often:
            with suppress(Exception):  # then the lesson that needs it will say so
                importlib.import_module(module)

    def require(self) -> None:
        """Raise a `MissingError` with the command that installs it, if it isn't installed."""
        if self.version is None:
            raise MissingError(self)


class MissingError(UserError):
    """A framework that is not installed; it is there for a message in another language."""

    def __init__(self, framework: Framework) -> None:
        self.framework = framework
        super().__init__(f"this lesson needs {framework.title}, which is not installed: {framework.command}")


FRAMEWORKS = {
    "torch": Framework(
        "torch",
        "PyTorch",
        "torch",
        lambda torch, seed: torch.manual_seed(seed),
        late=("torch._dynamo",),  # the first optimizer imports the compiler: 1.3 s
        often=("sklearn.datasets",),  # the digits: 1.5 s
    ),
    # Both draw from NumPy's global generator, which is seeded for every framework.
    "sklearn": Framework("sklearn", "scikit-learn", "scikit-learn", lambda sklearn, seed: None, module="sklearn"),
    "numpy": Framework("numpy", "NumPy", "numpy", lambda numpy, seed: None),
}


def seed_everything(framework: Framework, seed: int) -> None:
    """Seed Python, NumPy's global generator and the framework."""
    import numpy as np  # noqa: PLC0415 (in the worker alone)

    random.seed(seed)
    np.random.seed(seed)
    framework.seed(framework.load(), seed)


def packages(extra: str = "") -> list[str]:
    """Return the packages that an extra of seelearn installs; without one, those that seelearn itself needs."""
    from importlib.metadata import requires  # noqa: PLC0415 (0.04 s)

    wanted = [line.partition(";") for line in requires("seelearn") or []]
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line, _, of in wanted if _extra(of) == extra]


def _extra(marker: str) -> str:
    found = re.search(r"extra == ['\"](.*?)['\"]", marker)
    return found[1] if found else ""


def version_of(package: str) -> str | None:
    """Return the installed version of a package, or None."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def versions(framework: Framework) -> dict[str, str]:
    """Return the versions that a recording should name."""
    from importlib.metadata import version  # noqa: PLC0415 (0.04 s)

    return {name: version(name) for name in ("seelearn", "numpy", framework.package)}
