"""The frameworks that lessons are written in, known by name only: this file imports none of them."""

import importlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from seelearn.errors import UserError


@dataclass(frozen=True, slots=True)
class Framework:
    """How to find, install and seed one framework; `name` is also the extra that installs it.

    `package` is what is installed and `module` what is imported, if that has another name. `late` names modules that
    it would import in the middle of the first run.
    """

    name: str
    title: str
    package: str
    seed: Callable[[Any, int], object]
    late: tuple[str, ...] = ()
    module: str = ""

    @property
    def version(self) -> str | None:
        """The installed version, or None."""
        from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 (0.04 s)

        try:
            return version(self.package)
        except PackageNotFoundError:
            return None

    @property
    def command(self) -> str:
        """What to type to install it."""
        return f"pip install 'seelearn[{self.name}]'"

    def load(self) -> Any:
        """Import it, and what it would import late; the worker does so before its job arrives."""
        for module in self.late:
            importlib.import_module(module)
        return importlib.import_module(self.module or self.package)

    def require(self) -> None:
        """Raise a `UserError` with the command that installs it, if it isn't installed."""
        if self.version is None:
            raise UserError(f"this lesson needs {self.title}, which is not installed: {self.command}")


FRAMEWORKS = {
    "torch": Framework(
        "torch",
        "PyTorch",
        "torch",
        lambda torch, seed: torch.manual_seed(seed),
        late=("torch._dynamo",),  # the first optimizer imports the compiler: 1.3 s
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


def versions(framework: Framework) -> dict[str, str]:
    """Return the versions that a recording should name."""
    from importlib.metadata import version  # noqa: PLC0415 (0.04 s)

    return {name: version(name) for name in ("seelearn", "numpy", framework.package)}
