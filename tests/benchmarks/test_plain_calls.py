import threading
from types import SimpleNamespace

import pytest

from benchmarks import plain_calls


def test_plain_calls_are_counted(monkeypatch):
    calls, one_by_one = [], threading.Lock()

    class Model:
        def predict(self, images):
            with one_by_one:
                calls.append(images)

    now = SimpleNamespace(monotonic=lambda: 0.01 * len(calls), process_time=lambda: 0.0)
    monkeypatch.setattr(plain_calls, "time", now)
    monkeypatch.setattr(plain_calls, "load_model", lambda device: Model())
    monkeypatch.setattr(plain_calls, "decode", lambda data, name: data)
    plain = plain_calls.Plain([b""], 2, 1)
    plain.measure(0.3)
    assert plain.done == len(calls) - 1  # the first is to be warm
    assert 30 <= plain.done <= 32
    assert plain.rate == pytest.approx(100)
