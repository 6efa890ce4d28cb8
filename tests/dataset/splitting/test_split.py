"""The split of a data set and its record."""

import functools
import json
from dataclasses import replace

import numpy as np
import pytest

from utils.dataset.labels import CLASSES
from utils.dataset.shards import read_shard
from utils.dataset.splitting import SIDES
from utils.dataset.splitting import split as split_module
from utils.dataset.splitting.fingerprint_index import FingerprintIndex
from utils.dataset.splitting.fingerprints import fingerprint
from utils.dataset.splitting.learnt import LearntPhotographs
from utils.dataset.splitting.near_duplicates import find_groups
from utils.dataset.splitting.split import split_dataset
from utils.errors import InputError


@pytest.fixture(scope="module", autouse=True)
def each_picture_is_looked_at_once():
    """Keep fingerprints and groups: many tests here split the same photographs."""

    @functools.cache
    def look(pixels: bytes, shape: tuple[int, ...]):
        return fingerprint(np.frombuffer(pixels, np.uint8).reshape(shape))

    @functools.cache
    def group(*prints: int):
        return find_groups([kept[number] for number in prints])

    def looked(image):
        found = look(image.tobytes(), image.shape)
        kept[id(found)] = found
        return found

    kept = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(split_module, "fingerprint", looked)
        patch.setattr(split_module, "find_groups", lambda prints: list(group(*map(id, prints))))
        yield


@pytest.fixture
def photos(make_photo, make_image):
    """30 photographs; 20 to 29 hold two rare faces each; 5 and 6 are one picture."""
    made = []
    for number in range(30):
        classes = ["with_mask"] + (
            ["without_mask", "mask_weared_incorrect"] if number >= 20 else []
        )
        image = make_image(5 if number == 6 else number)
        made.append(make_photo(f"p{number:02d}", classes, image))
    return made


@pytest.fixture
def split(tmp_path, make_shard):
    def run(photos, folder="out", **options):
        out = tmp_path / folder
        out.mkdir()
        outputs = {side: out / f"{side}.tar" for side in SIDES}
        dataset = make_shard(photos, "dataset.tar")
        record = split_dataset(dataset, outputs, out / "split.json", **options)
        return record, outputs

    return run


def names(path):
    return [photo.name for photo in read_shard(path)]


def test_every_photo_is_on_one_side_unchanged(split, photos):
    record, outputs = split(photos)
    written = [photo for path in outputs.values() for photo in read_shard(path)]
    assert sorted(written, key=lambda photo: photo.name) == photos
    for side, path in outputs.items():
        assert {record["photos"][name]["side"] for name in names(path)} == {side}


def test_sides_have_their_shares_and_every_class(split, photos):
    record, _ = split(photos)
    assert [record["sides"][side]["photos"] for side in SIDES] == [21, 3, 6]
    for side in SIDES:
        assert min(record["sides"][side]["faces"].values()) >= 1
        assert record["sides"][side]["classes_missing"] == []


def test_the_training_photographs_can_be_recognised(split, photos, tmp_path):
    record, outputs = split(photos, fingerprints=tmp_path / "train.npz")
    index = FingerprintIndex.read(tmp_path / "train.npz")
    train = list(read_shard(outputs["train"]))
    assert index.files == [photo.filename for photo in train]
    found = [index.resembling(fingerprint(photo.decode())) for photo in train]
    group = {one["file"]: one["group"] for one in record["photos"].values()}
    assert [group[file] for file in found] == [group[file] for file in index.files]


def test_near_duplicates_stay_together(split, photos):
    for seed in range(4):
        record, _ = split(photos, f"seed{seed}", seed=seed)
        first, second = record["photos"]["p05"], record["photos"]["p06"]
        assert (first["side"], first["group"]) == (second["side"], second["group"])
        assert (record["groups"], record["near_duplicates"]) == (29, 2)


