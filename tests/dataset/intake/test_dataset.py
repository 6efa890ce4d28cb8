"""Data sets as people have them become one shard; what is missing or double is named."""

import errno
import json
import os
import subprocess
import sys
import tarfile

import pytest

from tests.formats.layouts import all_voc, all_yolo, files
from tests.formats.shots import CLASSES, FACES, coco, cvat, photographs, voc, write
from utils.dataset.intake.choices import Choices
from utils.dataset.intake.dataset import Dataset, pack_dataset
from utils.dataset.shards import read_shard
from utils.errors import InputError


@pytest.mark.parametrize(
    "kind", ["folder", "parent", "a.zip", "a.tar", "a.tar.gz", "a.tar.bz2", "a.tar.xz"]
)
def test_folders_and_archives_give_the_same_shard(folder, photos, archive_of, tmp_path, kind):
    source = {"folder": folder, "parent": folder.parent}.get(kind) or archive_of(
        folder, tmp_path / kind
    )
    assert pack_dataset(source, tmp_path / "dataset.tar")["photos"] == 5
    assert list(read_shard(tmp_path / "dataset.tar")) == photos


def test_equal_faces_give_equal_bytes_whatever_their_format(tmp_path):
    shards = set()
    for format in ("voc", "yolo", "coco", "cvat"):
        root = tmp_path / format
        photographs(root / "images")
        if format == "voc":
            all_voc(root / "annotations")
        elif format == "yolo":
            all_yolo(root / "labels")
            write(root / "classes.txt", "\n".join(CLASSES))
        else:
            name = "annotations.json" if format == "coco" else "annotations.xml"
            write(root / name, {"coco": coco, "cvat": cvat}[format](files("abcdef")))
        facts = pack_dataset(root, tmp_path / "d.tar")
        assert facts["format"].lower().endswith(format)
        shards.add((tmp_path / "d.tar").read_bytes())
    assert len(shards) == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_an_export_of_cvat_is_found_in_any_encoding(tmp_path, encoding):
    photographs(tmp_path / "set" / "images")
    declared = "\ufeff" if encoding.startswith("utf-16-") else ""
    text = declared + cvat(files("abcdef"))
    write(tmp_path / "set" / "annotations.xml", text.encode(encoding))
    assert pack_dataset(tmp_path / "set", tmp_path / "d.tar")["format"] == "CVAT"


def test_decimals_of_boxes_are_kept(tmp_path):
    photographs(tmp_path / "set")
    all_voc(tmp_path / "set")
    faces = [("with_mask", (10.25, 10.5, 30, 40)), ("without_mask", (50, 10, 70.125, 40))]
    write(tmp_path / "set" / "a.xml", voc(faces))
    pack_dataset(tmp_path / "set", tmp_path / "d.tar")
    photo = next(read_shard(tmp_path / "d.tar"))
    boxes = photo.read_annotation(100, 80).faces.boxes.tolist()
    assert boxes == [[10.25, 10.5, 30, 40], [50, 10, 70.125, 40]]


def test_the_order_of_files_changes_nothing(tmp_path, monkeypatch):
    photographs(tmp_path / "set")
    all_voc(tmp_path / "set")
    pack_dataset(tmp_path / "set", tmp_path / "one.tar")
    whole = os.scandir

    class Backwards:
        def __init__(self, folder):
            self._entries = sorted(whole(folder), key=lambda entry: entry.name, reverse=True)

        def __enter__(self):
            return iter(self._entries)

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(os, "scandir", Backwards)
    pack_dataset(tmp_path / "set", tmp_path / "two.tar")
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_files_that_are_neither_are_counted_and_hidden_ones_overlooked(folder, tmp_path):
    (folder / "images" / "Thumbs.db").touch()
    (folder / "images" / ".DS_Store").touch()
    (folder / "images" / "notes.txt").touch()
    mac = folder / "__MACOSX" / "images"
    mac.mkdir(parents=True)
    (mac / "._p0.png").touch()
    facts = pack_dataset(folder, tmp_path / "d.tar")
    assert facts["photos"] == 5
    assert facts["left_alone"] == {".txt": 1}


