"""Sets that hold the faces of `shots.FACES`, laid out as people and tools do it."""

import io
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.formats.exports import exports
from tests.formats.shots import (
    CLASSES,
    FACES,
    Face,
    coco,
    cvat,
    photographs,
    voc,
    write,
    yaml,
    yolo,
)

Maker = Callable[[Path], None]

SIDES = {"train": "abc", "valid": "de", "test": "f"}
NAMES = yaml(names=list(CLASSES), nc=3)


def all_voc(folder: Path, stems: str = "abcdef", **options: object) -> None:
    for stem in stems:
        write(folder / f"{stem}.xml", voc(FACES[stem], **options))


def all_yolo(folder: Path, stems: str = "abcdef", **options: object) -> None:
    for stem in stems:
        write(folder / f"{stem}.txt", yolo(FACES[stem], **options))


def files(stems: str, form: str = "{}.jpg") -> dict[str, list[Face]]:
    return {form.format(stem): FACES[stem] for stem in stems}


def two_folders(images: str, annotations: str) -> Maker:
    def make(root: Path) -> None:
        photographs(root / images)
        all_voc(root / annotations)

    return make


def kaggle_at_depth(root: Path) -> None:
    two_folders("archive/face mask/images", "archive/face mask/annotations")(root)
    write(root / "archive" / "README.md", "a data set")


def labelimg_one_folder(root: Path) -> None:
    photographs(root)
    all_voc(root)


def labelimg_yolo(root: Path) -> None:
    photographs(root)
    all_yolo(root)
    write(root / "classes.txt", "\r\n".join(CLASSES) + "\r\n")


def labelimg_lists_that_differ(root: Path) -> None:
    """Each session of LabelImg numbered the classes as they came."""
    for day, stems, order in (("day1", "abc", CLASSES), ("day2", "def", CLASSES[::-1])):
        photographs(root / day, stems)
        all_yolo(root / day, stems, classes=order)
        write(root / day / "classes.txt", "\n".join(order))


def roboflow_voc(root: Path) -> None:
    for side, stems in SIDES.items():
        photographs(root / side, stems)
        all_voc(root / side, stems)
    write(root / "README.roboflow.txt", "exported")


def roboflow_yolo(root: Path) -> None:
    for side, stems in SIDES.items():
        photographs(root / side / "images", stems)
        all_yolo(root / side / "labels", stems)
    write(root / "data.yaml", yaml(train="../train/images", nc=3, names=list(CLASSES)))
    write(root / "README.dataset.txt", "exported")


def roboflow_coco(root: Path) -> None:
    for side, stems in SIDES.items():
        photographs(root / side, stems)
        write(root / side / "_annotations.coco.json", coco(files(stems)))


def roboflow_darknet(root: Path) -> None:
    for side, stems in SIDES.items():
        photographs(root / side, stems)
        all_yolo(root / side, stems)
        write(root / side / "_darknet.labels", "\n".join(CLASSES))


def ultralytics(root: Path) -> None:
    for side, stems in {"train": "abc", "val": "de", "test": "f"}.items():
        photographs(root / "images" / side, stems)
        all_yolo(root / "labels" / side, stems)
    write(root / "masks.yaml", "path: ..\nnames:\n  0: with_mask\n  1: without_mask\n  2: bad\n")


def darknet(root: Path) -> None:
    photographs(root / "obj_train_data")
    all_yolo(root / "obj_train_data")
    write(root / "obj.names", "\n".join(CLASSES))
    write(root / "obj.data", "classes = 3")
    write(root / "train.txt", "".join(f"data/obj_train_data/{stem}.jpg\n" for stem in FACES))


def vocdevkit(root: Path) -> None:
    place = root / "VOCdevkit" / "VOC2007"
    two_folders("JPEGImages", "Annotations")(place)
    write(place / "ImageSets" / "Main" / "train.txt", "a\nb\nc\n")
    write(place / "ImageSets" / "Main" / "test.txt", "d\ne\nf\n")


def sub_folders(root: Path) -> None:
    for day, stems in (("monday", "abc"), ("tuesday", "def")):
        photographs(root / "images" / day, stems)
        all_voc(root / "annotations" / day, stems)