def test_the_record_on_disk_says_it_all(split, photos, tmp_path):
    record, _ = split(photos, seed=7)
    on_disk = json.loads((tmp_path / "out" / "split.json").read_text())
    assert on_disk == {"schema": 1, **record}
    assert record["seed"] == 7
    assert record["photos"]["p21"] | {"side": "", "group": 0} == {
        "file": "p21.png",
        "side": "",
        "group": 0,
        "width": 120,
        "height": 90,
        "classes": dict.fromkeys(CLASSES, 1),
    }


def test_same_seed_same_split_other_seed_other_split(split, photos):
    one, _ = split(photos, "a", seed=3)
    two, _ = split(list(reversed(photos)), "b", seed=3)
    other, _ = split(photos, "c", seed=4)
    assert one == two
    assert one["photos"] != other["photos"]


def test_mended_boxes_are_counted(split, photos):
    voc = photos[0].annotation.replace(b"<xmax>20</xmax>", b"<xmax>500</xmax>")
    voc2 = photos[1].annotation.replace(b"<xmin>1</xmin>", b"<xmin>90</xmin>")
    changed = [replace(photos[0], annotation=voc), replace(photos[1], annotation=voc2), *photos[2:]]
    record, _ = split(changed)
    assert (record["clipped_boxes"], record["dropped_boxes"]) == (1, 1)


def test_unreadable_photos_stop_the_split_or_are_listed(split, photos):
    broken = list(photos)
    broken[3] = replace(photos[3], image=b"no image")
    broken[8] = replace(photos[8], annotation=b"<annotation>")
    with pytest.raises(
        InputError, match=r"2 photographs cannot be used: p03\.png.*p08\.xml.*--skip-bad"
    ):
        split(broken, "stop")
    record, outputs = split(broken, "skip", skip_bad=True)
    assert [entry["file"] for entry in record["skipped"]] == ["p03.png", "p08.png"]
    assert "p03.png" in record["skipped"][0]["reason"]
    assert sum(len(names(path)) for path in outputs.values()) == 28
    assert not {"p03", "p08"} & record["photos"].keys()


def test_one_class_alone_is_an_error(split, photos):
    with pytest.raises(InputError, match=r"all faces are of one class \(with_mask\)"):
        split(photos[:20])


@pytest.mark.parametrize("missing", CLASSES)
def test_two_classes_are_enough_whichever_is_missing(split, make_photo, make_image, missing):
    there = [name for name in CLASSES if name != missing]
    made = [make_photo(f"p{n:02d}", [there[n % 2]], make_image(n)) for n in range(12)]
    record, _ = split(made)
    for side in SIDES:
        assert missing in record["sides"][side]["classes_missing"]
        assert record["sides"][side]["faces"][missing] == 0
        assert record["sides"][side]["photos"]


def test_given_sides_are_kept_and_near_duplicates_across_them_counted(split, photos):
    given = {photo.name: SIDES[number % 3] for number, photo in enumerate(photos)}
    record, outputs = split(photos, given=given)
    assert {name: photo["side"] for name, photo in record["photos"].items()} == given
    for side, path in outputs.items():
        assert names(path) == sorted(name for name, where in given.items() if where == side)
    assert record["given"] and record["fractions"] is None
    assert record["near_duplicates_across_sides"] == 2  # 5 and 6 are one picture
    together = {**given, "p06": given["p05"]}
    record, _ = split(photos, "together", given=together)
    assert record["near_duplicates_across_sides"] == 0
    dealt, _ = split(photos, "dealt")
    assert not dealt["given"] and dealt["near_duplicates_across_sides"] == 0


def test_given_sides_that_are_not_whole_are_refused(split, photos):
    given = {photo.name: SIDES[number % 3] for number, photo in enumerate(photos)}
    with pytest.raises(InputError, match=r"1 photographs have no given side \(p07\)"):
        split(photos, given={name: side for name, side in given.items() if name != "p07"})
    with pytest.raises(InputError, match="no photograph is given to val"):
        split(photos, "b", given={name: "train" if s == "val" else s for name, s in given.items()})


def test_a_class_too_rare_for_every_side_is_reported(split, photos):
    record, _ = split(photos[:22])
    missing = [side for side in SIDES if record["sides"][side]["classes_missing"]]
    assert len(missing) == 1
    assert record["sides"][missing[0]]["classes_missing"] == list(CLASSES[1:])


