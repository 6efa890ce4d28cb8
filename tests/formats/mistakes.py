"""Sets with the mistakes that people and tools make, and what is to be said or done about each."""

import json
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.formats.layouts import Maker, all_voc, all_yolo, files, packed, two_folders
from tests.formats.shots import (
    CLASSES,
    FACES,
    HEIGHT,
    WIDTH,
    Face,
    coco,
    cvat,
    photographs,
    picture,
    turned,
    voc,
    write,
    yaml,
    yolo,
)

plain = two_folders("images", "annotations")


@dataclass(frozen=True)
class Mended:
    """A set that is used all the same; `facts` are those that tell of it."""

    make: Maker
    facts: dict[str, Any]
    choices: dict[str, Any] = field(default_factory=dict)
    faces: dict[str, list[Face]] | None = None


@dataclass(frozen=True)
class Refused:
    """A set that is refused; `words` (a pattern) say why, and what to do."""

    make: Maker
    words: str
    choices: dict[str, Any] = field(default_factory=dict)


def changed(change: Callable[[str, str], str], stems: str = "abcdef") -> Maker:
    """Return a maker of a VOC set in which `change` was done to the text of some files."""

    def make(root: Path) -> None:
        plain(root)
        for stem in stems:
            path = root / "annotations" / f"{stem}.xml"
            path.write_text(change(path.read_text(), stem))

    return make


def boxes_as(move: Callable[[tuple], tuple], stems: str = "abcdef") -> Maker:
    """Return a maker of a VOC set whose boxes `move` took elsewhere."""

    def make(root: Path) -> None:
        plain(root)
        for stem in stems:
            faces = [(name, move(box)) for name, box in FACES[stem]]
            write(root / "annotations" / f"{stem}.xml", voc(faces))

    return make


def renamed(**names: str) -> Maker:
    """Return a maker of a VOC set with other class names."""

    def make(root: Path) -> None:
        photographs(root / "images")
        all_voc(root / "annotations", names=names)

    return make


def photographs_only(*folders: str) -> Maker:
    def make(root: Path) -> None:
        for folder in folders:
            photographs(root / folder, "abc")

    return make


pictures = photographs_only("pictures")


def with_file(name: str, data: bytes | str, base: Maker = pictures) -> Maker:
    def make(root: Path) -> None:
        base(root)
        write(root / name, data)

    return make


def without(*names: str, base: Maker = plain) -> Maker:
    def make(root: Path) -> None:
        base(root)
        for name in names:
            (root / name).unlink()

    return make


def replaced(name: str, data: bytes | str) -> Maker:
    return with_file(name, data, plain)


def equal_camera_names(root: Path) -> None:
    for day, stem in (("day1", "a"), ("day2", "b"), ("day3", "c")):
        write(root / "images" / day / "IMG_0001.jpg", picture(ord(stem)))
        write(root / "annotations" / day / "IMG_0001.xml", voc(FACES[stem]))
    photographs(root / "images", "def")
    all_voc(root / "annotations", "def")


def enlarged(factor: float) -> Maker:
    """Annotations of copies that are `factor` times as large."""

    def make(root: Path) -> None:
        photographs(root / "images")
        size = (round(WIDTH * factor), round(HEIGHT * factor))
        for stem, faces in FACES.items():
            larger = [(name, tuple(v * factor for v in box)) for name, box in faces]
            write(root / "annotations" / f"{stem}.xml", voc(larger, size))

    return make


def one_size_for_all(size: tuple[int, int]) -> Maker:
    """The annotations of square photographs tell a size that none of them has."""

    def make(root: Path) -> None:
        for stem, faces in FACES.items():
            write(root / "images" / f"{stem}.jpg", picture(ord(stem), (WIDTH, WIDTH)))
            write(root / "annotations" / f"{stem}.xml", voc(faces, size))

    return make


def persons_outside(root: Path) -> None:
    """Of a class that is no face, boxes that would be refused; one photograph has no other."""
    photographs(root / "images")
    for stem, faces in FACES.items():
        person = ("person", (500, 500, 900, 900))
        write(root / "annotations" / f"{stem}.xml", voc([*faces, person]))


def turned_in_yolo(root: Path) -> None:
    yolo_set(root)
    write(root / "images" / "a.jpg", turned(6))


def drawn_before_the_turn(root: Path) -> None:
    plain(root)
    write(root / "images" / "a.jpg", turned(6))
    stored = [("with_mask", (10, 70, 40, 90)), ("without_mask", (10, 30, 40, 50))]
    write(root / "annotations" / "a.xml", voc(stored, (HEIGHT, WIDTH)))


