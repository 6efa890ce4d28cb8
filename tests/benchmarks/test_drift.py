"""The benchmark of drift runs, in its quick mode, and its changes do what they say."""

import numpy as np

from benchmarks import drift
from utils.dataset.looks import looks


def test_every_change_has_a_row_in_both_tables(capsys):
    drift.main(["--quick"])
    text = capsys.readouterr().out
    for name in drift.CHANGES:
        assert sum(line.startswith(f"{name} ") for line in text.splitlines()) == 2
    assert "in bursts of 6" in text


def test_changes_are_seen_in_the_looks():
    image = np.random.default_rng(0).integers(0, 255, (80, 120, 3)).astype(np.uint8)
    told = {name: looks(change(image)) for name, change in drift.CHANGES.items()}
    assert told["night"]["brightness"] < 0.5 * told["nothing"]["brightness"]
    assert told["blur"]["sharpness"] < told["nothing"]["sharpness"] - 1
    assert drift.smaller(image).shape == image.shape
