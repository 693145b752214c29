"""A class before one small machine: the queue, whose run it is, who still watches, and what is kept."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi.testclient import TestClient
from tests.conftest import SEELEARN, environment, free_port, write_lesson
from tests.site.conftest import BASE, events, start
from tests.site.test_runs import TRIAL, in_a_thread, wait_for

from seelearn.engine.catalogue import Catalogue
from seelearn.engine.isolation import cut_network
from seelearn.engine.job import make_job
from seelearn.engine.recording import CUT_OFF, Recording, read_header
from seelearn.site import live, runs, shelf
from seelearn.site.app import create_app
from seelearn.site.settings import Settings
from seelearn.site.shelf import Shelf


@contextmanager
def serving(place: Path, **settings: Any) -> Iterator[str]:
    """Serve the lesson `trial` below `place` on a real port; give the address."""
    app = create_app(Catalogue(place / "course"), place / "runs", Settings(**settings))
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(30)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a course whose lesson takes 10 ms a step."""
    write_lesson(tmp_path / "course", "trial", "time.sleep(0.01)")
    return tmp_path


def post(address: str, given: dict[str, Any], cookie: str = "") -> str:
    headers = {"Content-Type": "application/json", "Cookie": cookie}
    request = urllib.request.Request(f"{address}{TRIAL}/runs", json.dumps(given).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)["run"])


def watch(url: str, cookie: str = "") -> HTTPResponse:
    """Open the stream of a run's events."""
    stream: HTTPResponse = urllib.request.urlopen(urllib.request.Request(f"{url}/events", headers={"Cookie": cookie}))
    return stream


def read(stream: HTTPResponse, number: int) -> None:
    """Wait for so many events."""
    while number:
        line = stream.readline()
        assert line, "the stream has ended"
        number -= line.startswith(b"id:")