def yolo_set(root: Path) -> None:
    photographs(root / "images")
    all_yolo(root / "labels")
    write(root / "data.yaml", yaml(names=list(CLASSES)))


def lines_of_yolo(change: Callable[[list[str]], list[object]]) -> Maker:
    def make(root: Path) -> None:
        yolo_set(root)
        for stem, faces in FACES.items():
            lines = (change(line.split()) for line in yolo(faces).splitlines())
            text = "".join(" ".join(map(str, line)) + "\n" for line in lines)
            write(root / "labels" / f"{stem}.txt", text)

    return make


def lines_without_list(line: Callable[[str, tuple], list[object]]) -> Maker:
    """Return a maker of a set of texts that are not YOLO's, a line a face."""

    def make(root: Path) -> None:
        photographs(root / "images")
        for stem, faces in FACES.items():
            text = "".join(" ".join(map(str, line(*face))) + "\n" for face in faces)
            write(root / "labels" / f"{stem}.txt", text)

    return make


def as_corners(line: list[str]) -> list[object]:
    index, x, y, width, height = (float(word) for word in line)
    return [int(index), x - width / 2, y - height / 2, x + width / 2, y + height / 2]


def as_pixels(line: list[str]) -> list[object]:
    index, x, y, width, height = (float(word) for word in line)
    return [int(index), x * WIDTH, y * HEIGHT, width * WIDTH, height * HEIGHT]


def coco_of_corners(root: Path) -> None:
    photographs(root / "images")
    record = json.loads(coco(files("abcdef")))
    for item in record["annotations"]:
        x, y, width, height = item["bbox"]
        item["bbox"] = [x, y, x + width, y + height]
    write(root / "coco.json", json.dumps(record))


def coco_of(stems: str) -> Maker:
    def make(root: Path) -> None:
        photographs(root / "images", "abcde")
        write(root / "annotations.json", coco(files(stems)))

    return make


def two_formats(root: Path) -> None:
    plain(root)
    all_yolo(root / "labels")
    write(root / "classes.txt", "\n".join(CLASSES))


def two_sets(root: Path) -> None:
    plain(root / "one")
    photographs(root / "two" / "images")
    all_yolo(root / "two" / "labels")
    write(root / "two" / "classes.txt", "\n".join(CLASSES))


def two_sets_alike(root: Path) -> None:
    plain(root / "one")
    plain(root / "two")


def sides(*names: str) -> Maker:
    def make(root: Path) -> None:
        for side, stems in zip(names, ("abc", "de", "f"), strict=False):
            photographs(root / side / "images", stems)
            all_voc(root / side / "annotations", stems)

    return make


def side_without_annotations(root: Path) -> None:
    for side, stems in (("train", "abc"), ("valid", "de")):
        photographs(root / side, stems)
        all_voc(root / side, stems)
    photographs(root / "test", "f")


ACCENTED = {stem: f"{stem}-\u00d6\u00e9" for stem in FACES}
"""Composed, as all systems but macOS write them."""


def accents(photos: str, annotations: str, index: Callable[..., str] | None = None) -> Maker:
    """Return a maker of a set whose names are of other Unicode normal forms on both sides."""

    def make(root: Path) -> None:
        listed = {}
        for stem, faces in FACES.items():
            photo = unicodedata.normalize(photos, ACCENTED[stem])
            listed[unicodedata.normalize(annotations, ACCENTED[stem])] = faces
            write(root / "images" / f"{photo}.jpg", picture(ord(stem)))
        if index:
            files_ = {f"{name}.jpg": faces for name, faces in listed.items()}
            write(root / "annotations.json", index(files_))
        for name, faces in listed.items() if not index else ():
            write(root / "annotations" / f"{name}.xml", voc(faces))

    return make


def heic(root: Path) -> None:
    plain(root)
    for number in range(3):
        write(root / "images" / f"IMG_{number}.HEIC", b"\0\0\0\x18ftypheic\0\0\0\0")


def reversed_box(box: tuple) -> tuple:
    x1, y1, x2, y2 = box
    return (x2 - 1, y2 - 1, x1 + 1, y1 + 1)  # `voc` adds 1 to the first two


def sides_for_corner(box: tuple) -> tuple:
    x1, y1, x2, y2 = box
    return (x1, y1, x2 - x1, y2 - y1)


