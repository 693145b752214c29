"""Claims measured in real workers: what is found, what is refuted, and how a stopped measurement goes on."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from seelearn.engine.catalogue import Lesson
from seelearn.engine.job import make_job
from seelearn.engine.pool import JobError, make_pool
from seelearn.engine.recording import Recording
from seelearn.errors import LessonError, UserError
from seelearn.evidence.evidence import Evidence, bands
from seelearn.evidence.verify import contradictions, verify
from tests.conftest import SEELEARN, environment

Claiming = Callable[..., Lesson]


def measure(lesson: Lesson, seeds: int, folder: Path) -> Evidence:
    return verify(lesson, "torch", seeds, make_pool(lesson, "torch", folder, None), lambda done, total: None)


def test_what_is_found_is_what_counting_finds(claiming: Claiming, tmp_path: Path) -> None:
    lesson = claiming()
    told: list[tuple[int, int]] = []
    pool = make_pool(lesson, "torch", tmp_path / "kept", None)
    evidence = verify(lesson, "torch", 10, pool, lambda done, total: told.append((done, total)))
    assert told[-1] == (20, 20)
    assert {name: proof["verdict"] for name, proof in evidence.claims.items()} == {
        "falls.short": "holds",
        "falls.long": "holds",
        "rises.long": "refuted",
        "last.long": "holds",
    }
    assert (evidence.claims["falls.short"]["count"], evidence.claims["rises.long"]["count"]) == (10, 0)
    assert evidence.claims["last.long"]["value"] == pytest.approx(1 / 6)
    assert evidence.conditions["short"]["parameters"] == {"n": 2}
    assert evidence.conditions["short"]["bands"]["loss"]["a"]["mid"] == [1.0, 0.5, 0.333333]
    assert contradictions(evidence) == []
    lesson.evidence.write_text("{}", encoding="utf-8")
    evidence.write(lesson.evidence)
    assert Evidence.read(lesson) == evidence
    assert not list(lesson.folder.glob("*.part"))


def test_a_false_claim_is_refuted(claiming: Claiming, tmp_path: Path) -> None:
    evidence = measure(claiming(marked=False), 10, tmp_path / "kept")
    assert evidence.claims["rises.long"]["verdict"] == "refuted"
    assert contradictions(evidence) == ["rises.long"]


def test_evidence_is_stale_when_the_lesson_or_its_claims_change(claiming: Claiming, tmp_path: Path) -> None:
    lesson = claiming()
    evidence = measure(lesson, 2, tmp_path / "kept")
    assert not evidence.stale(lesson)
    for path in (lesson.claims, lesson.file("torch")):
        before = path.read_bytes()
        path.write_bytes(before + b"\n# changed\n")
        assert evidence.stale(lesson)
        path.write_bytes(before)
    assert not evidence.stale(lesson)


def test_a_loss_that_is_not_a_number_is_counted_and_never_dropped(claiming: Claiming, tmp_path: Path) -> None:
    body = 'import torch; show.line("loss", "b", float("nan") if torch.initial_seed() % 3 == 0 else 1.0)'
    lesson = claiming(body)
    evidence = measure(lesson, 9, tmp_path / "kept")
    condition = evidence.conditions["short"]
    assert condition["nan"]["loss"] == {"a": 0, "b": 3}
    assert condition["bands"]["loss"]["b"]["mid"] == [1.0, 1.0, 1.0]
    assert condition["bands"]["loss"]["b"]["high"] == [None, None, None], "the largest tenth is not a number"
    assert {band["series"]: band["seeds"] for band in bands(condition)} == {"a": 9, "b": 9}


def test_it_goes_on_where_it_was_stopped(claiming: Claiming, tmp_path: Path) -> None:
    """The command is interrupted in the middle; what it had recorded is not run again, and the result is the same."""
    lesson = claiming("time.sleep(0.06)")
    kept = tmp_path / "runs" / "verify-trial"
    command = [*SEELEARN, "--lessons", str(lesson.folder.parent), "verify", "trial", "--seeds", "48"]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while len(_finished(kept)) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "goes on from there" in said
    assert not lesson.evidence.exists()
    first = {folder.name: (folder / "run.json").stat().st_mtime_ns for folder in _finished(kept)}
    assert 3 <= len(first) < 12
    evidence = measure(lesson, 48, kept)
    after = {folder.name: (folder / "run.json").stat().st_mtime_ns for folder in _finished(kept)}
    assert len(after) == 12
    assert {name: after[name] for name in first} == first, "a finished part was measured again"
    assert evidence == measure(lesson, 48, tmp_path / "at once")


def _finished(folder: Path) -> list[Path]:
    return [one for one in folder.glob("*") if _status(one) == "finished"]


def _status(folder: Path) -> str:
    try:
        return Recording.read(folder).end.status
    except UserError:
        return "not there yet"


def test_a_lost_worker_is_replaced(claiming: Claiming, tmp_path: Path) -> None:
    marker = tmp_path / "killed"
    body = f"""
        if torch_seed() == 3 and not os.path.exists({str(marker)!r}):
            open({str(marker)!r}, "w").close()
            os.kill(os.getpid(), 9)
