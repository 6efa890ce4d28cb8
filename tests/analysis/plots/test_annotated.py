import numpy as np
import pytest
from PIL import Image

from utils.analysis.plots.annotated import Shown, annotated_photographs, choose, told
from utils.dataset.annotation import Annotation, read_voc
from utils.dataset.faces import Faces
from utils.dataset.shards import Photo
from utils.drawing.faces import draw_faces


def shown(name: str, *features: str, side: str = "train") -> Shown:
    return Shown(side, name, frozenset({f"side {side}", *features}))


def test_a_dozen_show_every_side_class_and_mended_box_that_there_is() -> None:
    usual = [shown(f"a{k:05d}", "class 1") for k in range(20_000)]
    rare = [
        shown("m", "class 1", "mended dropped"),
        shown("c3", "class 3"),
        shown("v", "class 1", side="val"),
        shown("none", "nobody", side="test"),
    ]
    chosen = choose([*usual, *rare])
    assert len(chosen) == 12
    assert {one.name for one in rare} <= {one.name for one in chosen}
    assert [one.side for one in chosen] == ["train"] * 10 + ["val", "test"]
    names = [one.name for one in chosen if one.name.startswith("a")]
    assert max(np.diff([int(name[1:]) for name in names])) > 500  # not a burst


def test_the_choice_does_not_depend_on_the_order_within_a_side() -> None:
    candidates = [shown(f"p{k}", f"class {k % 3}") for k in range(400)]
    assert choose(candidates) == choose(candidates[::-1])
    assert choose(candidates[:5]) == sorted(candidates[:5], key=lambda one: one.name)
    assert choose([]) == []


def test_what_is_annotated_and_what_was_mended_is_said() -> None:
    faces = Faces(np.zeros((3, 4), np.float32), np.array([1, 1, 3]))
    words = told(Annotation(faces, dropped=1, clipped=2, size_differs=True))
    assert words == (
        "2 mask worn, 1 mask worn incorrectly",
        "2 boxes clipped, 1 box dropped, 1 size told wrongly",
    )
    assert told(Annotation(Faces(), 0, 0)) == ("no face", "")


@pytest.mark.parametrize("count", [0, 1, 13])
def test_the_picture_holds_the_photographs_with_their_boxes(photo, shard, tmp_path, count) -> None:
    photos = [photo(f"p{k:02d}", 1, 2) for k in range(count)]
    shards = [shard("train.tar", *photos), shard("test.tar", photo("t", 3))]
    annotated_photographs(shards, tmp_path / "a.jpg")
    sheet = Image.open(tmp_path / "a.jpg")
    rows = -(-min(count + 1, 12) // 3)
    assert sheet.size == (3 * 620 + 20, rows * (450 + 2 * 26 + 20) + 20)
    if count == 1:  # the boxes are those of the annotation
        first = photos[0]
        faces = read_voc(first.annotation, "p00.xml", 160, 120).faces
        drawing = Image.fromarray(draw_faces(first.decode(), faces, strip=False))
        drawing.thumbnail((600, 450), Image.Resampling.LANCZOS)
        place = np.asarray(sheet.crop((20, 20, 20 + drawing.width, 20 + drawing.height)), int)
        assert abs(place - np.asarray(drawing)).mean() < 8
    again = tmp_path / "again.jpg"
    annotated_photographs(shards, again)
    assert again.read_bytes() == (tmp_path / "a.jpg").read_bytes()


def test_boxes_that_reach_beyond_the_image_are_drawn_as_they_are_used(shard, tmp_path, photo):
    one = photo("p", 1)
    reaching = one.annotation.replace(b"<xmax>25", b"<xmax>9999")
    assert reaching != one.annotation
    shards = [shard("train.tar", Photo("p", "p.png", one.image, reaching))]
    annotated_photographs(shards, tmp_path / "a.jpg")
    assert Image.open(tmp_path / "a.jpg").width == 1880
