import io
import re

import pytest

from utils.dag.engines.console import Console
from utils.dag.run_record import Outcome


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_one_plain_line_for_each_end(tmp_path):
    stream = io.StringIO()
    console = Console(stream)
    console.begin(3)
    console.recalled("split")
    console.started("train", tmp_path / "train.log")
    console.done("train", Outcome(0, 12.34, 1, 100))
    console.failed("predict", "ended with exit code 2")
    console.end()
    lines = stream.getvalue().splitlines()
    assert [line[:7] for line in lines] == ["[  1/3]", "[  2/3]", "[  2/3]"]
    assert "cache" in lines[0] and "12.3 s" in lines[1] and "FAILED: ended with" in lines[2]
    assert "\x1b" not in stream.getvalue()
    assert console.interval is None


def test_a_terminal_shows_what_runs_and_the_last_line_of_its_log(tmp_path, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    console = Console(stream)
    console.begin(1)
    (tmp_path / "train.log").write_text(
        "--- start ---\nepoch 1\n2026-11-22 20:12:56,237 INFO epoch 2 loss 0.5\n"
    )
    console.started("train", tmp_path / "train.log")
    assert re.search(r"train \d+ s \(epoch 2 loss 0\.5\)", stream.getvalue())
    console.end()
    assert stream.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize(
    "environment", [{"TERM": "dumb"}, {"TERM": ""}, {"TERM": "xterm", "NO_COLOR": "1"}]
)
def test_a_terminal_that_takes_no_escape_codes_gets_none(tmp_path, monkeypatch, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = Terminal()
    console = Console(stream)
    console.begin(1)
    console.started("train", tmp_path / "train.log")
    console.tick()
    console.note("a note")
    console.end()
    assert stream.getvalue() == "[  0/1] a note\n"


def test_without_a_stream_nothing_is_said():
    console = Console()
    console.begin(1)
    console.recalled("split")
    console.end()


def test_before_the_jobs_are_counted_none_are_shown():
    stream = io.StringIO()
    Console(stream).note("submitted")
    assert stream.getvalue() == "submitted\n"


def test_a_stream_that_breaks_is_not_written_to_again():
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    console = Console(Broken())
    console.note("one")
    assert console.stream is None
    console.note("two")
