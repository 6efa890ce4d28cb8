"""Rows, names and times without Spark: what travels comes back as it was."""

import os
from datetime import datetime

import numpy as np
import pytest

from utils.analysis.prediction.looking import Unread
from utils.dataset.labels import CLASSES
from utils.dataset.splitting.fingerprint_index import (
    FingerprintWriter,
    pack,
    packed_as_bytes,
    packed_from_bytes,
)
from utils.dataset.splitting.fingerprints import fingerprint
from utils.errors import InputError
from utils.spark.batch import key
from utils.spark.pictures import name_of
from utils.spark.rows import DONE, NOT_READ, counts_of, event_time, found_of, persons_of
from utils.spark.sources import Stored, glob_of, is_stored, on_disk, plain

FACE = {"box": [1.0, 2.0, 30.5, 40.25], "class": "with_mask", "confidence": 0.7}
FACE["probabilities"] = [0.1, 0.7, 0.15, 0.05]


def row(**changes):
    """Return a row as Spark gives it back."""
    return {
        "path": "/a/b.jpg",
        "status": DONE,
        "reason": None,
        "width": 640,
        "height": 480,
        "taken": None,
        "looks": {"brightness": 0.5, "sharpness": 3.0},
        "faces": [FACE],
        "compared": True,
        "resembles": None,
        "fingerprint": None,
        **changes,
    }


def test_a_row_becomes_the_record_that_it_was():
    found = found_of(row(), "b", "b.jpg")
    assert found.record == {
        "name": "b",
        "file": "b.jpg",
        "width": 640,
        "height": 480,
        "taken": None,
        "looks": {"brightness": 0.5, "sharpness": 3.0},
        "faces": [FACE],
        "resembles": None,
    }
    assert found.fingerprint is None
    assert "resembles" not in found_of(row(compared=False), "b", "b.jpg").record


def test_a_damaged_photograph_is_told_by_the_name_that_it_has_in_results():
    damaged = row(status=NOT_READ, reason="/a/b.jpg: cut off; replace /a/b.jpg")
    assert found_of(damaged, "b", "b.jpg") == Unread("b.jpg", "b.jpg: cut off; replace b.jpg")


def test_a_fingerprint_that_travelled_is_kept_as_one_that_did_not():
    image = np.random.default_rng(0).integers(0, 255, (300, 400, 3)).astype(np.uint8)
    image[100:200, 100:200] = 255
    one = fingerprint(image)
    travelled = packed_from_bytes(packed_as_bytes(pack(one, 60)))
    writers = [FingerprintWriter(60), FingerprintWriter(60)]
    writers[0].add("a.jpg", one)
    writers[1].add("a.jpg", travelled)
    ours, theirs = (writer.index()[0] for writer in writers)
    assert len(ours.points) > 10
    for name in ("grey", "bits", "thumbnail", "points", "descriptors"):
        assert np.array_equal(getattr(ours, name), getattr(theirs, name)), name
    with pytest.raises(InputError, match="no fingerprint"):
        packed_from_bytes(packed_as_bytes({**travelled, "bits": np.zeros(3, bool)}))
    with pytest.raises(InputError, match="no fingerprint"):
        packed_from_bytes(b"no archive")


def test_only_faces_that_count_are_counted():
    unsure = {**FACE, "class": "without_mask", "confidence": 0.1}
    counts = counts_of({"faces": [FACE, FACE, unsure]}, 0.7)
    assert counts == {"people": 2, **dict.fromkeys(CLASSES, 0), "with_mask": 2}


def test_people_of_a_video_have_the_class_that_they_had():
    shares = [0.2, 0.7, 0.1]
    (person,) = persons_of({"persons": [{"first": 1.0, "last": 3.5, "seen": 9, "shares": shares}]})
    assert (person.label, person.shares.tolist()) == (2, shares)
    assert person.within(3, 4) and not person.within(4, 5)


def test_a_camera_whose_clock_is_ahead_makes_nothing_late():
    modified = datetime(2026, 3, 1, 9)
    assert event_time(modified, "2026-02-01T08:00:00", "taken") == datetime(2026, 2, 1, 8)
    assert event_time(modified, "2027-01-01T00:00:00", "taken") == modified
    assert event_time(modified, None, "taken") == modified
    assert event_time(modified, "2026-02-01T08:00:00", "modified") == modified


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/a/b c.png", "a/b c.png.jpg"),
        ("s3a://bucket/day/a.jpg", "bucket/day/a.jpg.jpg"),
        ("file:/a/é.jpg", "a/é.jpg.jpg"),
    ],
)
def test_a_picture_is_called_by_the_whole_path(path, name):
    assert name_of(path) == name


def test_names_of_pictures_differ_and_lead_nowhere_else():
    odd = ["/a/x\ny.jpg", "/a/x\rz.jpg", "/a/x_y.jpg", f"/a/{'n' * 240}.jpg", f"/a/{'n' * 241}.jpg"]
    names = [name_of(path) for path in odd]
    assert len(set(names)) == len(odd)
    assert all(len(part.encode()) < 250 for name in names for part in name.split("/"))
    assert ".." not in name_of("s3a://bucket/../../etc/a.jpg").split("/")


def test_equal_names_in_a_store_stay_two():
    found = Stored(["s3a://b/2/IMG.jpg", "s3a://b/1/IMG.jpg", "s3a://b/1/x.jpg"], unseen=4)
    assert found.names() == ["1/IMG", "2/IMG", "x"]
    assert found.files == ["1/IMG.jpg", "2/IMG.jpg", "x.jpg"]
    assert found.paths == ["s3a://b/1/IMG.jpg", "s3a://b/2/IMG.jpg", "s3a://b/1/x.jpg"]
    assert found.facts["left_alone"] == {"not listed by Spark": 4}


def test_words_are_of_a_disk_or_of_a_store():
    assert is_stored("s3a://b/x") and is_stored("hdfs://host:9000/x")
    assert not any(
        map(is_stored, ("/a", "file:///a", "rtsp://camera", "https://host/a", "a:b.jpg"))
    )
    assert on_disk("file:///a/b%20c") == "/a/b c" and on_disk("/a/b%20c") == "/a/b%20c"
    assert plain("file:/a b") == plain("file:///a b") == "/a b" and plain("s3a://b") == "s3a://b"
    assert key("/a/é") == "/a/é" and key(os.fsdecode(b"/a/\xff")) == "/a/\\xff"
    assert glob_of((".jpg", ".m4v")) == "{*.[jJ][pP][gG],*.[mM]4[vV]}"
