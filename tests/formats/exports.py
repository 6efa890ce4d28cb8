"""Sets that hold the faces of `shots.FACES`, as tools export them and authors share them."""

from collections.abc import Callable, Iterator
from pathlib import Path

from tests.formats.shots import CLASSES, FACES, Face, coco, photographs, voc, write, yolo

Maker = Callable[[Path], None]

LIST = "\n".join(CLASSES)


def _each(folder: Path, end: str, text: Callable[[list[Face]], str], stems: str = "abcdef") -> None:
    for stem in stems:
        write(folder / f"{stem}{end}", text(FACES[stem]))


def _coco(form: str, suffix: str = ".jpg") -> Maker:
    def make(root: Path) -> None:
        photographs(root / "images", suffix=suffix)
        write(root / "result.json", coco({form.format(stem): FACES[stem] for stem in FACES}))

    return make


def aizoo(root: Path) -> None:
    """No sizes, a name that is another file's, and a note beside the photographs."""
    for side, stems in (("train", "abcd"), ("val", "ef")):
        photographs(root / side, stems)
        _each(root / side, ".xml", lambda faces: voc(faces, None).replace("x.jpg", "x.xml"), stems)
    write(root / "train" / "readme.txt", "see the other folder")


def whole_name_before_the_suffix(root: Path) -> None:
    photographs(root / "images")
    _each(root / "annotations", ".jpg.xml", voc)


def whole_name_before_the_suffix_in_yolo(root: Path) -> None:
    photographs(root / "images")
    _each(root / "labels", ".jpg.txt", yolo)
    write(root / "classes.txt", LIST)


def label_studio_yolo(root: Path) -> None:
    photographs(root / "images")
    _each(root / "labels", ".txt", yolo)
    write(root / "classes.txt", LIST)
    write(root / "notes.json", '{"categories": [{"id": 0, "name": "with_mask"}], "info": {}}')


def cvat_voc(root: Path) -> None:
    photographs(root / "JPEGImages")
    _each(root / "Annotations", ".xml", voc)
    write(root / "labelmap.txt", "# label:color_rgb:parts:actions\nwith_mask:1,2,3::\n")
    write(root / "ImageSets" / "Main" / "default.txt", "\n".join(FACES))


def cvat_ultralytics(root: Path) -> None:
    photographs(root / "images" / "train")
    _each(root / "labels" / "train", ".txt", yolo)
    names = "".join(f"  {number}: {name}\n" for number, name in enumerate(CLASSES))
    write(root / "data.yaml", f"path: ./\ntrain: train.txt\nnames:\n{names}")
    write(root / "train.txt", "images/train/a.jpg\n")


def vott(root: Path) -> None:
    photographs(root / "masks-PascalVOC-export" / "JPEGImages")
    _each(root / "masks-PascalVOC-export" / "Annotations", ".xml", voc)
    write(root / "masks-PascalVOC-export" / "pascal_label_map.pbtxt", "item {}")


def fmld(root: Path) -> None:
    """Annotations are shared by side; photographs come from elsewhere."""
    photographs(root / "images")
    _each(root / "FMLD_annotations" / "train", ".xml", voc, "abcd")
    _each(root / "FMLD_annotations" / "test", ".xml", voc, "ef")


def json_called_like_a_photograph(root: Path) -> None:
    photographs(root / "images")
    write(root / "a.json", coco({f"{stem}.jpg": FACES[stem] for stem in FACES}))


def voc_with_more_fields(root: Path) -> None:
    """Parts of an object, outlines and attributes, as VOC 2012, Roboflow and CVAT write them."""
    more = (
        "<part><name>nose</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>3</xmax><ymax>3</ymax>"
        "</bndbox></part><polygon><x1>1</x1><y1>2</y1></polygon><attributes><attribute>"
        "<name>rotation</name><value>0.0</value></attribute></attributes></object>"
    )
    photographs(root / "images")
    _each(root / "annotations", ".xml", lambda faces: voc(faces).replace("</object>", more))


def names_in_the_encoding_of_another_country(root: Path) -> None:
    names = {"with_mask": "戴口罩", "without_mask": "未戴口罩"}
    photographs(root / "images")
    for stem, faces in FACES.items():
        text = '<?xml version="1.0" encoding="gbk"?>' + voc(faces, names=names)
        write(root / "annotations" / f"{stem}.xml", text.encode("gbk"))


def a_repository_around_it(root: Path) -> None:
    photographs(root / "images")
    _each(root / "annotations", ".xml", voc)
    write(root / "package.json", '{"name": "app"}')
    write(root / "notebook.ipynb", "{}")
    write(root / "requirements.txt", "numpy\n")


def yaml_files_of_other_programs(root: Path) -> None:
    label_studio_yolo(root)
    write(root / "environment.yml", "name: x\ndependencies:\n- pip:\n  - names\n")
    write(root / "runs" / "args.yaml", "task: detect\nhide_names: false\n")


def predefined_classes(root: Path) -> None:
    """The list that LabelImg offers lies beside the one that it wrote."""
    photographs(root)
    _each(root, ".txt", yolo)
    write(root / "classes.txt", LIST)
    write(root / "predefined_classes.txt", "without_mask\nwith_mask\nmask_weared_incorrect\n")


def a_list_above(root: Path) -> None:
    """Lists of two days differ; each lies above the labels."""
    for day, order, stems in (("day1", CLASSES, "abc"), ("day2", CLASSES[::-1], "def")):
        photographs(root / day / "x", stems)
        _each(root / day / "x", ".txt", lambda faces, o=order: yolo(faces, o), stems)
        write(root / day / "classes.txt", "\n".join(order))


def exports() -> Iterator[tuple[str, Maker, str]]:
    """Yield what it is, its maker, and the format that is to be found."""
    for maker, format in (
        (aizoo, "PASCAL VOC"),
        (whole_name_before_the_suffix, "PASCAL VOC"),
        (whole_name_before_the_suffix_in_yolo, "YOLO"),
        (label_studio_yolo, "YOLO"),
        (yaml_files_of_other_programs, "YOLO"),
        (predefined_classes, "YOLO"),
        (a_list_above, "YOLO"),
        (cvat_voc, "PASCAL VOC"),
        (cvat_ultralytics, "YOLO"),
        (vott, "PASCAL VOC"),
        (fmld, "PASCAL VOC"),
        (json_called_like_a_photograph, "COCO"),
        (voc_with_more_fields, "PASCAL VOC"),
        (names_in_the_encoding_of_another_country, "PASCAL VOC"),
        (a_repository_around_it, "PASCAL VOC"),
    ):
        yield maker.__name__.replace("_", " "), maker, format
    for what, form in {
        "Windows": "images\\{}.jpg",
        "a server": "../../label-studio/media/upload/4/{}.jpg",
        "an address": "https://example.org/bucket/{}.jpg",
        "a local address": "/data/local-files/?d={}.jpg",
        "an address, quoted": "images/{}%2Ejpg",
        "stems": "{}",
        "other suffixes": "{}.png",
    }.items():
        yield f"coco with names of {what}", _coco(form), "COCO"
    yield "coco with suffixes in another case", _coco("{}.jpg", ".JPG"), "COCO"
