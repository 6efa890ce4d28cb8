"""Calls of the model without any HTTP: what the service is held against."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

from utils.dataset.images import decode
from utils.model_files import Model
from utils.models import load_model


@dataclass
class Plain:
    """Calls of the model without any HTTP, by so many threads of so many cores each."""

    photographs: Sequence[bytes]
    threads: int
    cores: int
    done: int = 0
    seconds: float = 0.0
    processor: float = 0.0

    def measure(self, seconds: float) -> None:
        """Call for so many seconds."""
        model = load_model(device="cpu")
        model.predict([decode(self.photographs[0], "photograph")])
        counts: list[list[int]] = [[] for _ in range(self.threads)]
        end, before = time.monotonic() + seconds, time.process_time()
        threads = [threading.Thread(target=self._work, args=(model, end, one)) for one in counts]
        self.seconds += timed(threads)
        self.processor += time.process_time() - before
        self.done += sum(map(len, counts))

    def _work(self, model: Model, end: float, count: list[int]) -> None:
        import torch

        torch.set_num_threads(self.cores)
        for data in cycle(self.photographs):
            if time.monotonic() >= end:
                return
            model.predict([decode(data, "photograph")])
            count.append(1)

    @property
    def rate(self) -> float:
        """Photographs/s."""
        return self.done / self.seconds

    def cells(self, best: "Plain") -> tuple[str, ...]:
        """Return what was measured as texts of a table, beside the best of its kind."""
        share = f"{self.rate / best.rate:.2f}"
        return (f"{self.rate:.2f}", share, f"{1000 * self.processor / self.done:.0f}", *[""] * 7)


def timed(threads: Sequence[threading.Thread]) -> float:
    """Run threads to their end; return the seconds."""
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - start
