"""Who may know whom, where import-linter cannot look: at run time."""

import subprocess
import sys

import pytest

FRAMEWORKS = "{'torch', 'tensorflow', 'keras', 'jax', 'sklearn', 'pytensor', 'gymnasium', 'ray'}"


@pytest.mark.parametrize(
    "module",
    ["seelearn.cli", "seelearn.site.server", "seelearn.export.report", "seelearn.export.pictures", "seelearn.engine.local",
     "seelearn.engine.worker", "seelearn.microscope", "seelearn.show", "seelearn.doctor"],
)  # fmt: skip
def test_importing_it_imports_no_framework(module: str) -> None:
    code = f"import sys, {module}; print(sorted({FRAMEWORKS} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"