def sub_folders_annotated_flat(root: Path) -> None:
    for day, stems in (("monday", "abc"), ("tuesday", "def")):
        photographs(root / "photos" / day, stems)
    all_voc(root / "xmls")


def oxford(root: Path) -> None:
    """As the Oxford-IIIT pets: the annotations one folder deeper."""
    two_folders("images", "annotations/xmls")(root)
    write(root / "annotations" / "trainval.txt", "a 1 1 1\n")


def masks_of_segmentation(root: Path) -> None:
    """As the whole of the Oxford-IIIT pets: pictures that annotate have the photographs' names."""
    oxford(root)
    photographs(root / "annotations" / "trimaps", suffix=".png", format="PNG")


def darknet_one_folder(root: Path) -> None:
    labelimg_yolo(root)
    write(root / "train.txt", "".join(f"data/{stem}.jpg\n" for stem in FACES))
    write(root / "notes.txt", "taken in May")


def images_in_images(root: Path) -> None:
    two_folders("images/images", "images/annotations")(root)


def unusual_names(root: Path) -> None:
    two_folders("bilder", "markierungen")(root)


def coco_instances(root: Path) -> None:
    for side, stems in {"train2017": "abcd", "val2017": "ef"}.items():
        photographs(root / side, stems)
        write(root / "annotations" / f"instances_{side}.json", coco(files(stems)))
        write(root / "annotations" / f"captions_{side}.json", coco(files(stems)))


def coco_with_paths(root: Path) -> None:
    photographs(root / "images" / "one", "abc")
    photographs(root / "images" / "two", "def")
    listed = {**files("abc", "one/{}.jpg"), **files("def", "C:\\data\\images\\two\\{}.jpg")}
    write(root / "annotations.json", coco(listed))


def coco_with_annotations_first(root: Path) -> None:
    """Its keys stand in another order, and the file is larger than what is looked at first."""
    photographs(root / "images")
    text = coco(files("abcdef"))
    start = text.index('"annotations"')
    boxes = text[start : text.index('"categories"')]
    filler = '"info": {"text": "' + "x" * 100_000 + '"}, '
    write(root / "all.json", "{" + boxes + filler + text.replace(boxes, "").lstrip("{"))


def cvat_images(root: Path) -> None:
    photographs(root / "images")
    write(root / "annotations.xml", cvat(files("abcdef")))


def cvat_sub_folders(root: Path) -> None:
    photographs(root / "images" / "x", "abc")
    photographs(root / "images" / "y", "def")
    write(root / "annotations.xml", cvat({**files("abc", "x/{}.jpg"), **files("def", "y/{}.jpg")}))


def png_upper_case(root: Path) -> None:
    photographs(root / "Images", suffix=".PNG", format="PNG")
    all_voc(root / "Annotations")


def jfif_and_jpe(root: Path) -> None:
    photographs(root / "images", "abc", suffix=".jfif")
    photographs(root / "images", "def", suffix=".JPE")
    all_voc(root / "annotations")


def windows_text(root: Path) -> None:
    """Written on Windows: a byte order mark, line ends and a blank line."""
    photographs(root / "images")
    for stem, faces in FACES.items():
        text = yolo(faces).replace("\n", "\r\n") + "\r\n"
        write(root / "labels" / f"{stem}.txt", b"\xef\xbb\xbf" + text.encode())
    write(root / "classes.txt", b"\xef\xbb\xbf" + "\r\n".join(CLASSES).encode())


def polygons(root: Path) -> None:
    photographs(root / "images")
    for stem, faces in FACES.items():
        lines = ""
        for name, (x1, y1, x2, y2) in faces:
            middle = (x1 + x2) / 2
            corners = [(x1, y2), (middle, y1), (x2, y2)]
            shares = " ".join(f"{x / 100:.6f} {y / 80:.6f}" for x, y in corners)
            lines += f"{CLASSES.index(name)} {shares}\n"
        write(root / "labels" / f"{stem}.txt", lines)
    write(root / "data.yaml", NAMES)


def linked_folder(root: Path) -> None:
    """The photographs lie elsewhere; links lead in a circle and upwards."""
    elsewhere = root.parent / f"{root.name}-photographs"
    photographs(elsewhere)
    all_voc(root / "annotations")
    (root / "images").symlink_to(elsewhere)
    (elsewhere / "again").symlink_to(elsewhere)
    (root / "up").symlink_to(root.parent)


