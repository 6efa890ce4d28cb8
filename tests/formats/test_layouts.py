"""However a data set is laid out, the same faces are packed."""

from pathlib import Path

import pytest

from tests.formats.layouts import layouts
from tests.formats.shots import FACES, HEIGHT, WIDTH
from utils.dataset.annotation import read_voc
from utils.dataset.intake.dataset import pack_dataset
from utils.dataset.labels import CLASSES
from utils.dataset.shards import read_shard

LAYOUTS = {name: (make, format) for name, make, format in layouts()}


LEFT_ALONE = {
    "kaggle at depth": {".md": 1},
    "roboflow voc": {".txt": 1},
    "roboflow yolo": {".txt": 1},
    "roboflow yolo, zipped": {".txt": 1},
    "darknet": {".data": 1, ".txt": 1},
    "darknet one folder": {".txt": 2},
    "vocdevkit": {".txt": 2},
    "vocdevkit, as tar.gz": {".txt": 2},
    "oxford": {".txt": 1},
    "masks of segmentation": {".txt": 1},
    "coco instances": {".json": 2},
    "aizoo": {".txt": 1},
    "label studio yolo": {".json": 1},
    "yaml files of other programs": {".json": 1},
    "cvat voc": {".txt": 2},
    "cvat ultralytics": {".txt": 1},
    "vott": {".pbtxt": 1},
    "a repository around it": {".ipynb": 1, ".json": 1, ".txt": 1},
}
"""Files that nobody needs; in all other sets every file is used."""


def only(root: Path) -> Path:
    """Return the archive in a folder that holds nothing else, or the folder."""
    inside = list(root.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].suffix else root


def faces_of(shard: Path) -> dict[str, list]:
    """Return what a shard says, as `FACES` has it."""
    result = {}
    for photo in read_shard(shard):
        faces = read_voc(photo.annotation, photo.name, WIDTH, HEIGHT).faces
        names = [CLASSES[label - 1] for label in faces.labels]
        result[photo.name] = list(zip(names, map(tuple, faces.boxes.tolist()), strict=True))
    return result


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_gives_the_same_faces(tmp_path, name):
    make, format = LAYOUTS[name]
    root = tmp_path / "data"
    root.mkdir()
    make(root)
    facts = pack_dataset(only(root), tmp_path / "d.tar")
    assert facts["format"] == format
    assert faces_of(tmp_path / "d.tar") == FACES
    assert facts["photos"] == 6 and facts["empty"] == 1
    assert facts["faces"] == {"with_mask": 4, "without_mask": 2, "mask_weared_incorrect": 2}
    assert facts["annotations_without_photograph"] == facts["sizes_differ"] == 0
    assert facts["elsewhere"] == (6 if name == "masks of segmentation" else 0)
    assert facts["unlabelled"]["photos"] == 0
    assert facts["left_alone"] == LEFT_ALONE.get(name, {})
    boxes = facts["boxes"]
    assert boxes == {**dict.fromkeys(boxes, 0), "total": 8, "left_out": {}}