def normalised(box: tuple) -> tuple:
    x1, y1, x2, y2 = box
    return (x1 / WIDTH - 1, y1 / HEIGHT - 1, x2 / WIDTH, y2 / HEIGHT)


def crossed(box: tuple) -> tuple:
    x1, y1, x2, y2 = box
    return (y1 + 60, x1, y2 + 60, x2)


def mended() -> Iterator[tuple[str, Mended]]:
    """Yield what it is, and the set."""
    yield from {
        "corners reversed in one file": Mended(
            boxes_as(reversed_box, "b"), {"boxes.swapped": 1}, faces=FACES
        ),
        "corners reversed everywhere": Mended(
            boxes_as(reversed_box), {"boxes.swapped": 8}, faces=FACES
        ),
        "annotated at twice the size": Mended(
            enlarged(2), {"scaled": 6, "sizes_differ": 0}, faces=FACES
        ),
        "annotated at half the size": Mended(enlarged(0.5), {"scaled": 6}, faces=FACES),
        "the size tells nothing": Mended(
            changed(lambda text, _: text.replace("<width>100", "<width>0")),
            {"sizes_differ": 0, "scaled": 0},
            faces=FACES,
        ),
        "the size is of another picture": Mended(
            changed(lambda text, _: text.replace("<width>100", "<width>60"), "ab"),
            {"sizes_differ": 2, "scaled": 0},
            faces=FACES,
        ),
        "the size is one pixel off": Mended(
            changed(lambda text, _: text.replace("<width>100", "<width>101"), "a"),
            {"sizes_differ": 1, "scaled": 0},
            faces=FACES,
        ),
        "one size too small for all": Mended(
            one_size_for_all((50, 50)), {"sizes_differ": 6, "scaled": 0}
        ),
        "one size too large for all": Mended(
            one_size_for_all((1000, 1000)), {"sizes_differ": 6, "scaled": 0}
        ),
        "an EXIF turn in YOLO": Mended(
            turned_in_yolo, {"turn_untold": 1, "turned": 0}, faces=FACES
        ),
        "bad boxes of a class left out": Mended(
            persons_outside,
            {"boxes.total": 8, "boxes.dropped": 0, "empty": 1},
            {"classes": ("person=ignore",)},
            faces=FACES,
        ),
        "drawn before the EXIF turn": Mended(
            drawn_before_the_turn, {"turned": 1, "sizes_differ": 0}, faces=FACES
        ),
        "a box twice": Mended(
            replaced("annotations/b.xml", voc(FACES["b"] * 2)),
            {"boxes.duplicates": 1, "boxes.total": 8},
            faces=FACES,
        ),
        "boxes that end just outside": Mended(
            replaced("annotations/e.xml", voc([("with_mask", (60, 20, 103, 84))])),
            {"boxes.clipped": 1, "boxes.halved": 0, "boxes.dropped": 0},
        ),
        "many bad boxes, allowed": Mended(
            replaced("annotations/b.xml", voc([("with_mask", (500, 500, 600, 600))])),
            {"boxes.dropped": 1},
            {"allow_bad_boxes": True},
        ),
        "unlabelled, left out": Mended(
            without("annotations/a.xml", "annotations/d.xml"),
            {"photos": 4, "unlabelled": {"photos": 2, "as": "skip"}},
            {"unlabelled": "skip"},
        ),
        "unlabelled, no faces": Mended(
            without("annotations/d.xml"),
            {"photos": 6, "empty": 1, "unlabelled": {"photos": 1, "as": "negative"}},
            {"unlabelled": "negative"},
            faces=FACES,
        ),
        "annotations without photograph, left out": Mended(
            without("images/d.jpg"),
            {"photos": 5, "annotations_without_photograph": 1},
            {"unlabelled": "skip"},
        ),
        "images that COCO does not list": Mended(
            coco_of("abce"), {"photos": 5, "empty": 1}, {"unlabelled": "negative"}
        ),
        "equal camera names": Mended(
            equal_camera_names,
            {"photos": 6, "named_by_path": 3},
            faces={
                **{f"day{n}/IMG_0001": FACES[s] for n, s in zip("123", "abc", strict=True)},
                **{stem: FACES[stem] for stem in "def"},
            },
        ),
        "public class names": Mended(
            renamed(with_mask="Mask", without_mask="no-mask", mask_weared_incorrect="Improperly"),
            {"classes_missing": []},
            faces=FACES,
        ),
        "mask and face": Mended(
            renamed(with_mask="face_mask", without_mask="face", mask_weared_incorrect="incorrect"),
            {"classes_missing": []},
            faces=FACES,
        ),
        "class names that are told": Mended(
            renamed(with_mask="OK", without_mask="KO", mask_weared_incorrect="weird"),
            {"classes_missing": ["mask_weared_incorrect"]},
            {"classes": ("OK=with_mask", "KO=without_mask", "weird=ignore")},
            faces={s: [f for f in faces if "weared" not in f[0]] for s, faces in FACES.items()},
        ),
        "two classes": Mended(
            renamed(mask_weared_incorrect="without_mask"),
            {"classes_missing": ["mask_weared_incorrect"]},
        ),
        "two classes, no bare face": Mended(
            renamed(without_mask="with_mask"), {"classes_missing": ["without_mask"]}
        ),
        "YOLO without names, told": Mended(
            without("data.yaml", base=yolo_set),
            {"format": "YOLO"},
            {"classes": ("0=with_mask", "1=without_mask", "2=mask_weared_incorrect")},
            faces=FACES,
        ),
        "sides in a folder called training_data": Mended(
            sides("training_data/train", "training_data/valid", "training_data/test"),
            {"given_sides": {"train": 3, "val": 2, "test": 1}, "split": "given"},
            {"split": "given"},
            faces=FACES,
        ),
        "two formats, one named": Mended(two_formats, {"format": "YOLO"}, {"format": "yolo"}),
        "three sides, dealt anew": Mended(
            sides("train", "valid", "test"),
            {"given_sides": {"train": 3, "val": 2, "test": 1}, "split": "groups"},
            faces=FACES,
        ),
        "three sides, kept": Mended(
            sides("Training", "validation", "TEST"), {"split": "given"}, {"split": "given"}
        ),
        "photographs of kinds that are not read": Mended(heic, {"not_read": {"HEIC": 3}}),
        "pictures beside the data set": Mended(
            with_file("docs/example.jpg", picture(9), plain), {"elsewhere": 1, "photos": 6}
        ),
        "other files": Mended(
            with_file("notes.txt", "x", plain), {"left_alone": {".txt": 1}, "not_read": {}}
        ),
        "a photograph that cannot be read, left out": Mended(
            replaced("images/d.jpg", b"no picture"),
            {"photos": 5, "unreadable": 1},
            {"skip_bad": True},
        ),
        "an annotation that cannot be read, left out": Mended(
            replaced("annotations/d.xml", "<annotation>"),
            {"photos": 5, "unreadable": 1},
            {"skip_bad": True},
        ),
        "accents apart on one side": Mended(
            accents("NFC", "NFD"), {}, faces={ACCENTED[stem]: FACES[stem] for stem in FACES}
        ),
        "accents apart in COCO": Mended(
            accents("NFC", "NFD", coco), {}, faces={ACCENTED[stem]: FACES[stem] for stem in FACES}
        ),
        "names differ from <filename>": Mended(
            changed(lambda text, stem: text.replace("x.jpg", "other.png")), {"photos": 6}
        ),
    }.items()


