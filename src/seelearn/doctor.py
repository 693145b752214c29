"""What is installed, what is missing, and the command that mends it."""

import platform
import subprocess
import sys

from seelearn import __version__
from seelearn.engine.catalogue import Catalogue
from seelearn.engine.frameworks import FRAMEWORKS, Framework, packages, version_of

LOAD = "import sys; from seelearn.engine.frameworks import FRAMEWORKS; FRAMEWORKS[sys.argv[1]].load()"


def examine(catalogue: Catalogue) -> int:
    """Print a line for each thing seelearn needs; return 0 if every lesson can run, else 1."""
    print(f"ok       seelearn {__version__}, Python {platform.python_version()}, {platform.system()}")
    frameworks = [FRAMEWORKS[name] for name in sorted({n for one in catalogue.lessons for n in one.frameworks})]
    needed = {package: f"pip install {package}" for package in packages()}
    for framework in frameworks:
        for package in (framework.package, *packages(framework.name)):
            needed.setdefault(package, framework.command)
    mends = [mend for package, mend in needed.items() if not _is_here(package)]
    mends += [framework.repair for framework in frameworks if framework.version and not _loads(framework)]
    print(f"ok       {len(catalogue.lessons)} lessons in {catalogue.folder}")
    print(_network())
    if not mends:
        return 0
    print("\nTo mend it:")
    for mend in dict.fromkeys(mends):
        print(f"  {mend}")
    return 1


def _is_here(package: str) -> bool:
    """Print a line on one package; return whether it is installed."""
    version = version_of(package)
    print(f"missing  {package}" if version is None else f"ok       {package} {version}")
    return version is not None


def _loads(framework: Framework) -> bool:
    """Print a line on a framework that is installed but cannot be loaded; return whether it can.

    It is loaded in a process of its own: a library that does not fit the machine may end the one that loads it.
    """
    load = [sys.executable, "-c", LOAD, framework.name]
    probe = subprocess.run(load, capture_output=True, text=True, check=False)  # noqa: S603
    if probe.returncode:
        why = (probe.stderr.strip().splitlines() or [f"exit code {probe.returncode}"])[-1]
        print(f"broken   {framework.title} is installed but cannot be loaded ({why})")
    return not probe.returncode


def _network() -> str:
    """Say whether lessons run without a network; they run all the same, so nothing needs to be mended."""
    probe = subprocess.run(
        [sys.executable, "-m", "seelearn.engine.isolation"], capture_output=True, text=True, check=True
    )
    why = probe.stdout.strip()
    return f"note     lessons can reach the network ({why})" if why else "ok       lessons run without a network"