"""
    lesson = claiming(body)
    source = lesson.file("torch").read_text(encoding="utf-8")
    lesson.file("torch").write_text("from torch import initial_seed as torch_seed\n" + source, encoding="utf-8")
    evidence = measure(lesson, 10, tmp_path / "kept")
    assert marker.exists()
    assert evidence.claims["falls.long"]["count"] == 10


def test_an_error_in_the_lesson_ends_it_with_the_line(claiming: Claiming, tmp_path: Path) -> None:
    lesson = claiming("1 / 0")
    with pytest.raises(JobError, match=r"ZeroDivisionError.*with_torch.py, line"):
        measure(lesson, 4, tmp_path / "kept")


def test_a_claim_may_answer_with_a_torch_scalar_but_not_with_a_number(claiming: Claiming, tmp_path: Path) -> None:
    lesson = claiming()
    text = lesson.claims.read_text(encoding="utf-8")
    lesson.claims.write_text("import torch\n" + text.replace("return not falls(trial)", "return torch.tensor(True)"))
    assert measure(lesson, 8, tmp_path / "kept").claims["rises.long"]["count"] == 8
    lesson.claims.write_text(text.replace("return not falls(trial)", "return 1"))
    with pytest.raises(JobError, match="rises promises a share, so it must return True or False, not 1"):
        measure(lesson, 8, tmp_path / "kept")


def test_code_that_changes_while_it_is_measured_gives_no_evidence(claiming: Claiming, tmp_path: Path) -> None:
    lesson = claiming()

    def edit(done: int, total: int) -> None:
        lesson.claims.write_text(lesson.claims.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")

    with pytest.raises(UserError, match="was changed while it was measured"):
        verify(lesson, "torch", 2, make_pool(lesson, "torch", tmp_path / "kept", None), edit)


def test_a_recording_that_was_cut_short_is_measured_again(claiming: Claiming, tmp_path: Path) -> None:
    lesson = claiming()
    whole = measure(lesson, 8, tmp_path / "kept")
    for file in (tmp_path / "kept").glob("*/events.jsonl"):
        lines = file.read_bytes().splitlines(keepends=True)
        file.write_bytes(b"".join(lines[: len(lines) // 2]))
    assert measure(lesson, 8, tmp_path / "kept") == whole


def test_damaged_evidence_is_told_when_it_is_read(claiming: Claiming, tmp_path: Path) -> None:
    lesson = claiming()
    measure(lesson, 2, tmp_path / "kept").write(lesson.evidence)
    whole = json.loads(lesson.evidence.read_text(encoding="utf-8"))
    damages: list[dict[str, object]] = [
        {"claims": []},
        {"conditions": {}},
        {"framework": "jax"},
        {"format": 99},
        {"claims": {"a.b": {}}},
    ]
    for damage in damages:
        lesson.evidence.write_text(json.dumps({**whole, **damage}), encoding="utf-8")
        with pytest.raises(LessonError, match="seelearn verify trial"):
            Evidence.read(lesson)


def test_a_lesson_without_claims_says_what_to_write(trial: Callable[[str], Lesson], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"claims nothing: write .*claims\.py"):
        measure(trial("pass"), 4, tmp_path / "kept")


def test_seed_by_seed_and_in_a_run_the_same_seed_gives_the_same_curve(claiming: Claiming, tmp_path: Path) -> None:
    lesson = claiming('import torch; show.line("loss", "b", torch.rand(1).item())')
    job = make_job(lesson, "torch", {"n": 2, "seed": 4, "seeds": 3})
    pool = make_pool(lesson, "torch", tmp_path / "kept", None)
    measured = {e["seed"]: e["lines"]["loss"]["b"] for _, e in pool.run([job]) if e["kind"] == "result"}
    assert sorted(measured) == [4, 5, 6]
    for seed, line in measured.items():
        folder = tmp_path / f"run-{seed}"
        command = [*SEELEARN, "--lessons", str(lesson.folder.parent), "run", "trial", "--n=2", f"--seed={seed}"]
        subprocess.run([*command, "--out", str(folder)], check=True, env=environment(), capture_output=True)
        drawn = [e["y"] for e in Recording.read(folder).events if e["kind"] == "line" and e["series"] == "b"]
        assert line == pytest.approx(drawn, rel=1e-5)


def test_the_command_writes_evidence_and_checks_it(claiming: Claiming, tmp_path: Path) -> None:
    lesson = claiming(marked=False)
    command = [*SEELEARN, "--lessons", str(lesson.folder.parent), "verify", "trial", "--seeds", "8"]
    checked = subprocess.run(
        [*command, "--check"], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert checked.returncode == 1
    assert "rises.long is refuted" in checked.stderr
    assert not lesson.evidence.exists()
    written = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert written.returncode == 1
    assert "8 of 8 seeds" in written.stdout
    assert json.loads(lesson.evidence.read_text(encoding="utf-8"))["claims"]["falls.short"]["count"] == 8
    assert not list((tmp_path / "runs").iterdir()), "what was kept for going on is not needed any more"
