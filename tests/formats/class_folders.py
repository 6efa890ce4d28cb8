"""Sets of single faces in a folder for each class, as people share them."""

import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from tests.formats.layouts import Maker, all_voc, packed
from tests.formats.mistakes import Mended, Refused
from tests.formats.shots import photographs, picture, turned, write

STEMS = {"with_mask": "abc", "without_mask": "de", "mask_weared_incorrect": "f"}
CLASS_OF = {stem: name for name, stems in STEMS.items() for stem in stems}
"""The class of each face of the set that all makers write."""

TO_CLASSIFY = {"task": "classify"}


def in_folders(form: str = "{}", sides: bool = False, **names: str) -> Maker:
    """Return a maker of class folders.

    Parameters
    ----------
    form
        The path of a class folder, with ``{}`` for its name and, where there are `sides`,
        ``{side}``.
    names
        What the folders are called, by our class.
    """
    folders = {name: names.get(name, name) for name in STEMS}

    def make(root: Path) -> None:
        for name, stems in STEMS.items():
            for number, stem in enumerate(stems):
                side = ("train", "validation", "test")[number] if sides else ""
                photographs(root / form.format(folders[name], side=side), stem)

    return make


def also(make: Maker, path: str, data: bytes | str = b"") -> Maker:
    """Return a maker that adds a file, or, of a path that ends in ``/``, an empty folder."""

    def both(root: Path) -> None:
        make(root)
        if path.endswith("/"):
            (root / path).mkdir(parents=True)
        else:
            write(root / path, data)

    return both


def without_class(name: str, *others: str) -> Maker:
    def make(root: Path) -> None:
        for kept in set(STEMS) - {name, *others}:
            photographs(root / kept, STEMS[kept])

    return make


def below_classes(root: Path) -> None:
    """Kinds of pictures in folders below the classes."""
    for stem, name in CLASS_OF.items():
        photographs(root / "FMD" / name / ("simple" if stem in "ad" else "complex"), stem)


