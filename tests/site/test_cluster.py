"""Runs on a real Ray cluster, started on this machine: the same page, the same events, whatever is killed."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from threading import Thread
from typing import Any

import psutil
import pytest
from fastapi.testclient import TestClient
from tests.conftest import free_port, record, write_lesson
from tests.site.conftest import BASE, events, start

from seelearn.engine.catalogue import Catalogue
from seelearn.engine.local import Engine
from seelearn.engine.recording import Recording
from seelearn.errors import UserError
from seelearn.events import without_times
from seelearn.site.app import create_app
from seelearn.site.settings import Settings

TRIAL = "/en/lessons/trial"
START = ["start", "--head", "--block", "--node-ip-address=127.0.0.1", "--num-cpus=2", "--disable-usage-stats"]


def until(condition: Callable[[], object]) -> None:
    """Wait for what must come."""
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


class Cluster:
    """A Ray cluster of one node, below a process of ours."""

    def __init__(self) -> None:
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ray.scripts.scripts", *START, f"--port={port}", "--include-dashboard=false"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        until(self._answers)

    def _answers(self) -> bool:
        try:
            Engine(cluster=self.address).check()
        except UserError:
            return False
        return True

    def processes(self, words: str = "") -> list[psutil.Process]:
        """Return its processes that have these words in their command."""
        found = []
        for process in psutil.Process(self._process.pid).children(recursive=True):
            with suppress(psutil.Error):  # it has just ended
                if words in " ".join(process.cmdline()):
                    found.append(process)
        return found

    def close(self) -> None:
        """End every process of the cluster."""
        processes = [*self.processes(), psutil.Process(self._process.pid)]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()
        psutil.wait_procs(processes, 20)


@pytest.fixture(scope="module", autouse=True)
def token() -> Iterator[None]:
    """Nobody else may use the cluster, which listens on more than this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        patch.setenv("RAY_gcs_rpc_server_reconnect_timeout_s", "5")  # Ray waits a minute for a head that comes back
        yield


@pytest.fixture(scope="module")
def cluster(token: None) -> Iterator[Cluster]:
    with closing(Cluster()) as started:
        yield started


@pytest.fixture
def course(tmp_path: Path) -> Catalogue:
    """A course of a lesson that draws random numbers, and stumbles at step 500."""
    body = 'import torch; time.sleep(0.02); show.line("loss", "b", torch.rand(1).item() + 0 / (500 - step))'
    write_lesson(tmp_path / "course", "trial", body)
    return Catalogue(tmp_path / "course")


def site(course: Catalogue, folder: Path, cluster: Cluster) -> TestClient:
    """Return a site whose runs go to the cluster."""
    settings = Settings(workers=1, grace=120, ray=cluster.address)
    return TestClient(create_app(course, folder / "runs", settings), base_url=BASE)


def watch(client: TestClient, run: str) -> tuple[Thread, list[dict[str, Any]]]:
    """Look at a run in the background; the list has all messages when the thread has ended."""
    told: list[dict[str, Any]] = []
    thread = Thread(target=lambda: told.extend(events(client, run)))
    thread.start()
    return thread, told


def recorded(folder: Path) -> int:
    return sum(file.read_bytes().count(b"\n") for file in (folder / "runs").glob("trial-*/events.jsonl"))


def test_a_node_lost_in_the_middle_changes_nothing_for_the_viewer(
    course: Catalogue, tmp_path: Path, cluster: Cluster
) -> None:
    with site(course, tmp_path, cluster) as client:
        thread, told = watch(client, start(client, {"n": 200, "seed": 5}, TRIAL))
        until(lambda: recorded(tmp_path) > 100)
        [lesson] = cluster.processes("seelearn.engine.worker")
        task = lesson.parent()
        assert task is not None
        assert "ray::run" in " ".join(task.cmdline())
        task.kill()
        thread.join()
    *seen, end = told
    assert end["data"]["status"] == "finished"
    assert [int(one["id"]) for one in seen] == list(range(len(seen)))
    here = record(course.lesson("trial"), {"n": 200, "seed": 5}, tmp_path / "here")
    [folder] = (tmp_path / "runs").iterdir()
    assert without_times(Recording.read(folder).events) == without_times(here.events)
    until(lambda: not cluster.processes("seelearn.engine.worker"))


def test_stop_ends_the_lesson_in_the_cluster(course: Catalogue, tmp_path: Path, cluster: Cluster) -> None:
    with site(course, tmp_path, cluster) as client:
        run = start(client, {"n": 400}, TRIAL)
        thread, told = watch(client, run)
        until(lambda: recorded(tmp_path) > 20)
        assert len(cluster.processes("seelearn.engine.worker")) == 1
        client.post(f"{run}/stop")
        thread.join()
        assert told[-1]["data"]["text"].startswith("Stopped")
        until(lambda: not cluster.processes("seelearn.engine.worker"))


def test_many_seeds_and_errors_are_told_as_here(course: Catalogue, tmp_path: Path, cluster: Cluster) -> None:
    with site(course, tmp_path, cluster) as client:
        *seen, end = events(client, start(client, {"n": 2, "seeds": 4}, TRIAL))
        assert end["data"]["status"] == "finished"
        kinds = [one["data"]["kind"] for one in seen]
        assert kinds.count("result") == 4
        assert "band" in kinds
        end = events(client, start(client, {"n": 600}, TRIAL))[-1]["data"]
        assert "ZeroDivisionError: division by zero (with_torch.py, line 9)" in end["text"]


def test_a_cluster_that_dies_takes_no_recorded_event_and_no_server_with_it(course: Catalogue, tmp_path: Path) -> None:
    with closing(Cluster()) as cluster, site(course, tmp_path, cluster) as client:
        thread, told = watch(client, start(client, {"n": 499}, TRIAL))
        until(lambda: recorded(tmp_path) > 50)
        for process in cluster.processes():
            if process.name() in {"raylet", "gcs_server"}:
                os.kill(process.pid, signal.SIGKILL)
        thread.join()
        *seen, end = told
        assert end["data"]["status"] == "failed"
        assert client.get("/en/").status_code == 200
        again = events(client, start(client, {"n": 3}, TRIAL))[-1]["data"]
        assert "no Ray cluster at" in again["text"]
    [folder] = (path for path in (tmp_path / "runs").iterdir() if len(Recording.read(path).events) > 50)
    assert len(Recording.read(folder).events) == len(seen)