def refused() -> Iterator[tuple[str, Refused]]:
    """Yield what it is, and the set."""
    yield from _boxes()
    yield from _names_and_sides()
    yield from _nothing_to_learn_from()
    yield from _files()


def _boxes() -> Iterator[tuple[str, Refused]]:
    go_on = "--allow-bad-boxes"
    yield from {
        "shares in VOC": Refused(
            boxes_as(normalised), f"8 of 8 boxes lie within 0..1.*shares.*{go_on}"
        ),
        "sides in VOC": Refused(
            boxes_as(sides_for_corner), "held width and height in place of the second corner"
        ),
        "corners in COCO": Refused(
            coco_of_corners, "held a second corner in place of width and height"
        ),
        "corners in YOLO": Refused(
            lines_of_yolo(as_corners), "held corners in place of centre and size"
        ),
        "pixels in YOLO": Refused(
            lines_of_yolo(as_pixels), "held pixels in place of shares of the image"
        ),
        "boxes far outside": Refused(
            boxes_as(lambda box: tuple(value * 7 for value in box), "abce"),
            r"of 8 boxes, \d have no area inside .* by more than half "
            r"\(annotations/\w\.xml, annotations/\w\.xml.*reach to .* pixels",
        ),
        "boxes without area": Refused(
            boxes_as(lambda box: (box[0], box[1], box[0], box[3]), "abc"),
            f"of 8 boxes, 5 have no area.*{go_on}",
        ),
    }.items()