def backslashes(root: Path) -> None:
    with zipfile.ZipFile(root / "faces.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("faces\\with_mask\\"), b"")
        for stem, name in CLASS_OF.items():
            archive.writestr(zipfile.ZipInfo(f"faces\\{name}\\{stem}.jpg"), picture(ord(stem)))


def layouts_of_folders() -> Iterator[tuple[str, Maker]]:
    """Yield what it is, and the maker of the six faces of `CLASS_OF`."""
    plain = in_folders()
    yield "class folders alone", plain
    yield (
        "train, validation, test",
        in_folders(
            "{side}/{}",
            sides=True,
            with_mask="faceWithMask",
            without_mask="faceWithoutMask",
            mask_weared_incorrect="incorrect",
        ),
    )
    yield (
        "folders of Kaggle at depth",
        in_folders(
            "archive/Face Mask Dataset/Train/{}",
            with_mask="WithMask",
            without_mask="WithoutMask",
            mask_weared_incorrect="MaskWornIncorrect",
        ),
    )
    yield (
        "mask and non mask",
        in_folders(
            "Mask/{}", with_mask="Mask", without_mask="Non Mask", mask_weared_incorrect="bad"
        ),
    )
    yield "folders below the classes", below_classes
    yield "sides below the classes", in_folders("{}/{side}", sides=True)
    yield "class folders in images", in_folders("data/images/{}")
    yield "class folders, zipped", packed(plain, "faces.zip")
    yield "class folders, zipped flat", packed(plain, "faces.zip", "")
    yield "class folders, as tar.gz", packed(plain, "faces.tar.gz")
    yield "class folders, windows zip", backslashes


def _small(size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, "red").save(file, "PNG")
    return file.getvalue()


def equal_stems(root: Path) -> None:
    in_folders()(root)
    write(root / "with_mask" / "a.png", picture(7, format="PNG"))
    write(root / "without_mask" / "a.jpg", picture(8))


def zeros_and_ones(root: Path) -> None:
    in_folders("train/{}", with_mask="0", without_mask="1", mask_weared_incorrect="2")(root)


def tar_with_an_empty_folder(root: Path) -> None:
    with tarfile.open(root / "faces.tar", "w") as archive:
        for name in ("set", "set/mask_weared_incorrect"):
            folder = tarfile.TarInfo(name)
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
        for stem in "abde":
            member = tarfile.TarInfo(f"set/{CLASS_OF[stem]}/{stem}.jpg")
            data = picture(ord(stem))
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def folders_mended() -> Iterator[tuple[str, Mended]]:
    """Yield what it is, and the set."""
    two = without_class("mask_weared_incorrect")
    told = ("0=with_mask", "1=without_mask", "2=mask_weared_incorrect")
    yield from {
        "an empty class folder": Mended(
            also(two, "mask_weared_incorrect/"),
            {
                "empty_classes": ["mask_weared_incorrect/"],
                "photos": 5,
                "classes_missing": ["mask_weared_incorrect"],
            },
            TO_CLASSIFY,
        ),
        "a class folder of HEIC alone": Mended(
            also(two, "mask_weared_incorrect/a.heic", b"x"),
            {"empty_classes": ["mask_weared_incorrect/"], "not_read": {"HEIC": 1}},
            TO_CLASSIFY,
        ),
        "an empty class folder in a tar": Mended(
            tar_with_an_empty_folder,
            {"empty_classes": ["set/mask_weared_incorrect/"], "photos": 4},
            TO_CLASSIFY,
        ),
        "a class folder that is left out": Mended(
            also(in_folders(), "helmet/x.jpg", picture(9)),
            {"photos": 6, "empty": 0, "unreadable": 0},
            TO_CLASSIFY | {"classes": ("helmet=ignore",)},
        ),
        "folders of numbers, told": Mended(
            zeros_and_ones,
            {
                "photos": 6,
                "faces": {"with_mask": 3, "without_mask": 2, "mask_weared_incorrect": 1},
            },
            TO_CLASSIFY | {"classes": told},
        ),
        "a face of one pixel": Mended(
            also(in_folders(), "with_mask/x.png", _small((1, 1))),
            {"photos": 7, "too_small": 1, "boxes.dropped": 0},
            TO_CLASSIFY,
        ),
        "faces of a few pixels": Mended(
            also(in_folders(), "with_mask/x.png", _small((40, 19))),
            {"photos": 7, "too_small": 1},
            TO_CLASSIFY | {"smallest_face": 20},
        ),
        "the same picture in two classes, left out": Mended(
            also(in_folders(), "without_mask/x.jpg", picture(ord("a"))),
            {
                "photos": 5,
                "unreadable": 2,
                "faces": {"with_mask": 2, "without_mask": 2, "mask_weared_incorrect": 1},
            },
            TO_CLASSIFY | {"skip_bad": True},
        ),
        "the same picture twice in a class": Mended(
            also(in_folders(), "with_mask/x.jpg", picture(ord("a"))), {"photos": 7}, TO_CLASSIFY
        ),
        "a damaged face, left out": Mended(
            also(in_folders(), "with_mask/x.jpg", b"\xff\xd8\xff"),
            {"photos": 6, "unreadable": 1},
            TO_CLASSIFY | {"skip_bad": True},
        ),
        "pictures beside class folders": Mended(
            also(in_folders("dataset/{}"), "examples/x.jpg", picture(9)),
            {"photos": 6, "elsewhere": 1},
            TO_CLASSIFY,
        ),
        "equal names in class folders": Mended(
            equal_stems, {"photos": 8, "named_by_path": 3}, TO_CLASSIFY
        ),
        "a face turned by EXIF": Mended(
            also(in_folders(), "with_mask/x.jpg", turned(6)),
            {"photos": 7, "turned": 0, "turn_untold": 0, "boxes.dropped": 0, "boxes.clipped": 0},
            TO_CLASSIFY,
        ),
        "annotated photographs in class folders": Mended(
            annotated_in_folders,
            {"format": "PASCAL VOC", "photos": 3, "too_small": 0},
            TO_CLASSIFY,
        ),
    }.items()


def annotated_in_folders(root: Path) -> None:
    """Photographs with boxes, which count, whatever their folders are called."""
    for folder, stems in (("with_mask", "ab"), ("without_mask", "c")):
        photographs(root / folder, stems)
        all_voc(root / folder, stems)


def folders_refused() -> Iterator[tuple[str, Refused]]:
    """Yield what it is, and the set."""
    alone = without_class("without_mask", "mask_weared_incorrect")
    yield from {
        "class folders to detect": Refused(
            in_folders(), r"with_mask/ and without_mask/.*without boxes; --task classify learns"
        ),
        "class folders to detect, by name": Refused(
            in_folders(),
            "--format folders: class folders have no boxes.*--task classify",
            {"format": "folders"},
        ),
        "a class folder of an unknown name": Refused(
            also(in_folders(), "helmet/x.jpg", picture(9)),
            r"(?s)1 class name is not known: 'helmet' \(1 box\).*--classes helmet=ignore",
            TO_CLASSIFY,
        ),
        "folders of numbers": Refused(
            zeros_and_ones, r"3 class names are not known: '0' \(3 boxes\); '1'", TO_CLASSIFY
        ),
        "one class folder": Refused(alone, "all faces are of one class, with_mask", TO_CLASSIFY),
        "one class folder beside an empty one": Refused(
            also(alone, "without_mask/"),
            "all faces are of one class, with_mask.*; no photograph in without_mask/",
            TO_CLASSIFY,
        ),
        "the same picture in two classes": Refused(
            also(in_folders(), "without_mask/x.jpg", picture(ord("a"))),
            r"with_mask/a.jpg \(with_mask\) and without_mask/x.jpg \(without_mask\) are the same "
            "picture.*--skip-bad",
            TO_CLASSIFY,
        ),
        "faces of one pixel alone": Refused(
            one_pixel_each,
            "2 faces with a shorter side of less than 8 pixels cannot be judged.*--smallest-face",
            TO_CLASSIFY,
        ),
        "pictures in no class folder": Refused(
            also(in_folders(), "x.jpg", picture(9)),
            r"1 photograph \(x.jpg\) without an annotation.*--unlabelled skip",
            TO_CLASSIFY,
        ),
        "a damaged face": Refused(
            also(in_folders(), "with_mask/x.jpg", b"\xff\xd8\xff"), "--skip-bad", TO_CLASSIFY
        ),
        "flat photographs to classify": Refused(
            lambda root: photographs(root), "but nothing annotates them", TO_CLASSIFY
        ),
        "two sets of class folders": Refused(
            two_sets, r"holds several data sets \('one/', 'two/'\)", TO_CLASSIFY
        ),
    }.items()


def one_pixel_each(root: Path) -> None:
    write(root / "with_mask" / "a.png", _small((1, 1)))
    write(root / "without_mask" / "b.png", _small((1, 3)))


def two_sets(root: Path) -> None:
    for name in ("one", "two"):
        in_folders(name + "/train/{}")(root)