def rubbish_of_systems(root: Path) -> None:
    two_folders("images", "annotations")(root)
    for name in ("Thumbs.db", ".DS_Store", "._a.jpg", "desktop.ini"):
        write(root / "images" / name, "x")
    write(root / "__MACOSX" / "images" / "._a.jpg", "x")


def packed(maker: Maker, name: str, prefix: str = "set/") -> Maker:
    """Return a maker of an archive `name`, which is then what there is in the folder."""

    def make(root: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            maker(Path(folder))
            paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
            names = [prefix + str(path.relative_to(folder)) for path in paths]
            if name.endswith(".zip"):
                with zipfile.ZipFile(root / name, "w") as archive:
                    for path, inner in zip(paths, names, strict=True):
                        archive.writestr(inner, path.read_bytes())
            else:
                with tarfile.open(root / name, "w:gz") as archive:
                    for path, inner in zip(paths, names, strict=True):
                        archive.add(path, inner)

    return make


def windows_zip(root: Path) -> None:
    """A zip that writes ``\\`` between folders, and has entries of folders."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for folder in ("images", "annotations"):
            archive.writestr(zipfile.ZipInfo(f"set\\{folder}\\"), b"")
        inner = root / "tmp"
        two_folders("images", "annotations")(inner)
        for path in sorted(inner.rglob("*.*")):
            name = zipfile.ZipInfo("x")
            name.filename = "set\\" + str(path.relative_to(inner)).replace("/", "\\")
            name.orig_filename = name.filename
            archive.writestr(name, path.read_bytes())
        shutil.rmtree(inner)
    write(root / "set.zip", content.getvalue())


def layouts() -> Iterator[tuple[str, Maker, str]]:
    """Yield what it is, its maker, and the format that is to be found."""
    for images, annotations in (
        ("images", "annotations"),
        ("JPEGImages", "Annotations"),
        ("img", "ann"),
        ("photos", "xmls"),
        ("IMAGES", "labels"),
        ("data/v2/Images", "data/v2/Labels"),
    ):
        yield f"{images} and {annotations}", two_folders(images, annotations), "PASCAL VOC"
    for maker, format in (
        (kaggle_at_depth, "PASCAL VOC"),
        (labelimg_one_folder, "PASCAL VOC"),
        (labelimg_yolo, "YOLO"),
        (labelimg_lists_that_differ, "YOLO"),
        (roboflow_voc, "PASCAL VOC"),
        (roboflow_yolo, "YOLO"),
        (roboflow_coco, "COCO"),
        (roboflow_darknet, "YOLO"),
        (ultralytics, "YOLO"),
        (darknet, "YOLO"),
        (vocdevkit, "PASCAL VOC"),
        (sub_folders, "PASCAL VOC"),
        (sub_folders_annotated_flat, "PASCAL VOC"),
        (oxford, "PASCAL VOC"),
        (masks_of_segmentation, "PASCAL VOC"),
        (darknet_one_folder, "YOLO"),
        (images_in_images, "PASCAL VOC"),
        (unusual_names, "PASCAL VOC"),
        (coco_instances, "COCO"),
        (coco_with_paths, "COCO"),
        (coco_with_annotations_first, "COCO"),
        (cvat_images, "CVAT"),
        (cvat_sub_folders, "CVAT"),
        (png_upper_case, "PASCAL VOC"),
        (jfif_and_jpe, "PASCAL VOC"),
        (windows_text, "YOLO"),
        (polygons, "YOLO"),
        (linked_folder, "PASCAL VOC"),
        (rubbish_of_systems, "PASCAL VOC"),
        (windows_zip, "PASCAL VOC"),
    ):
        yield maker.__name__.replace("_", " "), maker, format
    yield "roboflow yolo, zipped", packed(roboflow_yolo, "export.zip"), "YOLO"
    yield "roboflow coco, zipped flat", packed(roboflow_coco, "export.zip", ""), "COCO"
    yield "vocdevkit, as tar.gz", packed(vocdevkit, "VOC.tar.gz"), "PASCAL VOC"
    yield "cvat, zipped", packed(cvat_images, "task.zip"), "CVAT"
    yield from exports()
