"""Handlers are put back as they were, and what must not be cut in two is whole."""

import os
import signal
import threading

import pytest

from utils.signals import handled, undisturbed


@pytest.fixture(autouse=True)
def _interrupts():
    with handled({signal.SIGINT: signal.default_int_handler}):
        yield


def test_each_handler_is_put_back_though_an_interruption_comes_between(monkeypatch):
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before, changed, change = [*map(signal.getsignal, numbers)], [], signal.signal

    def interrupted(number: int, handler: object) -> None:
        change(number, handler)
        changed.append(number)
        if len(changed) == len(numbers) + 1:  # the first that is put back
            raise KeyboardInterrupt

    monkeypatch.setattr(signal, "signal", interrupted)
    with pytest.raises(KeyboardInterrupt), handled(dict.fromkeys(numbers, lambda *_: None)):
        assert [*map(signal.getsignal, numbers)] != before
    assert len(changed) == 2 * len(numbers)
    assert [*map(signal.getsignal, numbers)] == before


def test_a_handler_is_put_back_though_the_next_could_not_be_set():
    before = signal.getsignal(signal.SIGTERM)
    handler = {signal.SIGTERM: lambda *_: None, signal.SIGKILL: lambda *_: None}
    with pytest.raises(OSError), handled(handler):
        pass
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_interruption_waits_until_it_is_over():
    done = []
    with pytest.raises(KeyboardInterrupt), undisturbed():
        os.kill(os.getpid(), signal.SIGINT)
        done.append("whole")
    assert done == ["whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_it_does_nothing_in_a_thread_that_no_signal_interrupts():
    done, before = [], signal.getsignal(signal.SIGINT)

    def work() -> None:
        with undisturbed():
            assert signal.getsignal(signal.SIGINT) is before
            done.append("whole")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == ["whole"]
