"""Samples of new photographs as annotation tools give them back, laid over the folder dealt.

Written by hand, as these tools write; each holds `TRUTH`.
"""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image

from tests.formats.shots import HEIGHT, WIDTH, Face, coco, cvat, voc, write, yolo

FILES = tuple(f"{n + 1}_p{n}.jpg" for n in range(6))
"""What the photographs are called that were dealt."""

TRUTH: dict[str, list[Face]] = {
    FILES[0]: [("with_mask", (10, 10, 30, 40))],  # as it was filled in
    FILES[1]: [("without_mask", (10, 10, 30, 40))],
    FILES[2]: [],
    FILES[3]: [("with_mask", (12, 10, 32, 40)), ("mask_weared_incorrect", (50, 10, 70, 40))],
    FILES[4]: [("without_mask", (50, 10, 70, 40)), ("without_mask", (75, 10, 95, 40))],
    FILES[5]: [("mask_weared_incorrect", (10, 10, 30, 40))],
}

SORTED = ("mask_weared_incorrect", "with_mask", "without_mask")
"""The classes in the order of the alphabet, as Label Studio and Roboflow have them."""

Maker = Callable[[Path], None]


def _stem(file: str) -> str:
    return file.rpartition(".")[0]


def _hashed(file: str) -> str:
    return f"{0x1F2E3D00 + FILES.index(file):08x}-{file}"


def roboflow_name(file: str, copy: int = 0) -> str:
    return f"{file.replace('.', '_')}.rf.{FILES.index(file):031x}{copy}.jpg"


def _move_images(root: Path, folder: str, name: Callable[[str], str]) -> None:
    for file in FILES:
        write(root / folder / name(file), (root / "images" / file).read_bytes())


def _labels(root: Path, name: Callable[[str], str] = str, classes: tuple = SORTED) -> None:
    for file, faces in TRUTH.items():
        write(root / f"{_stem(name(file))}.txt", yolo(faces, classes))


def _labelimg(file: str) -> str:
    told = f"<folder>images</folder><filename>{file}</filename><path>C:\\Users\\me\\{file}</path>"
    told += "<source><database>Unknown</database></source>"
    text = voc(TRUTH[file]).replace("<folder>x</folder><filename>x.jpg</filename>", told)
    return text.replace("</size>", "</size><segmented>0</segmented>").replace(
        "<difficult>", "<truncated>0</truncated><difficult>"
    )


def labelimg_in_place(root: Path) -> None:
    for file in FILES:
        write(root / "annotations" / f"{_stem(file)}.xml", _labelimg(file))


def labelimg_beside_the_photographs(root: Path) -> None:
    """As it saves where nobody told it another folder; those filled in stay."""
    for file in FILES:
        write(root / "images" / f"{_stem(file)}.xml", _labelimg(file))


def labelimg_yolo(root: Path) -> None:
    """It offers classes of its own first, and writes them all."""
    classes = ("dog", "person", *SORTED)
    _labels(root / "labels", classes=classes)
    write(root / "labels" / "classes.txt", "\n".join(classes))


def labelimg_yolo_of_what_was_wrong(
    root: Path, classes: tuple[str, ...] = ("dog", "person", *SORTED)
) -> None:
    """Only what was changed is saved, and with it all classes."""
    for file in FILES[1:]:
        write(root / "labels" / f"{_stem(file)}.txt", yolo(TRUTH[file], classes))
    write(root / "labels" / "classes.txt", "\n".join(classes))


def label_studio_yolo(root: Path) -> None:
    """The export, unpacked over the folder: images, labels, classes.txt and notes.json."""
    _move_images(root, "images", _hashed)
    _labels(root / "labels", _hashed)
    write(root / "classes.txt", "\n".join(SORTED))
    write(root / "notes.json", '{"categories": [{"id": 0, "name": "x"}], "info": {}}')


def label_studio_yolo_in_a_folder(root: Path) -> None:
    _move_images(root, "project-1-at-2026/images", _hashed)
    _labels(root / "project-1-at-2026" / "labels", _hashed)
    write(root / "project-1-at-2026" / "classes.txt", "\n".join(SORTED))


def label_studio_yolo_without_photographs(root: Path) -> None:
    _labels(root / "export" / "labels", _hashed)
    write(root / "export" / "classes.txt", "\n".join(SORTED))


def label_studio_voc(root: Path) -> None:
    _move_images(root, "export/images", _hashed)
    for file, faces in TRUTH.items():
        write(root / "export" / "Annotations" / f"{_stem(_hashed(file))}.xml", voc(faces))


