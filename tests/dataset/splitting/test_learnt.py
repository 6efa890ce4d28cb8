"""What a model file tells of the photographs that it learnt from, and looking one up there."""

import io

import numpy as np
import pytest

from data.painter.sample import crop_picture
from utils.dataset.splitting import learnt as module
from utils.dataset.splitting.fingerprints import fingerprint
from utils.dataset.splitting.learnt import LearntPhotographs
from utils.errors import InputError


@pytest.fixture
def learnt(fingerprints) -> LearntPhotographs:
    """The first six, as they come back from a model file."""
    return LearntPhotographs.from_bytes(LearntPhotographs.of(fingerprints[:6]).as_bytes(), "it")


@pytest.mark.parametrize("seed", range(6))
def test_a_photograph_is_recognised_whole_compressed_cropped_darker_or_mirrored(
    learnt, pictures, altered, seed
):
    picture = pictures[seed]
    for image in (*altered(picture), np.ascontiguousarray(picture.image[:, ::-1])):
        assert learnt.resemble(fingerprint(image))


def test_other_photographs_are_not(learnt, strangers):
    assert not [number for number, one in enumerate(strangers) if learnt.resemble(fingerprint(one))]


def test_nothing_was_learnt_from_none(fingerprints):
    none = LearntPhotographs.of([])
    again = LearntPhotographs.from_bytes(none.as_bytes(), "it")
    assert len(again) == 0 and not again.resemble(fingerprints[0])


def test_it_is_small_and_shows_no_picture(learnt):
    """A model file is passed on: no more than signs and a few coarse features may be in it."""
    data = learnt.as_bytes()
    assert len(data) < 7_000 * len(learnt)
    with np.load(io.BytesIO(data)) as parts:
        assert set(parts.files) == {"signs", "sizes", "counts", "points", "descriptors"}
        assert parts["signs"].shape == (6, 32)
        assert parts["counts"].max() <= module.FEATURES


def test_equal_photographs_give_equal_bytes(fingerprints):
    one, two = (LearntPhotographs.of(iter(fingerprints)).as_bytes() for _ in range(2))
    assert one == two


def test_a_union_holds_each_photograph_once(fingerprints):
    first, second = LearntPhotographs.of(fingerprints[:5]), LearntPhotographs.of(fingerprints[3:])
    both = first.and_of(second)
    assert (len(first), len(second), len(both)) == (5, 5, 8)
    assert both.as_bytes() == LearntPhotographs.of(fingerprints).as_bytes()
    assert all(both.resemble(one) for one in fingerprints)
    assert not first.resemble(fingerprints[6])


def test_of_many_photographs_fewer_features_are_kept_and_all_are_recognised(
    fingerprints, pictures, monkeypatch
):
    monkeypatch.setattr(module, "MAX_FEATURES", 8 * 40)
    thin = LearntPhotographs.of(fingerprints)
    assert thin.counts.tolist() == [40] * 8 and len(thin.points) == len(thin.descriptors) == 320
    assert all(thin.resemble(fingerprint(crop_picture(one, 0.8).image)) for one in pictures)


def parts_of(learnt, **changed):
    file = io.BytesIO()
    with np.load(io.BytesIO(learnt.as_bytes())) as parts:
        np.savez(file, **(dict(parts) | changed))
    return file.getvalue()


def one_bit(data, place, bit):
    """Return the bytes of a zip with one bit of the list of its parts the other way round."""
    damaged = bytearray(data)
    damaged[damaged.index(b"PK\x01\x02") + place] ^= 1 << bit
    return bytes(damaged)


def test_damaged_parts_are_refused(learnt):
    for data in (
        b"",
        b"hello",
        learnt.as_bytes()[:-100],
        parts_of(learnt, counts=np.array([10**9] * 6)),
        parts_of(learnt, counts=learnt.counts - np.array([999, -999, 0, 0, 0, 0])),
        parts_of(learnt, signs=np.zeros((6, 31), np.uint8)),
        parts_of(learnt, sizes=np.zeros((5, 2), np.uint16)),
        parts_of(learnt, points=np.zeros((3, 2), np.uint16)),
        parts_of(learnt, signs=np.array([{}] * 6)),
        parts_of(learnt, sizes=np.zeros((6, 2), np.uint16)),
        parts_of(learnt, sizes=np.full((6, 2), 60_000, np.uint16)),
        one_bit(learnt.as_bytes(), 8, 0),  # as if it were encrypted
        one_bit(learnt.as_bytes(), 10, 3),  # as if it were compressed
        one_bit(learnt.as_bytes(), 10, 6),  # in a way that nobody knows
    ):
        with pytest.raises(InputError, match=r"model\.pth: holds no fingerprints"):
            LearntPhotographs.from_bytes(data, "model.pth")
