"""What is installed, what is missing, and the command that mends it."""

import platform
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires, version

from seelearn import __version__
from seelearn.engine.catalogue import Catalogue
from seelearn.engine.frameworks import FRAMEWORKS


def examine(catalogue: Catalogue) -> int:
    """Print a line for each thing seelearn needs; return 0 if every lesson can run, else 1."""
    print(f"ok       seelearn {__version__}, Python {platform.python_version()}, {platform.system()}")
    mends = [mend for package in _dependencies() if (mend := _check(package, f"pip install {package}"))]
    written_in = {name for lesson in catalogue.lessons for name in lesson.frameworks}
    for name in sorted(written_in):
        framework = FRAMEWORKS[name]
        if mend := _check(framework.package, framework.command):
            mends.append(mend)
    print(f"ok       {len(catalogue.lessons)} lessons in {catalogue.folder}")
    print(_network())
    if not mends:
        return 0
    print("\nTo mend it:")
    for mend in mends:
        print(f"  {mend}")
    return 1


def _network() -> str:
    """Say whether lessons run without a network; they run all the same, so nothing needs to be mended."""
    probe = subprocess.run(
        [sys.executable, "-m", "seelearn.engine.isolation"], capture_output=True, text=True, check=True
    )
    why = probe.stdout.strip()
    return f"note     lessons can reach the network ({why})" if why else "ok       lessons run without a network"


def _dependencies() -> list[str]:
    """Return the packages that seelearn itself needs, those of extras apart."""
    wanted = [line for line in requires("seelearn") or [] if "extra ==" not in line]
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in wanted]


def _check(package: str, mend: str) -> str | None:
    """Print a line on one package; return the command that installs it if it is missing."""
    try:
        print(f"ok       {package} {version(package)}")
    except PackageNotFoundError:
        print(f"missing  {package}")
        return mend
    return None