def _label_studio_coco(form: str) -> Maker:
    def make(root: Path) -> None:
        named = {form.format(_hashed(file)): faces for file, faces in TRUTH.items()}
        write(root / "result.json", coco(named))

    return make


def label_studio_coco_with_photographs(root: Path) -> None:
    _move_images(root, "export/images", _hashed)
    named = {f"images/{_hashed(file)}": faces for file, faces in TRUTH.items()}
    write(root / "export" / "result.json", coco(named))


def cvat_for_images(root: Path) -> None:
    write(root / "annotations.xml", cvat(TRUTH))


def cvat_for_images_in_folders(root: Path) -> None:
    named = {f"upload/day 1/images/{file}": faces for file, faces in TRUTH.items()}
    write(root / "task" / "annotations.xml", cvat(named))


def cvat_coco(root: Path) -> None:
    named = {f"images/{file}": faces for file, faces in TRUTH.items()}
    write(root / "annotations" / "instances_default.json", coco(named))


def cvat_yolo(root: Path) -> None:
    """YOLO 1.1, without the photographs."""
    _labels(root / "obj_train_data")
    write(root / "obj.names", "\n".join(SORTED))
    write(root / "obj.data", "classes = 3\ntrain = data/train.txt\nnames = data/obj.names\n")
    write(root / "train.txt", "\n".join(f"data/obj_train_data/{file}" for file in FILES))


def cvat_yolo_with_photographs(root: Path) -> None:
    cvat_yolo(root)
    _move_images(root, "obj_train_data", str)


def cvat_voc_over_the_folder(root: Path) -> None:
    _move_images(root, "JPEGImages", str)
    for file, faces in TRUTH.items():
        write(root / "Annotations" / f"{_stem(file)}.xml", voc(faces))


def cvat_voc(root: Path) -> None:
    for file, faces in TRUTH.items():
        write(root / "export" / "Annotations" / f"{_stem(file)}.xml", voc(faces))
    write(root / "export" / "labelmap.txt", "# label:color_rgb:parts:actions\nwith_mask:1,2,3::\n")
    write(root / "export" / "ImageSets" / "Main" / "default.txt", "\n".join(map(_stem, FILES)))


def saved_anew(root: Path, file: str, size: tuple[int, int]) -> bytes:
    saved = io.BytesIO()
    Image.open(root / "images" / file).resize(size).save(saved, "JPEG", quality=90)
    return saved.getvalue()


def roboflow_yolo(root: Path) -> None:
    """Photographs are stretched to a square, saved anew and renamed."""
    for file in FILES:
        write(root / "train" / "images" / roboflow_name(file), saved_anew(root, file, (320, 320)))
    _labels(root / "train" / "labels", roboflow_name)
    write(root / "data.yaml", f"train: ../train/images\nnc: 3\nnames: {json.dumps(SORTED)}\n")
    write(root / "README.roboflow.txt", "exported")


def roboflow_voc(root: Path) -> None:
    for file, faces in TRUTH.items():
        size = 2 * WIDTH, 2 * HEIGHT
        larger = [(name, tuple(2 * side for side in box)) for name, box in faces]
        write(root / "train" / roboflow_name(file), saved_anew(root, file, size))
        write(root / "train" / f"{_stem(roboflow_name(file))}.xml", voc(larger, size))


def renamed_by_hand(root: Path) -> None:
    for number, file in enumerate(FILES):
        (root / "images" / file).rename(root / "images" / f"gate {number}.jpg")
        write(root / "images" / f"gate {number}.xml", voc(TRUTH[file]))


def samples() -> Iterator[tuple[str, Maker]]:
    """Yield what it is, and its maker."""
    for maker in (
        labelimg_in_place,
        labelimg_beside_the_photographs,
        labelimg_yolo,
        label_studio_yolo,
        label_studio_yolo_in_a_folder,
        label_studio_yolo_without_photographs,
        label_studio_voc,
        label_studio_coco_with_photographs,
        cvat_for_images,
        cvat_for_images_in_folders,
        cvat_coco,
        cvat_yolo,
        cvat_yolo_with_photographs,
        cvat_voc,
        cvat_voc_over_the_folder,
        roboflow_yolo,
        roboflow_voc,
        renamed_by_hand,
    ):
        yield maker.__name__.replace("_", " "), maker
    for what, form in {
        "a server": "../../label-studio/data/media/upload/1/{}",
        "stems in a folder": "images/{}",
        "a local address": "/data/local-files/?d=photos/{}",
    }.items():
        yield f"label studio coco with names of {what}", _label_studio_coco(form)
