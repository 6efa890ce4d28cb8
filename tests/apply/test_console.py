"""Lines go where they are read, the bar only onto a terminal, and a closed pipe ends nothing."""

import io
import subprocess
import sys
from pathlib import Path

from utils.apply.console import Console

PROJECT = Path(__file__).resolve().parents[2]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_lines_are_told_and_the_bar_moves_on_a_terminal():
    lines, bar = Terminal(), Terminal()
    with Console(lines, bar, 2) as console:
        console.step("a.jpg: one")
        console.step("b.jpg: two")
    assert lines.getvalue() == "a.jpg: one\nb.jpg: two\n"
    assert "photographs" in bar.getvalue()


def test_no_bar_is_written_to_a_file():
    lines, bar = io.StringIO(), io.StringIO()
    with Console(lines, bar, 1) as console:
        console.step("a.jpg: one")
    assert (lines.getvalue(), bar.getvalue()) == ("a.jpg: one\n", "")


def test_quiet_tells_the_answer_alone():
    lines, bar = Terminal(), Terminal()
    with Console(lines, bar, 1, quiet=True) as console:
        console.step("a.jpg: one")
        console.answer("Answer")
    assert (lines.getvalue(), bar.getvalue()) == ("Answer\n", "")


def test_a_pipe_that_nobody_reads_any_more_ends_nothing():
    script = (
        "import sys\n"
        "from utils.apply.console import Console\n"
        "console = Console(sys.stdout, sys.stderr, 9)\n"
        "for number in range(20_000): console.step(f'{number}: a line')\n"
        "console.answer('all')\n"
        "sys.exit(7)\n"
    )
    call = [sys.executable, "-c", script]
    with subprocess.Popen(call, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout.readline() == b"0: a line\n"
        run.stdout.close()
        said = run.stderr.read()
    assert (run.returncode, said) == (7, b"")