def _names_and_sides() -> Iterator[tuple[str, Refused]]:
    yield from {
        "an unknown class name": Refused(
            renamed(with_mask="helmet"), r"(?s)helmet.*4.*--classes.*helmet="
        ),
        "a class told that is not there": Refused(
            plain, "--classes vest=ignore.*no box", {"classes": ("vest=ignore",)}
        ),
        "one class": Refused(
            renamed(without_mask="with_mask", mask_weared_incorrect="with_mask"),
            "all faces are of one class",
        ),
        "YOLO without names": Refused(
            without("data.yaml", base=yolo_set),
            r"labels/\*\.txt: YOLO, but no data\.yaml, classes\.txt or obj\.names .*"
            "--classes 0=with_mask",
        ),
        "two lists of classes in one folder": Refused(
            with_file("classes.txt", "\n".join(CLASSES[::-1]), yolo_set),
            "classes.txt and data.yaml name different classes; remove all but the one",
        ),
        "a class index too high": Refused(
            lines_of_yolo(lambda line: ["7", *line[1:]]), "class 7, which data.yaml does not name"
        ),
        "no val": Refused(
            sides("train", "test"),
            r"--split given takes .*found train \(3\), test \(2\), and no val;",
            {"split": "given"},
        ),
        "no sides": Refused(plain, "found none, and no train and no val", {"split": "given"}),
        "two formats": Refused(two_formats, r"several formats: PASCAL VOC .*YOLO .*--format voc"),
        "two sets of two formats": Refused(two_sets, "several formats|several data sets"),
        "two sets": Refused(two_sets_alike, r"several data sets \('one/', 'two/'\); name one"),
        "another format than asked for": Refused(
            plain,
            "holds no COCO annotations of its 6 photographs; found .*6 .xml",
            {"format": "coco"},
        ),
        "unlabelled": Refused(
            without("annotations/a.xml", "annotations/b.xml", "images/d.jpg"),
            r"2 photographs \(images/a\.jpg, images/b\.jpg\) without an annotation; "
            r"1 annotation \(annotations/d\.xml\) without a photograph; .*--unlabelled skip; "
            "photographs without faces, --unlabelled negative",
        ),
        "a side without annotations": Refused(
            side_without_annotations, r"1 photograph \(test/f\.jpg\) without an annotation"
        ),
        "two photographs of one name": Refused(
            with_file("images/a.png", picture(format="PNG"), plain),
            r"'images/a\.jpg' and 'images/a\.png' share a stem; rename",
        ),
        "names in another case": Refused(
            with_file("images/A.jpg", picture(), without("images/a.jpg")),
            "1 photograph .*differ only in case, rename",
        ),
        "images that COCO does not list": Refused(
            coco_of("abce"), r"1 photograph \(images/d\.jpg\) without an annotation"
        ),
        "images of COCO that are not there": Refused(
            coco_of("abcdef"), r"1 annotation \(annotations\.json: f\.jpg\) without a photograph"
        ),
        "annotations of HEIC": Refused(
            with_file(
                "images/g.heic", b"\0\0\0\x18ftypheic", replaced("annotations/g.xml", voc([]))
            ),
            "1 annotation .* of which 1 have one that is not read .HEIC: convert",
        ),
    }.items()