def test_too_few_photos_or_groups_are_an_error(split, photos, make_image, make_photo):
    with pytest.raises(InputError, match="2 photographs cannot fill 3 sides"):
        split(photos[20:22], "few")
    twins = [make_photo(f"t{i}", CLASSES, make_image(1)) for i in range(4)]
    with pytest.raises(InputError, match="1 groups of near-duplicates cannot fill 3 sides"):
        split(twins, "twins")


@pytest.mark.parametrize(
    "fractions", [(0.7, 0.3), (0.8, 0.3, 0.1), (1.0, 0.0, 0.0), (1.1, -0.2, 0.1)]
)
def test_fractions_that_are_none_are_refused(split, photos, fractions):
    with pytest.raises(InputError, match="expected three above 0 that add up to 1"):
        split(photos, fractions=fractions)


def test_other_fractions_are_followed(split, photos):
    record, _ = split(photos, fractions=(0.5, 0.2, 0.3))
    shares = np.array([record["sides"][side]["photos"] for side in SIDES]) / 30
    np.testing.assert_allclose(shares, (0.5, 0.2, 0.3), atol=0.04)


def learnt_from(photos):
    return LearntPhotographs.of([fingerprint(photo.decode()) for photo in photos])


def test_what_the_weights_have_learnt_from_is_not_tested_on(split, photos, tmp_path):
    """Otherwise a test would measure what they remember: without them the sides are others."""
    written = {"fingerprints": tmp_path / "train.npz"}
    alone, _ = split(photos, "alone", **written)
    assert alone["learnt"] is None
    seen = [photo for photo in photos if alone["photos"][photo.name]["side"] != "train"]
    for seed in range(3):
        known = learnt_from(seen)
        record, outputs = split(photos, f"seed{seed}", learnt=known, seed=seed, **written)
        assert {record["photos"][photo.name]["side"] for photo in seen} == {"train"}
        assert record["learnt"] == {"in_all": 9, "photos": 9, "off_train": 0}
        assert [len(names(outputs[side])) for side in SIDES] == [21, 3, 6]
        assert record["sides"]["test"]["classes_missing"] == []


def test_near_duplicates_of_what_was_learnt_go_along(split, photos, make_photo, make_image):
    darker = make_photo("other", ["with_mask"], (make_image(5) * 0.8).astype(np.uint8))
    for seed in range(3):
        record, _ = split(photos, f"seed{seed}", learnt=learnt_from([darker]), seed=seed)
        assert {record["photos"][name]["side"] for name in ("p05", "p06")} == {"train"}
        assert record["learnt"] == {"in_all": 1, "photos": 2, "off_train": 0}
    elsewhere = make_photo("elsewhere", ["with_mask"], make_image(99))
    record, _ = split(photos, "none", learnt=learnt_from([elsewhere]))
    assert record["learnt"] == {"in_all": 1, "photos": 0, "off_train": 0}


def test_weights_that_have_seen_too_much_for_a_test_are_refused(split, photos):
    message = (
        r"of 30 photographs the weights to start from have learnt from 29 .*cannot fill.*val and "
        r"test.*Add photographs.*--weights auto"
    )
    with pytest.raises(InputError, match=message):
        split(photos, learnt=learnt_from(photos[1:]))
    with pytest.raises(InputError, match="have learnt from 30 "):
        split(photos, "all", learnt=learnt_from(photos))
    record, _ = split(photos, "two", learnt=learnt_from(photos[2:]))
    assert [record["sides"][side]["photos"] for side in SIDES] == [28, 1, 1]


def test_given_sides_are_kept_and_what_was_learnt_elsewhere_is_counted(split, photos):
    given = {photo.name: SIDES[number % 3] for number, photo in enumerate(photos)}
    record, _ = split(photos, given=given, learnt=learnt_from(photos[9:12]))
    assert {name: photo["side"] for name, photo in record["photos"].items()} == given
    assert record["learnt"] == {"in_all": 3, "photos": 3, "off_train": 2}
