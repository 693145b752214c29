"""Measuring on a real Ray, started on this machine: the same results, and a lost worker does no harm."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from seelearn.engine.catalogue import Lesson
from seelearn.engine.job import Job, make_job
from seelearn.engine.pool import JobError, make_pool
from seelearn.engine.recording import Recording
from seelearn.errors import UserError
from seelearn.events import Event, without_times

BODY = 'import torch; time.sleep({pause}); show.line("loss", "b", torch.rand(1).item())'


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ray's own processes must find this checkout, and not the test's."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    yield
    assert not [p for p in psutil.Process().children(recursive=True) if "raylet" in p.name()], "Ray was left running"


def jobs(lesson: Lesson) -> list[Job]:
    return [make_job(lesson, "torch", {"n": n, "seed": 0, "seeds": 4}) for n in (2, 3)]


def measured(lesson: Lesson, folder: Path, ray: str | None) -> dict[int, list[dict[str, object]]]:
    found: dict[int, list[Event]] = {}
    for job, event in make_pool(lesson, "torch", folder, ray).run(jobs(lesson)):
        found.setdefault(int(job.parameters["n"]), []).append(event)
    # How often a band is drawn on the way depends on the clock; what the seeds gave does not.
    return {n: without_times(e for e in events if e["kind"] == "result") for n, events in sorted(found.items())}


@pytest.mark.filterwarnings("ignore")  # Ray's own: unclosed files and sockets at its shutdown
def test_the_cluster_measures_what_this_machine_measures(trial: Callable[[str], Lesson], tmp_path: Path) -> None:
    lesson = trial(BODY.format(pause=0))
    here = measured(lesson, tmp_path / "here", None)
    there = measured(lesson, tmp_path / "there", "local")
    assert there == here
    assert [len(results) for results in there.values()] == [4, 4]
    for job in jobs(lesson):
        recording = Recording.read(tmp_path / "there" / job.id)
        assert recording.end.status == "finished"
        assert len([e for e in recording.events if e["kind"] == "result"]) == 4


@pytest.mark.filterwarnings("ignore")
def test_a_worker_lost_in_the_middle_is_replaced(trial: Callable[[str], Lesson], tmp_path: Path) -> None:
    marker = tmp_path / "killed"
    # Slow at first and then fast: what depends on the clock must not shift what is measured.
    body = f"""
        import torch
        if not os.path.exists({str(marker)!r}):
            time.sleep(0.1)
        show.line("loss", "b", torch.rand(1).item())
        if torch.initial_seed() == 2 and not os.path.exists({str(marker)!r}):
            open({str(marker)!r}, "w").close()
            os.kill(os.getpid(), 9)
"""
    lesson = trial(body)
    there = measured(lesson, tmp_path / "there", "local")
    assert marker.exists(), "no worker was lost"
    assert there == measured(lesson, tmp_path / "here", None)


@pytest.mark.filterwarnings("ignore")
def test_an_error_in_the_lesson_is_told(trial: Callable[[str], Lesson], tmp_path: Path) -> None:
    with pytest.raises(JobError, match="ZeroDivisionError"):
        measured(trial("1 / 0"), tmp_path / "there", "local")


def test_a_cluster_that_is_not_there_is_said_at_once(trial: Callable[[str], Lesson], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no Ray cluster at '127.0.0.1:1' .*try --ray local"):
        make_pool(trial("pass"), "torch", tmp_path, "127.0.0.1:1")
    assert [path.name for path in tmp_path.iterdir()] == ["course"]