def _nothing_to_learn_from() -> Iterator[tuple[str, Refused]]:
    sniffed = {
        "LabelMe": '{"version": "5.0", "shapes": [], "imagePath": "a.jpg"}',
        "VIA": '{"_via_settings": {}, "_via_img_metadata": {}}',
        "CreateML": '[{"image": "a.jpg", "annotations": [{"coordinates": {}}]}]',
        "Label Studio": '[{"id": 1, "data": {"image": "a.jpg"}, "annotations": [{"result": []}]}]',
    }
    for kind, text in sniffed.items():
        yield (
            kind,
            Refused(
                with_file("pictures/a.json", text),
                rf"3 photographs, and pictures/a\.json: {kind} JSON, which is not read; .*",
            ),
        )
    yield from {
        "KITTI": Refused(
            lines_without_list(lambda name, box: [name, 0, 0, 0, *box, *[0] * 7]),
            r"labels/\*\.txt: KITTI; convert it",
        ),
        "boxes with class names": Refused(
            lines_without_list(lambda name, box: [name, *box]),
            r"labels/\*\.txt: boxes with class names; convert it",
        ),
        "TFRecord": Refused(with_file("train.tfrecord", b"x"), "TFRecord, which is not read"),
        "a table": Refused(with_file("labels.csv", "file,x,y,label\n"), r"labels\.csv: a table"),
        "photographs alone": Refused(
            photographs_only("holiday"), r"3 photographs \(holiday/\), but nothing annotates them"
        ),
        "class folders": Refused(
            photographs_only("train/mask", "train/no mask"),
            "in folders mask/ and no mask/: a set for classification, without boxes",
        ),
        "annotations alone": Refused(
            lambda root: all_voc(root / "annotations"), "no photographs.*annotations alone: 6 .xml"
        ),
        "darknet's labels alone": Refused(
            lambda root: all_yolo(root / "obj_train_data"), "but annotations alone: 6 .txt"
        ),
        "HEIC alone": Refused(
            lambda root: write(root / "images" / "a.heic", b"x"), "but 1 HEIC; convert them to JPEG"
        ),
        "an empty folder": Refused(lambda root: None, "it is empty"),
        "hidden files alone": Refused(
            lambda root: write(root / ".DS_Store", b"x"), "it is empty, but for hidden files"
        ),
        "a zip in a zip": Refused(
            packed(lambda root: write(root / "archive.zip", b"PK\3\4"), "outer.zip"),
            r"no photographs.*archives inside \(set/archive\.zip\); unpack",
        ),
        "parts of a download": Refused(
            lambda root: [write(root / f"set-001-00{part}.zip", b"PK\3\4") for part in range(1, 3)],
            r"archives inside \(set-001-001\.zip, set-001-002\.zip\); unpack them into one folder",
        ),
        "CVAT for video": Refused(
            with_file(
                "annotations.xml",
                cvat({}).replace(
                    "</annotations>", '<track id="0" label="with_mask"></track></annotations>'
                ),
            ),
            "(?i)video",
        ),
    }.items()


def _files() -> Iterator[tuple[str, Refused]]:
    kinds = {
        "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0",
        "AVIF": b"\0\0\0\x1cftypavif\0\0\0\0",
        "GIF": b"GIF89a",
        "HTML page": b"<!DOCTYPE html><html><body>404</body></html>",
        "Git LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n",
        "PDF": b"%PDF-1.7",
        "video": b"\0\0\0\x18ftypmp42\0\0\0\0",
    }
    for kind, data in kinds.items():
        yield (
            f"{kind} called .jpg",
            Refused(
                replaced("images/c.jpg", data),
                rf"1 photographs or annotations .*images/c\.jpg: .*of kind {kind}; ",
            ),
        )
    yield from {
        "a damaged photograph": Refused(
            replaced("images/c.jpg", picture()[:100]), r"images/c\.jpg: .*--skip-bad"
        ),
        "a damaged annotation": Refused(
            replaced("annotations/c.xml", "<annotation>"), r"annotations/c\.xml: .*--skip-bad"
        ),
        "a Git LFS pointer in place of an annotation": Refused(
            replaced("annotations/c.xml", b"version https://git-lfs.github.com/spec/v1\n"),
            r"annotations/c\.xml: is a Git-LFS pointer; run git lfs pull",
        ),
        "a rar": Refused(
            lambda root: write(root / "set.rar", b"Rar!"), "rar archives are not read; unpack it"
        ),
        "a part of an archive": Refused(
            lambda root: write(root / "set.zip.001", b"PK"), "a part of an archive; join and unpack"
        ),
        "a web page called .zip": Refused(
            lambda root: write(root / "set.zip", b"<!DOCTYPE html><html>quota exceeded"),
            "cannot be read, as it is of kind HTML page; it is what a web site answered",
        ),
        "an empty .tar.gz": Refused(
            lambda root: write(root / "set.tar.gz", b""), "as it is of kind empty file; copy"
        ),
        "a 7z": Refused(lambda root: write(root / "set.7z", b"7z"), "7z archives are not read"),
        "a single JSON": Refused(
            lambda root: write(root / "coco.json", b"{}"),
            "give photographs, or the folder that holds them",
        ),
        "a single XML": Refused(
            lambda root: write(root / "a.xml", b"<a/>"),
            "give photographs, or the folder that holds them",
        ),
        "a single photograph": Refused(
            lambda root: write(root / "a.jpg", picture()), "1 photographs .*nothing annotates them"
        ),
    }.items()
