"""A recording is readable whatever happened to its writer."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import job_of

from seelearn.engine.catalogue import Lesson
from seelearn.engine.recording import FORMAT, End, Recorder, Recording
from seelearn.errors import NotFoundError, UserError

LINE = b'{"kind":"line","chart":"loss","series":"a","y":1.0,"step":0,"t":0.0}\n'


def test_what_is_written_is_read(lesson: Lesson, tmp_path: Path) -> None:
    job = job_of(lesson, {"seed": 3})
    recorder = Recorder(tmp_path / "run", job)
    for _ in range(5):
        recorder.write(LINE)
    recorder.close(End("finished"))
    recording = Recording.read(tmp_path / "run")
    assert recording.events == [json.loads(LINE)] * 5
    assert recording.job == job
    assert recording.end == End("finished")
    assert recording.header["events"] == 5
    assert recording.header["versions"]["torch"]


def test_a_half_written_line_is_left_out(lesson: Lesson, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "run", job_of(lesson))
    recorder.write(LINE)
    with (tmp_path / "run" / "events.jsonl").open("ab") as file:
        file.write(LINE[:30])
    recording = Recording.read(tmp_path / "run")
    assert recording.events == [json.loads(LINE)]
    assert recording.end.status == "failed"
    assert "no end" in recording.end.reason
    recorder.close(End("stopped"))


def test_a_newer_format_is_refused(lesson: Lesson, tmp_path: Path) -> None:
    Recorder(tmp_path / "run", job_of(lesson)).close(End("finished"))
    header = tmp_path / "run" / "run.json"
    header.write_text(header.read_text().replace(f'"format": {FORMAT}', f'"format": {FORMAT + 1}'))
    with pytest.raises(UserError, match=f"has format {FORMAT + 1}.*reads up to {FORMAT}: pip install -U seelearn"):
        Recording.read(tmp_path / "run")


@pytest.mark.parametrize(
    ("text", "lacking"),
    [("[]", "axes, code, format"), ("{}", "axes, code, format"), ('{"format": 1, "seed": 3}', "code, framework")],
)
def test_a_damaged_header_names_what_it_lacks(tmp_path: Path, text: str, lacking: str) -> None:
    (tmp_path / "run.json").write_text(text)
    (tmp_path / "events.jsonl").write_bytes(LINE)
    with pytest.raises(UserError, match=rf"run\.json is damaged: it lacks {lacking}"):
        Recording.read(tmp_path)


def test_what_is_not_an_event_is_left_out(lesson: Lesson, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "run", job_of(lesson))
    for line in (b"[1]\n", b'{"kind":"line"}\n', b'{"kind":"dance","step":1,"t":0}\n', LINE):
        recorder.write(line)
    recorder.close(End("finished"))
    assert Recording.read(tmp_path / "run").events == [json.loads(LINE)]


def test_a_folder_without_a_recording(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no recording in .*run\.json"):
        Recording.read(tmp_path)


WRITER = """
import sys
from pathlib import Path
from tests.conftest import COURSE, job_of
from seelearn.engine.recording import Recorder
recorder = Recorder(Path(sys.argv[1]), job_of(COURSE.lesson("batch_normalization")))
while True:
    recorder.write({line!r})
    print("wrote", flush=True)
"""


def test_a_killed_writer_loses_no_event_it_had_announced(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER.format(line=LINE), str(tmp_path / "run")],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    for _ in range(100):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    announced = 100 + process.stdout.read().count(b"wrote")
    process.wait()
    process.stdout.close()
    assert len(Recording.read(tmp_path / "run").events) >= announced


FULL = """
import resource, sys
from pathlib import Path
from seelearn.engine.local import Engine
from seelearn.engine.catalogue import Lesson
from tests.conftest import job_of
lesson = Lesson("trial", Path(sys.argv[1]))
engine = Engine()
run = engine.start(job_of(lesson, {{"n": 100000}}), lesson.file("torch"), Path(sys.argv[2]))
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))  # for us, not for the worker that has started
for event in run:
    pass
print(run.end.reason)
"""


def test_a_full_disk_leaves_whole_events_and_the_reason(tmp_path: Path, trial) -> None:  # type: ignore[no-untyped-def]
    folder = trial("pass").folder
    limit = 20_000
    said = subprocess.run(
        [sys.executable, "-c", FULL.format(limit=limit), str(folder), str(tmp_path / "run")],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    ).stdout  # fmt: skip
    assert "could not be written: File too large" in said
    recording = Recording.read(tmp_path / "run")
    text = (tmp_path / "run" / "events.jsonl").read_bytes()
    assert text.endswith(b"}\n")
    assert limit - 200 < len(text) <= limit
    assert len(recording.events) == text.count(b"\n") == recording.header["events"]
    assert recording.end.status == "failed"
    assert "File too large" in recording.end.reason
