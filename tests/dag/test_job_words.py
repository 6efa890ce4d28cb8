"""The error of a job is found in its log, whatever wrote it."""

import pytest

from utils.dag.job_words import last_error, own_error, said

AT = "2026-11-27 08:00:00,123"


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ([], ""),
        (["no luck"], ""),
        ([f"{AT} ERROR a.xml: no box", f"{AT} INFO bye"], "a.xml: no box"),
        ([f"{AT} ERROR one", f"{AT} ERROR two"], "two"),
        ([f"{AT} WARNING one"], ""),
        (
            [
                f"{AT} ERROR the job failed",
                "Traceback (most recent call last):",
                '  File "job.py", line 1, in <module>',
                "    raise ValueError('no luck')",
                "ValueError: no luck",
            ],
            "ValueError: no luck",
        ),
        (
            [
                f"{AT} ERROR the job failed",
                "Traceback (most recent call last):",
                "OSError: [Errno 28] No space left on device",
                f"{AT} ERROR /x: the disk is full: free some space",
            ],
            "/x: the disk is full: free some space",
        ),
        (
            ["usage: job.py [-h]", "job.py: error: unrecognized arguments: --x"],
            "unrecognized arguments: --x",
        ),
        ([f"{AT} ERROR of an earlier try", "--- 2026-11-27 08:00:00 job ---", "Killed"], ""),
    ],
)
def test_the_last_error_is_the_jobs_own(lines, error):
    assert last_error(lines) == error


def test_an_error_is_one_printable_line_of_bounded_length(tmp_path):
    (tmp_path / "log").write_text(f"{AT} ERROR {'x' * 9000}\x1b[2J\n")
    assert own_error(tmp_path / "log") == "x" * 500 + "..."
    (tmp_path / "log").write_text(f"{AT} ERROR \x1b[2J\n")
    assert "\x1b" not in own_error(tmp_path / "log")
    assert own_error(tmp_path / "none") == ""


def test_a_line_is_told_without_its_time_and_level():
    assert said(f"{AT} INFO epoch 1: loss 0.5") == "epoch 1: loss 0.5"
    assert said("epoch 1") == "epoch 1"
