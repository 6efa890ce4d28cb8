import json

import pytest

from data.painter.sample import draw_picture
from utils.analysis.prediction.predict import EARLIER, predict_shard
from utils.dataset.images import encode_png
from utils.dataset.looks import looks
from utils.dataset.shards import Photo, read_shard
from utils.dataset.splitting.fingerprint_index import FingerprintIndex, write_fingerprints
from utils.dataset.splitting.fingerprints import fingerprint
from utils.dataset.splitting.learnt import LearntPhotographs


@pytest.fixture
def paths(tmp_path) -> dict:
    return {"predictions": tmp_path / "predictions.json", "images": tmp_path / "images.tar"}


def test_every_box_is_recorded_by_falling_confidence(detector, photo, shard, paths) -> None:
    one, two = photo("a", 1), photo("b", 2, 3)
    detector.knows(one, [1], [0.9])
    detector.knows(two, [2, 3], [0.3, 0.61])
    predict_shard(detector, shard("new.tar", one, two), **paths)
    record = json.loads(paths["predictions"].read_text())
    assert record["threshold"] == 0.5
    assert record["model"] == {"arch": detector.arch, "digest": detector.digest}
    assert record["photos"][1] == {
        "name": "b",
        "file": "b.png",
        "width": 160,
        "height": 120,
        "taken": None,
        "looks": looks(two.decode()),
        "faces": [
            {
                "box": [35, 30, 55, 50],
                "class": "mask_weared_incorrect",
                "confidence": 0.61,
                "probabilities": pytest.approx([0.39, 0, 0, 0.61]),
            },
            {
                "box": [5, 30, 25, 50],
                "class": "without_mask",
                "confidence": 0.3,
                "probabilities": pytest.approx([0.7, 0, 0.3, 0]),
            },
        ],
    }


def test_each_photograph_has_its_own_faces_where_several_are_asked_for_at_once(
    detector, photo, shard, paths
) -> None:
    photos = [photo(name, *[1] * count) for count, name in enumerate("abcde")]
    for count, one in enumerate(photos):
        detector.knows(one, [1] * count, [0.9] * count)
    record = predict_shard(detector, shard("new.tar", *photos), **paths)
    found = [(one["name"], len(one["faces"])) for one in record["photos"]]
    assert found == [("a", 0), ("b", 1), ("c", 2), ("d", 3), ("e", 4)]


def test_each_photograph_is_drawn_under_its_name(detector, photo, shard, paths) -> None:
    photos = [photo(name, 1) for name in ("a", "b", "c")]
    for one in photos:
        detector.knows(one, [1], [0.9])
    predict_shard(detector, shard("new.tar", *photos), **paths)
    drawings = list(read_shard(paths["images"]))
    assert [drawing.filename for drawing in drawings] == ["a.jpg", "b.jpg", "c.jpg"]
    assert drawings[0].decode().shape[1] == 1000


def test_an_unreadable_photograph_is_named_and_the_rest_predicted(
    detector, photo, shard, paths, caplog
) -> None:
    good, bad = photo("a", 1), Photo("b", "b.jpg", b"no image")
    detector.knows(good, [1], [0.9])
    record = predict_shard(detector, shard("new.tar", good, bad), **paths)
    assert [p["name"] for p in record["photos"]] == ["a"]
    assert record["skipped"][0]["file"] == "b.jpg"
    assert "b.jpg" in caplog.text


def test_an_empty_shard_gives_empty_files(detector, shard, paths) -> None:
    record = predict_shard(detector, shard("new.tar"), **paths)
    assert record["photos"] == [] and list(read_shard(paths["images"])) == []


def test_a_photograph_of_the_training_is_recognised(detector, photo, shard, paths, tmp_path):
    scenes = [draw_picture(seed, [1, 2]).image for seed in range(2)]
    known, other = (
        Photo(name, f"{name}.png", encode_png(image))
        for name, image in zip(("copy", "other"), scenes, strict=True)
    )
    for one in (known, other):
        detector.knows(one, [], [])
    learnt = tmp_path / "train.npz"
    write_fingerprints(learnt, ["IMG_1.jpg"], [fingerprint(scenes[0])])
    record = predict_shard(detector, shard("new.tar", known, other), **paths, fingerprints=learnt)
    assert [one["resembles"] for one in record["photos"]] == ["IMG_1.jpg", None]
    record = predict_shard(detector, shard("new.tar", known, other), **paths)
    assert not any("resembles" in one for one in record["photos"])


def test_a_photograph_that_the_weights_knew_before_is_recognised(
    detector, photo, shard, paths, tmp_path
):
    scenes = [draw_picture(seed, [1, 2]).image for seed in range(3)]
    photos = [
        Photo(name, f"{name}.png", encode_png(i)) for name, i in zip("abc", scenes, strict=True)
    ]
    for one in photos:
        detector.knows(one, [], [])
    seen = [fingerprint(scene) for scene in scenes]
    learnt = tmp_path / "train.npz"
    write_fingerprints(learnt, ["IMG_1.jpg"], seen[:1])
    detector.learnt = LearntPhotographs.of(seen[:2])  # the second is not of this training
    record = predict_shard(detector, shard("new.tar", *photos), **paths, fingerprints=learnt)
    assert [one["resembles"] for one in record["photos"]] == ["IMG_1.jpg", EARLIER, None]


def test_own_fingerprints_are_kept_of_what_was_read(detector, photo, shard, paths, tmp_path):
    good = [photo(name, 1) for name in "ac"]
    for one in good:
        detector.knows(one, [1], [0.9])
    own = tmp_path / "own.npz"
    tar = shard("new.tar", *good, Photo("b", "b.jpg", b"broken"))
    predict_shard(detector, tar, **paths, own_fingerprints=own)
    assert FingerprintIndex.read(own).files == ["a.png", "c.png"]
    assert own.stat().st_size < 2 * 100_000
