"""Live runs: every viewer is sent every event, in order, whatever happens to the worker."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from tests.conftest import busy_worker
from tests.site.conftest import events, start

from seelearn.engine.recording import Recording

TRIAL = "/en/lessons/trial"


def test_a_run_reaches_its_viewer_whole_and_in_order(client: TestClient, runs: Path) -> None:
    run = start(client, {"epochs": 2, "seed": 3})
    messages = events(client, run)
    *body, end = messages
    assert [int(message["id"]) for message in body] == list(range(len(body)))
    (folder,) = runs.glob(f"*{run.rsplit('/')[-1]}")
    recording = Recording.read(folder)
    assert [{k: v for k, v in m["data"].items() if k != "text"} for m in body] == recording.events
    assert end["event"] == "end"
    assert end["data"] == {"status": "finished", "text": "Finished.", "sentences": []}


def test_the_conclusion_is_in_the_language_of_the_page(client: TestClient) -> None:
    run = start(client, {"epochs": 2, "seed": 3}, "/zh/lessons/batch_normalization")
    note = next(m["data"] for m in events(client, run) if m["data"].get("kind") == "note")
    assert note["text"].startswith("这一次，测试误差：")


def test_a_viewer_who_comes_back_misses_nothing_and_gets_nothing_twice(client: TestClient) -> None:
    run = start(client, {"epochs": 2, "seed": 3})
    whole = events(client, run)
    assert events(client, run, after=9) == whole[10:]


def test_the_same_job_is_the_same_run(client: TestClient) -> None:
    assert start(client, {"epochs": 2, "seed": 3}) == start(client, {"seed": "3", "epochs": "2", "lr": 0.03})
    other = start(client, {"epochs": 2, "seed": 4})
    assert start(client, {"epochs": 2, "seed": 3}) != other
    events(client, other)  # to its end: the next test counts recordings


def test_a_value_that_is_not_allowed_starts_nothing(client: TestClient, runs: Path) -> None:
    before = set(runs.iterdir())
    answer = client.post("/zh/lessons/batch_normalization/runs", json={"epochs": 51})
    assert answer.status_code == 400
    assert answer.json()["error"] == "「训练轮数」现在是「51」，但只能取 1 到 50 之间的整数。可以试试 50。"
    assert client.post("/en/lessons/batch_normalization/runs", json=["no"]).status_code == 422
    assert set(runs.iterdir()) == before


def test_a_finished_run_can_be_taken_home(client: TestClient) -> None:
    run = start(client, {"epochs": 2, "seed": 3})
    events(client, run)
    answer = client.get(f"{run}/report")
    assert "attachment" in answer.headers["content-disposition"]
    assert "seelearn run batch_normalization" in answer.text


def in_a_thread(client: TestClient, run: str) -> tuple[threading.Thread, list[list[dict[str, object]]]]:
    found: list[list[dict[str, object]]] = []
    thread = threading.Thread(target=lambda: found.append(events(client, run)))
    thread.start()
    return thread, found


def steps(recordings: Path) -> int:
    """Return how many events the one recording there has by now."""
    files = list(recordings.glob("trial-*/events.jsonl"))
    return files[0].read_bytes().count(b"\n") if files else 0


def wait_for(recordings: Path, number: int) -> None:
    deadline = time.monotonic() + 30
    while steps(recordings) < number:
        assert time.monotonic() < deadline, "the run did not get going"
        time.sleep(0.02)


def test_stop_ends_the_run_for_every_viewer(slow: TestClient, tmp_path: Path) -> None:
    run = start(slow, {"n": 100000}, TRIAL)
    viewers = [in_a_thread(slow, run) for _ in range(3)]
    wait_for(tmp_path / "runs", 20)
    assert slow.post(f"{run}/stop").status_code == 200
    for thread, found in viewers:
        thread.join(10)
        assert found[0][-1]["data"]["status"] == "stopped"  # type: ignore[index]
    streams = [found[0] for _, found in viewers]
    assert streams[0] == streams[1] == streams[2]
    (folder,) = (tmp_path / "runs").iterdir()
    recording = Recording.read(folder)
    assert recording.end.status == "stopped"
    assert len(streams[0]) == len(recording.events) + 1


def test_a_killed_worker_is_said_and_the_server_lives(slow: TestClient, tmp_path: Path) -> None:
    run = start(slow, {"n": 100000}, TRIAL)
    thread, found = in_a_thread(slow, run)
    wait_for(tmp_path / "runs", 20)
    os.kill(busy_worker(os.getpid()), signal.SIGKILL)
    thread.join(10)
    end = found[0][-1]["data"]
    assert end["status"] == "failed"  # type: ignore[index]
    assert "its worker was killed by SIGKILL" in end["text"]  # type: ignore[index]
    assert len(found[0]) - 1 >= 20
    assert slow.get("/en/").status_code == 200
    again = start(slow, {"n": 5}, TRIAL)
    assert events(slow, again)[-1]["data"]["status"] == "finished"


def test_a_failed_run_is_run_again_and_its_recording_kept(slow: TestClient, tmp_path: Path) -> None:
    run = start(slow, {"n": 300}, TRIAL)
    wait_for(tmp_path / "runs", 5)
    slow.post(f"{run}/stop")
    events(slow, run)
    assert start(slow, {"n": 300}, TRIAL) == run
    assert events(slow, run)[-1]["data"]["status"] == "finished"
    states = sorted(Recording.read(folder).end.status for folder in (tmp_path / "runs").iterdir())
    assert states == ["finished", "stopped"]


def test_a_new_server_replays_what_an_old_one_recorded(tmp_path: Path, slow: TestClient) -> None:
    from seelearn.engine.catalogue import Catalogue
    from seelearn.site.app import create_app

    run = start(slow, {"n": 20}, TRIAL)
    first = events(slow, run)
    app = create_app(Catalogue(tmp_path / "course"), tmp_path / "runs")
    with TestClient(app, base_url="http://127.0.0.1") as other:
        assert start(other, {"n": 20}, TRIAL) == run
        assert events(other, run) == first  # with the very same times: nothing was computed again
    assert len(list((tmp_path / "runs").iterdir())) == 1


def test_a_run_that_waits_can_be_stopped(slow: TestClient) -> None:
    busy = [start(slow, {"n": 100000, "seed": seed}, TRIAL) for seed in range(2)]
    waiting = start(slow, {"n": 100000, "seed": 9}, TRIAL)
    slow.post(f"{waiting}/stop")
    assert events(slow, waiting)[-1]["data"]["status"] == "stopped"  # while the others still run
    for run in busy:
        slow.post(f"{run}/stop")
        assert events(slow, run)[-1]["data"]["status"] == "stopped"


def test_more_runs_than_workers_wait_their_turn(slow: TestClient) -> None:
    started = [start(slow, {"n": 30, "seed": seed}, TRIAL) for seed in range(4)]
    for run in started:
        assert events(slow, run)[-1]["data"]["status"] == "finished"


@pytest.mark.parametrize("path", ["/en/runs/nothing/stop"])
def test_stopping_what_is_not_there(client: TestClient, path: str) -> None:
    assert client.post(path).status_code == 404
