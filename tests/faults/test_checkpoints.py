"""Some of the faults of checkpoints, model files and weights; ``make faults`` injects them all."""

import pytest
import torch

from tests.faults import checkpoints
from tests.faults.damage import content, equal
from utils.errors import InputError
from utils.training.checkpoint import Checkpoint
from utils.training.tensors import load_tensors


def test_damaged_and_foreign_files_are_recognised() -> None:
    rows = list(checkpoints.rows(quick=True))
    assert len(rows) == 10
    assert all(row.times for row in rows)


def test_torch_alone_takes_a_flipped_bit_of_the_weights_for_good(tmp_path) -> None:
    """Why files of tensors are read with a look at their checksums."""
    path, saved = tmp_path / "c.ckpt", checkpoints.tiny_state()
    Checkpoint(path, checkpoints.JOB).save(saved)
    data = bytearray(path.read_bytes())
    data[data.index(saved["model"]["0.weight"].numpy().tobytes())] ^= 1
    path.write_bytes(data)
    loaded = torch.load(path, weights_only=True)["state"]["model"]["0.weight"]
    assert not torch.equal(loaded, saved["model"]["0.weight"])
    with pytest.raises(InputError, match=r"c\.ckpt: .*Bad CRC-32.*data/\d+"):
        load_tensors(path)


def test_a_flipped_bit_of_the_list_of_parts_changes_no_tensor(tmp_path) -> None:
    """Torch takes a part for a folder, and gives its tensor what memory held, for one such bit."""
    path, saved = tmp_path / "c.ckpt", checkpoints.tiny_state()
    Checkpoint(path, checkpoints.JOB).save(saved)
    whole = path.read_bytes()
    start = whole.rindex(b"PK\x01\x02", 0, whole.rindex(b"archive/data/2"))
    for place in range(start, whole.rindex(b"archive/data/2")):
        for bit in range(8):
            data = bytearray(whole)
            data[place] ^= 1 << bit
            path.write_bytes(data)
            loaded = content(path, load_tensors)
            assert loaded is None or equal(loaded["state"], saved), (place - start, bit)


def test_contents_are_compared_to_the_last_value() -> None:
    one = {"a": [torch.zeros(3), 1, {"b": None}]}
    assert equal(one, {"a": [torch.zeros(3), 1, {"b": None}]})
    for other in (
        {"a": [torch.tensor([0.0, 0.0, 1e-30]), 1, {"b": None}]},
        {"a": [torch.zeros(3), 1.0, {"b": None}]},
        {"a": [torch.zeros(3), 1, {"b": None, "c": 1}]},
        {"a": [torch.zeros(3), 1]},
    ):
        assert not equal(one, other)