def test_of_many_missing_halves_three_are_named(make_folder, make_photo):
    folder = make_folder([make_photo(f"q{i}", CLASSES) for i in range(9)])
    for i in range(8):
        (folder / "images" / f"q{i}.png").unlink()
    words = r"8 annotations \(annotations/q0.xml, annotations/q1.xml, annotations/q2.xml, \.\.\.\)"
    with pytest.raises(InputError, match=f"{words} without a photograph; .*--unlabelled skip"):
        Dataset(folder)


def test_the_yaml_of_a_yolo_set_stands_for_its_folder(tmp_path):
    photographs(tmp_path / "images")
    all_yolo(tmp_path / "labels")
    write(tmp_path / "data.yaml", f"names: {json.dumps(CLASSES)}")
    with Dataset(tmp_path / "data.yaml") as dataset:
        assert dataset.facts["photos"] == len(FACES)


def test_given_sides_are_passed_on(tmp_path):
    for side, stems in (("train", "abc"), ("valid", "de"), ("test", "f")):
        photographs(tmp_path / side, stems)
        all_voc(tmp_path / side, stems)
    with Dataset(tmp_path, Choices(split="given")) as dataset:
        assert dataset.sides == {
            **dict.fromkeys("abc", "train"),
            **dict.fromkeys("de", "val"),
            "f": "test",
        }
    with Dataset(tmp_path) as dataset:
        assert dataset.sides == {}


def test_of_a_half_of_a_data_set_the_folder_above_is_named(folder):
    for half in ("images", "annotations"):
        with pytest.raises(InputError, match=rf"one half .*give the folder above, {folder}$"):
            Dataset(folder / half)


def test_a_stray_file_that_cannot_be_read_does_not_matter(folder):
    for name in ("notes.json", "notes.xml"):
        (folder / name).symlink_to("nowhere")
    assert Dataset(folder).facts["left_alone"] == {".json": 1, ".xml": 1}


def test_facts_are_plain_json(folder, tmp_path):
    facts = pack_dataset(folder, tmp_path / "d.tar")
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts


def test_a_source_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        Dataset(tmp_path / "nowhere")


def test_damaged_archives_are_named(tmp_path):
    for name in ("a.zip", "a.tar", "a.tar.gz"):
        (tmp_path / name).write_bytes(b"\x1f\x8bnonsense")
        with pytest.raises(InputError, match=rf"{name}: cannot be read"):
            Dataset(tmp_path / name)


def test_links_in_archives_are_refused(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        link = tarfile.TarInfo("images/p.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(InputError, match=r"'images/p\.png' is a link"):
        Dataset(tmp_path / "a.tar")


def test_names_that_are_no_text_are_refused(folder):
    photo = (folder / "images" / "p0.png").read_bytes()
    for kind, suffix, data in (
        (b"/images/", b".png", photo),
        (b"/annotations/", b".xml", (folder / "annotations" / "p0.xml").read_bytes()),
    ):
        with open(os.fsencode(folder) + kind + b"\xff" + suffix, "wb") as file:
            file.write(data)
    with pytest.raises(InputError, match="rename it"):
        Dataset(folder)


def test_a_full_disk_is_said_and_leaves_nothing(folder, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    output = tmp_path / "out" / "d.tar"
    output.parent.mkdir()
    with pytest.raises(InputError, match="disk is full"):
        pack_dataset(folder, output)
    assert list(output.parent.iterdir()) == []


def test_reading_a_data_set_loads_no_heavy_library():
    code = (
        "import sys, utils.dataset.intake.dataset, utils.dataset.intake.photographs;"
        "print({'numpy', 'cv2', 'torch', 'scipy'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_yaml_says_where_the_set_lies_if_it_is_elsewhere(tmp_path):
    yaml = tmp_path / "data.yaml"
    with pytest.raises(InputError, match=r"data\.yaml: no such file"):
        Dataset(yaml)
    yaml.write_text("path: '../datasets/masks'  # root\nnames: [a, b]\n")
    with pytest.raises(
        InputError, match=r"lies in '\.\./datasets/masks.*: copy it there, and give"
    ):
        Dataset(yaml)
