"""The server as a process: it starts, serves and stops."""

import json
import signal
import subprocess
import threading
import urllib.request
from pathlib import Path

import pytest
from tests.conftest import SEELEARN, environment, free_port, write_lesson

from seelearn.engine.recording import Recording


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_server_tells_its_viewers_and_closes_its_recordings(tmp_path: Path, number: int) -> None:
    write_lesson(tmp_path / "course", "trial", "time.sleep(0.01)")
    port = free_port()
    process = subprocess.Popen(
        [*SEELEARN, "--lessons", "course", "serve", "--port", str(port)],
        cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    address = f"http://127.0.0.1:{port}"
    assert f"{address}/" in process.stdout.readline()
    data, headers = json.dumps({"n": 100000}).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/en/lessons/trial/runs", data, headers)
    with urllib.request.urlopen(request) as answer:
        run = json.load(answer)["run"]
    lines: list[bytes] = []
    going = threading.Event()

    def view() -> None:
        with urllib.request.urlopen(f"{address}{run}/events") as stream:
            for line in stream:
                lines.append(line)
                if len(lines) == 60:
                    going.set()

    viewer = threading.Thread(target=view)
    viewer.start()
    assert going.wait(30)
    process.send_signal(number)
    _, complaint = process.communicate(timeout=20)
    viewer.join(10)
    assert process.returncode == 0
    assert complaint == ""
    assert b'"status": "stopped"' in lines[-2] or b'"status":"stopped"' in lines[-2]
    (folder,) = (tmp_path / "runs").iterdir()
    recording = Recording.read(folder)
    assert (recording.end.status, recording.end.reason) == ("stopped", "the server was stopped")
    assert len(recording.events) == sum(line.startswith(b"id:") for line in lines)


def test_a_port_in_use_is_said_with_another_to_try(tmp_path: Path) -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        other.listen()
        result = subprocess.run(
            [*SEELEARN, "serve", "--port", str(port)],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    assert result.returncode == 2
    assert result.stderr.startswith(f"seelearn: port {port} cannot be used")
    assert f"try --port {port + 1}" in result.stderr
