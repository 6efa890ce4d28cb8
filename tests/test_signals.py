"""What must not be cut in two is whole before a signal interrupts."""

import os
import signal
import threading

import pytest

from utils.signals import undisturbed


@pytest.fixture(autouse=True)
def _interrupts():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interruption_waits_until_it_is_over():
    done = []
    with pytest.raises(KeyboardInterrupt), undisturbed():
        os.kill(os.getpid(), signal.SIGINT)
        done.append("whole")
    assert done == ["whole"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_it_does_nothing_in_a_thread_that_no_signal_interrupts():
    done = []

    def work() -> None:
        with undisturbed():
            done.append("whole")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == ["whole"]
