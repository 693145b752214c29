"""The command line as its user types it."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from seelearn.engine.catalogue import Lesson
from seelearn.engine.contents import read_contents
from seelearn.engine.recording import Recording
from tests.conftest import COURSE, SEELEARN, environment


def seelearn(*words: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SEELEARN, *words],
        cwd=cwd,
        env=environment(**more),
        capture_output=True,
        text=True,
        check=False,
    )


def test_list_names_the_lessons_in_both_languages(tmp_path: Path) -> None:
    said = seelearn("list", cwd=tmp_path).stdout
    assert "batch_normalization" in said
    assert "批标准化 · Batch normalization (torch)" in said
    courses = read_contents(COURSE)
    for course in courses:
        assert re.search(rf"^{course.slug} +{len(course.written)} of +{len(course.rows)}  ", said, re.M)
    assert re.search(rf"^all +{sum(len(course.written) for course in courses)} of 129 rows written$", said, re.M)
    found = json.loads(seelearn("list", "--json", cwd=tmp_path).stdout)
    titles = {lesson["name"]: lesson["title"]["zh"] for lesson in found["lessons"]}
    assert titles["batch_normalization"] == "批标准化"
    assert set(titles) == {lesson.name for lesson in COURSE.lessons}
    assert [row["written"] for row in found["courses"][3]["rows"]] == [row.written for row in courses[3].rows]


def test_notebook_writes_one_file_and_keeps_what_is_there(tmp_path: Path) -> None:
    done = seelearn("notebook", "batch_normalization", "--lang", "zh", cwd=tmp_path)
    assert done.stdout == "batch_normalization-torch.ipynb\n"
    written = json.loads((tmp_path / "batch_normalization-torch.ipynb").read_text(encoding="utf-8"))
    assert written["cells"][0]["source"][0] == "# 批标准化\n"
    again = seelearn("notebook", "batch_normalization", cwd=tmp_path)
    assert again.returncode == 2
    assert "batch_normalization-torch.ipynb exists already: give --out a file that does not" in again.stderr


def test_list_and_help_import_no_framework_and_nothing_that_draws(tmp_path: Path) -> None:
    for words in (["list"], ["--help"], ["run", "batch_normalization", "--help"]):
        code = (
            "import sys, atexit, seelearn.cli as c\n"
            "heavy = {'numpy', 'torch', 'tensorflow', 'keras', 'jax', 'sklearn', 'altair', 'vl_convert', 'fastapi', 'rich'}\n"
            "atexit.register(lambda: print('HEAVY', sorted(heavy & set(sys.modules))))\n"
            f"sys.exit(c.main({words!r}))"
        )
        said = subprocess.run(
            [*SEELEARN[:1], "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
        ).stdout
        assert said.endswith("HEAVY []\n")


def test_help_of_a_lesson_shows_its_parameters(tmp_path: Path) -> None:
    said = seelearn("run", "batch_normalization", "--help", cwd=tmp_path).stdout
    assert "--bias VALUE" in said
    assert "a number from -1 to 1 (default: -0.2)" in said
    assert "偏置" in seelearn("run", "batch_normalization", "--help", cwd=tmp_path, LC_ALL="zh_CN.UTF-8").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "batch_normalization", "--lr", "3"], "lr is '3', but must be a number from 0.0001 to 1: try lr = 1"),
        (["run", "batch_normalization", "--actvation", "relu"], "no option '--actvation': did you mean --activation?"),
        (["run", "batch_normalisation"], "no lesson 'batch_normalisation': did you mean batch_normalization?"),
        (["run", "batch_normalization", "--framework", "keras"], "batch_normalization is not written in 'keras': allowed is torch"),
        (["run", "batch_normalization", "--out", "."], ". exists already: give --out a folder that does not"),
        (["report", "nowhere"], "no recording in nowhere: give a folder that holds run.json and events.jsonl"),
        (["--lessons", "nowhere", "list"], "no folder of lessons at nowhere: give one with --lessons DIR"),
        (["serve", "--port", "99999"], "port is '99999', but must be a whole number from 1 to 65535: try 8000"),
        (["serve", "--url", "course.example"], "url is 'course.example', but must be a whole address: try https://"),
        (["notebook", "batch_normalization", "--out", "no/such.ipynb"], "cannot write no/such.ipynb: No such file or directory: try --out"),
        (["rnu"], "argument COMMAND: invalid choice: 'rnu'"),
        ([], "the following arguments are required: COMMAND"),
    ],
)  # fmt: skip
def test_a_mistake_is_answered_in_one_line_and_nothing_is_written(
    tmp_path: Path, words: list[str], message: str
) -> None:
    result = seelearn(*words, cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith(f"seelearn: {message}")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """One whole run, in Chinese."""
    place = tmp_path_factory.mktemp("cli")
    words = [
        "run",
        "batch_normalization",
        "--epochs",
        "3",
        "--activation=relu",
        "--bias",
        "-0.2",
        "--seed",
        "7",
    ]
    return place, seelearn(*words, cwd=place, LC_ALL="zh_CN.UTF-8")


def test_a_run_reports_its_progress_in_plain_lines(
    ran: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    lines = ran[1].stdout.splitlines()
    assert ran[1].returncode == 0, ran[1].stderr
    assert [line.split("  ")[0] for line in lines[:4]] == [f"轮次 {n}/3" for n in range(4)]
    assert "测试误差[不用 BN]" in lines[0]


def test_a_run_ends_with_its_conclusion_and_its_files(
    ran: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    place, result = ran
    recording = Recording.read(place / "runs" / "batch_normalization-1")
    last = {e["series"]: e["y"] for e in recording.events if e["kind"] == "line"}
    assert f"不用 BN 是 {last['plain']:.4g}，用 BN 是 {last['batch norm']:.4g}" in result.stdout
    files = [line.strip() for line in result.stdout.splitlines() if line.startswith("  runs/")]
    assert {Path(file).name for file in files} >= {
        "run.json",
        "events.jsonl",
        "report.html",
        "layers.png",
        "loss.png",
    }
    for file in files:
        assert (place / file).stat().st_size > 0
        if file.endswith(".png"):
            with Image.open(place / file) as picture:
                assert min(picture.size) > 300
                colours = picture.convert("RGB").getcolors(2**24)
                assert colours is not None
                assert len(colours) > 20


def test_a_report_can_be_drawn_again_in_the_other_language(
    ran: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    place, _ = ran
    folder = place / "runs" / "batch_normalization-1"
    (folder / "report.html").unlink()
    result = seelearn("report", str(folder), "--lang", "en", cwd=place)
    assert result.returncode == 0
    assert "In this run the test loss is" in result.stdout
    assert "Batch normalization" in (folder / "report.html").read_text(encoding="utf-8")


def test_json_is_all_that_is_printed(tmp_path: Path) -> None:
    result = seelearn("run", "batch_normalization", "--epochs", "1", "--json", "--out", "here", cwd=tmp_path)
    said = json.loads(result.stdout)
    assert (said["status"], said["parameters"]["epochs"], said["seed"]) == ("finished", 1, 0)
    assert set(said["last"]["loss"]) == {"plain", "batch norm"}
    assert all((tmp_path / file).exists() for file in said["files"])


def slow_run(lesson: Lesson, tmp_path: Path) -> subprocess.Popen[str]:
    command = [
        *SEELEARN,
        "--lessons",
        str(lesson.folder.parent),
        "run",
        "trial",
        "--n",
        "100000",
        "--out",
        "here",
    ]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    file = tmp_path / "here" / "events.jsonl"
    deadline = time.monotonic() + 30
    while not file.exists() or file.read_bytes().count(b"\n") < 20:
        assert time.monotonic() < deadline, "the run did not get going"
        time.sleep(0.02)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_a_readable_recording(trial: Callable[[str], Lesson], tmp_path: Path, number: int) -> None:
    process = slow_run(trial("time.sleep(0.01)"), tmp_path)
    os.killpg(process.pid, number)  # as a terminal does: to us and to all that we started
    said, complaint = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Stopped." in complaint
    assert "Traceback" not in complaint
    assert "here/events.jsonl" in said
    recording = Recording.read(tmp_path / "here")
    assert recording.end.status == "stopped"
    assert len(recording.events) >= 20
    assert recording.header["events"] == len(recording.events)


def test_a_killed_command_leaves_a_readable_recording(trial: Callable[[str], Lesson], tmp_path: Path) -> None:
    process = slow_run(trial("time.sleep(0.01)"), tmp_path)
    process.kill()
    process.communicate()
    recording = Recording.read(tmp_path / "here")
    assert len(recording.events) >= 20
    assert recording.end.status == "failed"
    assert "no end" in recording.end.reason
    report = seelearn("--lessons", str(tmp_path / "course"), "report", "here", cwd=tmp_path)
    assert report.returncode == 0
    assert "This run did not finish" in report.stderr


def test_an_interrupt_before_the_first_event_leaves_no_running_recording(
    trial: Callable[[str], Lesson], tmp_path: Path
) -> None:
    lesson = trial("time.sleep(0.01)")
    command = [*SEELEARN, "--lessons", str(lesson.folder.parent), "run", "trial", "--out", "here"]
    for delay in (0.4, 0.8, 1.3):
        process = subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True)
        time.sleep(delay)
        process.send_signal(signal.SIGTERM)
        _, complaint = process.communicate(timeout=20)
        assert "Traceback" not in complaint
        if (tmp_path / "here").exists():
            assert Recording.read(tmp_path / "here").header["status"] == "stopped"
            shutil.rmtree(tmp_path / "here")


def test_a_lesson_that_fails_at_once_is_said_in_words(trial: Callable[[str], Lesson], tmp_path: Path) -> None:
    lesson = trial("pass")
    file = lesson.file("torch")
    file.write_text(file.read_text().replace("    for step", "    1 / 0\n    for step"))
    result = seelearn("--lessons", "course", "run", "trial", "--out", "here", cwd=tmp_path)
    assert result.returncode == 1
    assert "This run did not finish: ZeroDivisionError: division by zero (with_torch.py, line 7)." in result.stderr
    assert "vegalite" not in result.stderr
    assert (tmp_path / "here" / "report.html").exists()


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("lesson.toml", "[[[", "lesson.toml: "),
        ("lesson.toml", "", "lesson.toml: it lacks charts, notes, parameters, series, steps, summary, title"),
        ("with_torch.py", "def run(:", "with_torch.py:1: invalid syntax"),
        ("with_torch.py", "a = 3", "with_torch.py: no function named run"),
        ("with_torch.py", "def run(show, n: Annotated[int, Range(1, N)] = 3): ...", "n needs plain numbers or words"),
    ],
)
def test_a_broken_lesson_names_its_file(
    trial: Callable[[str], Lesson], tmp_path: Path, file: str, text: str, message: str
) -> None:
    (trial("pass").folder / file).write_text(text)
    result = seelearn("--lessons", "course", "run", "trial", cwd=tmp_path)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_a_lesson_that_fails_is_exit_code_1_and_is_drawn_as_far_as_it_went(
    trial: Callable[[str], Lesson], tmp_path: Path
) -> None:
    lesson = trial("1 / (3 - step)")
    result = seelearn(
        "--lessons",
        str(lesson.folder.parent),
        "run",
        "trial",
        "--n",
        "9",
        "--out",
        "here",
        cwd=tmp_path,
    )
    assert result.returncode == 1
    assert "ZeroDivisionError: division by zero (with_torch.py, line 9)" in result.stderr
    assert (tmp_path / "here" / "report.html").exists()


def test_on_a_screen_the_table_is_drawn_live(trial: Callable[[str], Lesson], tmp_path: Path) -> None:
    lesson = trial("time.sleep(0.01)")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*SEELEARN, "--lessons", str(lesson.folder.parent), "run", "trial", "--n", "60", "--out", "here"],
        cwd=tmp_path, env=environment(TERM="xterm"), stdout=theirs, stderr=theirs, close_fds=True,
    )  # fmt: skip
    os.close(theirs)
    said = b""
    while True:
        try:
            said += os.read(ours, 65536)
        except OSError:
            break
    os.close(ours)
    assert process.wait() == 0
    text = said.decode()
    assert "60/60" in text
    assert "▁" in text  # the loss falls: the last bar is the lowest
    assert "It ended at 0.0164." in text


def test_a_lesson_file_can_be_run_by_itself(lesson: Lesson, tmp_path: Path) -> None:
    result = subprocess.run(
        [SEELEARN[0], str(lesson.file("torch")), "--epochs", "1", "--out", "here"],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert Recording.read(tmp_path / "here").header["parameters"]["epochs"] == 1


def test_doctor_names_what_is_missing_and_what_mends_it(tmp_path: Path) -> None:
    assert seelearn("doctor", cwd=tmp_path).returncode == 0
    code = (
        "from importlib import metadata as m\n"
        "real = m.version\n"
        "def version(name):\n"
        "    if name == 'torch': raise m.PackageNotFoundError(name)\n"
        "    return real(name)\n"
        "m.version = version\n"
        "import sys; from seelearn.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    python = [SEELEARN[0], "-c", code]
    result = subprocess.run([*python, "doctor"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert result.returncode == 1
    assert "missing  torch" in result.stdout
    assert "pip install 'seelearn[torch]'" in result.stdout
    result = subprocess.run(
        [*python, "run", "batch_normalization"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert result.returncode == 2
    assert "needs PyTorch, which is not installed: pip install 'seelearn[torch]'" in result.stderr
    assert list(tmp_path.iterdir()) == []
