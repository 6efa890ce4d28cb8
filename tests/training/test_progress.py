import logging

from utils.training import progress as step_progress
from utils.training.progress import tell_progress


def test_the_steps_left_come_in_their_order():
    assert list(tell_progress([10, 11, 12, 13], 2, "epoch 1/1")) == [12, 13]


def test_a_log_gets_a_plain_line_now_and_then(monkeypatch, caplog):
    clock = iter(range(0, 1000, 20))  # 20 s pass between two looks at the clock
    monkeypatch.setattr(step_progress.time, "monotonic", lambda: next(clock))
    with caplog.at_level(logging.INFO):
        assert list(tell_progress("abcd", 0, "epoch 3/9")) == list("abcd")
    assert caplog.messages == ["epoch 3/9: 2 of 4 batches", "epoch 3/9: 4 of 4 batches"]


def test_a_terminal_gets_a_bar(monkeypatch, capsys, caplog):
    monkeypatch.setattr(step_progress.sys.stderr, "isatty", lambda: True)
    with caplog.at_level(logging.INFO):
        assert list(tell_progress("ab", 1, "epoch 3/9")) == ["b"]
    assert "epoch 3/9" in capsys.readouterr().err
    assert not caplog.messages
