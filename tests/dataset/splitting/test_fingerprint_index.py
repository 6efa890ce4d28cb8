"""Fingerprints as a file, and looking a photograph up among them."""

import io

import numpy as np
import pytest

from data.painter.sample import crop_picture
from utils.dataset.splitting import fingerprint_index
from utils.dataset.splitting.fingerprint_index import FingerprintIndex, write_fingerprints
from utils.dataset.splitting.fingerprints import fingerprint
from utils.errors import InputError

FILES = [f"p{seed}.jpg" for seed in range(6)]


@pytest.fixture
def written(tmp_path, fingerprints):
    """Return a function that writes the six fingerprints to a file of this name."""

    def write(name):
        write_fingerprints(tmp_path / name, FILES, fingerprints[:6])
        return tmp_path / name

    return write


@pytest.fixture
def index(written) -> FingerprintIndex:
    """Six photographs, read back from their file."""
    return FingerprintIndex.read(written("train.npz"))


def test_what_is_read_is_nearly_what_was_written(index, fingerprints):
    assert (index.files, len(index)) == (FILES, 6)
    for number, own in enumerate(fingerprints[:6]):
        told = index[number]
        assert (told.bits == own.bits).all() and (told.points == own.points).all()
        assert (told.descriptors * own.descriptors).sum(axis=1).min() > 0.999
        assert told.thumbnail @ own.thumbnail == pytest.approx(1, abs=1e-3)
        assert abs(told.grey.astype(int) - own.grey).mean() < 3


@pytest.mark.parametrize("seed", range(6))
def test_a_training_photograph_is_recognised_whole_compressed_cropped_or_darker(
    index, pictures, altered, seed
):
    for image in altered(pictures[seed]):
        assert index.resembling(fingerprint(image)) == FILES[seed]


def test_other_photographs_resemble_none(index, strangers):
    assert [index.resembling(fingerprint(image)) for image in strangers] == [None] * len(strangers)


def test_without_photographs_nothing_is_resembled(tmp_path, fingerprints):
    write_fingerprints(tmp_path / "none.npz", [], [])
    assert FingerprintIndex.read(tmp_path / "none.npz").resembling(fingerprints[0]) is None


def test_equal_photographs_give_equal_bytes(written):
    first, second = written("a.npz"), written("b.npz")
    assert first.read_bytes() == second.read_bytes()


def test_of_many_photographs_fewer_features_are_kept_and_crops_are_still_found(
    written, pictures, monkeypatch
):
    monkeypatch.setattr(fingerprint_index, "MAX_FEATURES", 6 * 150)
    index = FingerprintIndex.read(written("few.npz"))
    counts = [len(index[number].points) for number in range(6)]
    assert max(counts) == 150
    for seed, picture in enumerate(pictures[:6]):
        crop = crop_picture(picture, 0.9).image
        assert index.resembling(fingerprint(crop)) == FILES[seed]


@pytest.mark.parametrize("damage", ["cut", "text", "part", "object", "kind", "bit"])
def test_what_is_no_file_of_fingerprints_is_refused(written, damage):
    path = written("train.npz")
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-500])
    elif damage == "text":
        path.write_bytes(b"no archive")
    elif damage == "bit":
        data = bytearray(path.read_bytes())
        data[data.index(b"PK\x01\x02") + 10] ^= 64  # compressed in a way that nobody knows
        path.write_bytes(data)
    else:
        changed = {
            "part": {"points": arrays["points"][1:]},
            "object": {"bits": np.array([{}], object)},
            "kind": {"bits": arrays["bits"].astype(np.uint8)},
        }[damage]
        file = io.BytesIO()
        np.savez(file, **arrays | changed)
        path.write_bytes(file.getvalue())
    with pytest.raises(InputError, match=r"train\.npz: not a file of fingerprints"):
        FingerprintIndex.read(path)