def ended(folder: Path) -> Recording:
    """Wait for the only recording there to be closed."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = list(folder.glob("trial-*/run.json"))
        if found and read_header(found[0].parent)["status"] != "running":
            return Recording.read(found[0].parent)
        time.sleep(0.05)
    raise AssertionError("the run goes on")


@pytest.mark.parametrize(("language", "words"), [("en", "2 before yours"), ("zh", "前面还有 2 个实验")])
def test_who_waits_is_told_the_place_in_the_queue(slow: TestClient, tmp_path: Path, language: str, words: str) -> None:
    lesson = f"/{language}/lessons/trial"
    busy = [start(slow, {"n": 100_000, "seed": seed}, lesson) for seed in range(4)]
    last = start(slow, {"n": 3, "seed": 9}, lesson)
    thread, found = in_a_thread(slow, last)
    wait_for(tmp_path / "runs", 3)
    for run in busy:
        slow.post(f"{run}/stop")
    thread.join(60)
    turns = [message for message in found[0] if message.get("event") == "turn"]
    assert [turn["data"]["position"] for turn in turns] == [3, 2, 1] or turns[0]["data"]["position"] == 3  # type: ignore[index]
    assert words in turns[0]["data"]["text"]  # type: ignore[index]
    assert all("id" not in turn for turn in turns), "it is no event of the run"
    rest = [message for message in found[0] if message.get("event") != "turn"]
    assert [int(message["id"]) for message in rest[:-1]] == list(range(len(rest) - 1))  # type: ignore[call-overload]
    assert rest[-1]["data"]["status"] == "finished"  # type: ignore[index]


def test_a_visitor_has_one_run_at_a_time(slow: TestClient, tmp_path: Path) -> None:
    first = start(slow, {"n": 100_000}, TRIAL)
    wait_for(tmp_path / "runs", 3)
    again = slow.post(f"{TRIAL}/runs", json={"n": 5})  # with the cookie that the first answer has brought
    assert events(slow, first)[-1]["data"]["text"] == "You have started another run, so this one was stopped."
    assert events(slow, again.json()["run"])[-1]["data"]["status"] == "finished"


def test_a_run_that_others_watch_goes_on_without_who_started_it(place: Path) -> None:
    with serving(place, workers=2, grace=60) as address:
        mine, other = "visitor=me-0123456789abcdef", "visitor=you-0123456789abcdef"
        run = post(address, {"n": 100_000}, mine)
        with watch(address + run, other) as stream:
            read(stream, 5)
            post(address, {"n": 3}, mine)
            read(stream, 50)
            urllib.request.urlopen(urllib.request.Request(f"{address}{run}/stop", b"")).close()


def test_the_cookie_says_nothing_and_goes_nowhere_else(slow: TestClient) -> None:
    slow.cookies.clear()
    header = slow.post(f"{TRIAL}/runs", json={"n": 3}).headers["set-cookie"]
    assert "HttpOnly" in header
    assert "samesite=strict" in header.lower()
    slow.cookies.clear()
    assert slow.post(f"{TRIAL}/runs", json={"n": 3}).headers["set-cookie"] != header


def test_a_run_stops_when_its_last_viewer_has_gone(place: Path) -> None:
    with serving(place, workers=1, grace=1.0) as address:
        run = post(address, {"n": 100_000})
        with watch(address + run) as stream, watch(address + run) as other:
            read(stream, 5)
            read(other, 5)
        recording = ended(place / "runs")
    assert (recording.end.status, recording.end.reason) == ("stopped", runs.LEFT)


def test_a_viewer_who_comes_back_in_time_keeps_the_run_going(place: Path) -> None:
    with serving(place, workers=1, grace=3.0) as address:
        run = post(address, {"n": 100_000})
        with watch(address + run) as stream:
            read(stream, 5)
        time.sleep(0.5)
        with watch(address + run) as stream:
            time.sleep(4)
            read(stream, 200)
        assert ended(place / "runs").end.reason == runs.LEFT


def test_too_long_a_queue_asks_to_come_back(slow: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "WAITING", 1)
    for seed in range(3):
        start(slow, {"n": 100_000, "seed": seed}, TRIAL)
    answer = slow.post(f"{TRIAL}/runs", json={"n": 100_000, "seed": 7})
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json()["error"].startswith("Too many runs are waiting.")


def test_a_full_disk_refuses_new_runs_and_shows_old_ones(slow: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    run = start(slow, {"n": 3}, TRIAL)
    first = events(slow, run)
    monkeypatch.setattr(shelf, "SPARE", 2**60)
    answer = slow.post("/zh/lessons/trial/runs", json={"n": 4})
    assert answer.status_code == 503
    assert "硬盘快满了" in answer.json()["error"]
    assert start(slow, {"n": 3}, TRIAL) == run
    assert events(slow, run) == first


def test_who_comes_late_reads_the_recording(slow: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "TAIL", 4)
    monkeypatch.setattr(live, "PART", 200)
    run = start(slow, {"n": 40}, TRIAL)
    whole = events(slow, run)
    assert len(whole) == 2 * 41 + 1 + 1
    assert [int(message["id"]) for message in whole[:-1]] == list(range(83))
    assert events(slow, run) == whole
    assert events(slow, run, after=30) == whole[31:]


def test_the_oldest_recordings_go_first_and_only_ours(place: Path) -> None:
    lesson = Catalogue(place / "course").lesson("trial")
    kept = Shelf(place / "runs", keep=2500)
    folders = []
    for seed in range(4):
        folder = kept.place(make_job(lesson, "torch", {"seed": seed}))
        folder.mkdir(parents=True)
        (folder / "events.jsonl").write_bytes(b"x" * 1000)
        os.utime(folder / "events.jsonl", (seed, seed))
        folders.append(folder)
    mine = place / "runs" / "trial-1"  # as `seelearn run` names it
    shutil.copytree(folders[0], mine)
    kept.tidy(needed={folders[0]})
    assert [folder.exists() for folder in folders] == [True, False, False, True]
    assert mine.exists()


def test_a_recording_that_was_deleted_is_run_again(slow: TestClient, tmp_path: Path) -> None:
    run = start(slow, {"n": 3}, TRIAL)
    events(slow, run)
    (folder,) = (tmp_path / "runs").glob("trial-*")
    shutil.rmtree(folder)
    assert start(slow, {"n": 3}, TRIAL) == run
    assert events(slow, run)[-1]["data"]["status"] == "finished"


def test_a_killed_server_leaves_a_recording_and_the_next_one_runs_it_again(place: Path) -> None:
    def begin() -> tuple[subprocess.Popen[str], str]:
        port = free_port()
        command = [*SEELEARN, "--lessons", "course", "serve", "--port", str(port)]
        process = subprocess.Popen(command, cwd=place, env=environment(), stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        return process, f"http://127.0.0.1:{port}"

    process, address = begin()
    run = post(address, {"n": 300})
    with watch(address + run) as stream:
        read(stream, 20)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)
    (folder,) = (place / "runs").glob("trial-*")
    left = Recording.read(folder)
    assert left.end.reason == CUT_OFF
    assert len(left.events) >= 20
    process, address = begin()
    assert post(address, {"n": 300}) == run
    with watch(address + run) as stream:
        assert b'"finished"' in stream.read()
    process.terminate()
    process.communicate(timeout=20)


def test_a_lesson_has_no_network(tmp_path: Path) -> None:
    import multiprocessing

    with multiprocessing.get_context("spawn").Pool(1) as pool:
        if pool.apply(cut_network):
            pytest.skip("this machine does not allow it, as `seelearn doctor` says")
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        body = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
        write_lesson(tmp_path / "course", "trial", body)
        with TestClient(create_app(Catalogue(tmp_path / "course"), tmp_path / "runs"), base_url=BASE) as client:
            end = events(client, start(client, {"n": 1}, TRIAL))[-1]["data"]
    assert end["status"] == "failed"
    assert "OSError" in end["text"] or "Network is unreachable" in end["text"]


def test_a_server_that_is_closed_waits_for_its_recordings(place: Path) -> None:
    app = create_app(Catalogue(place / "course"), place / "runs", Settings(workers=1, grace=60))

    async def go() -> None:
        lesson = Catalogue(place / "course").lesson("trial")
        run = app.state.runs.start(make_job(lesson, "torch", {"n": 100_000}), lesson.file("torch"), "")
        while run.count < 5:
            await asyncio.sleep(0.05)
        await app.state.runs.close()

    asyncio.run(go())
    assert Recording.read(next((place / "runs").glob("trial-*"))).end.reason == runs.CLOSED
