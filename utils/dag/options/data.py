"""Options of what a run reads, and of what it makes of the annotations."""

from dataclasses import dataclass
from pathlib import Path

from utils.dag.options.declared import always, option
from utils.dag.options.pairs import mapping
from utils.dag.options.readers import choice, flag, is_data_version, path, paths, real, store, whole

TASKS = ("detect", "classify")
"""The default first."""

FORMATS = ("auto", "voc", "yolo", "coco", "cvat", "folders")
GROUP_BY = ("folders", "exif")
"""What ``--groups`` takes besides a file."""

UNLABELLED = ("refuse", "skip", "negative")
SPLITS = ("groups", "given")

SAMPLE = Path(__file__).resolve().parents[3] / "data"


@dataclass(frozen=True)
class DataOptions:
    """What is read."""

    task: str = option(
        choice(*TASKS),
        TASKS[0],
        "what is learnt; detect: to find faces on photographs and tell their classes; classify: to "
        "tell the class of a picture of one face, as docs/classify.md says (default: detect)",
        "{" + ",".join(TASKS) + "}",
    )
    data: Path | None = option(
        path,
        None,
        "annotated photographs (PASCAL VOC, YOLO, COCO, CVAT; with --task classify also a folder "
        "for each class): a folder, a .zip or a .tar* of one, or a version that `data add` keeps, "
        "NAME or NAME@VERSION, as docs/data.md says (default: the bundled sample)",
        "PATH",
        is_path=lambda value: not is_data_version(value),
    )
    store: str | None = option(
        store,
        None,
        "where versions of data sets are kept: a folder, or an address that fsspec knows, as "
        "docs/data.md says (default: MASK_DETECTION_STORE, else data_store/ of the project)",
        "ADDRESS",
        is_path=lambda value: "://" not in value,
        goes_on=True,
    )
    predict: tuple[Path, ...] = option(
        paths,
        (),
        "new photographs and videos: a folder, an archive or files (default: with the bundled "
        "sample its own, with --data the photographs of the test side)",
        "PATH",
        many=True,
        is_path=always,
    )
    predict_annotations: Path | None = option(
        path,
        None,
        "a sample of the new photographs that `suggest` dealt and people annotated: a folder or an "
        "archive. The answer is corrected by it (default: by the test photographs alone)",
        "PATH",
        is_path=always,
    )
    groups: str | None = option(
        lambda value: str(path(value)),
        None,
        "places or times whose shares are compared: a table FILE.csv with a column photograph and "
        "one or more of site, camera, time, weight; folders: the folder of each new photograph; "
        "exif: when each was taken (default: none)",
        "{" + ",".join(GROUP_BY) + ",FILE}",
        is_path=lambda value: value not in GROUP_BY,
    )
    format: str = option(
        choice(*FORMATS),
        "auto",
        "format of the annotations of --data; auto: the one that is there (default: auto)",
        "{" + ",".join(FORMATS) + "}",
    )
    classes: tuple[str, ...] = option(
        mapping,
        (),
        "what class names in --data mean: with_mask, without_mask, mask_weared_incorrect or "
        "ignore, e.g. helmet=ignore; names that public data sets use are known (default: those)",
        "THEIRS=OURS",
        many=True,
        laid_over=True,
    )
    unlabelled: str = option(
        choice(*UNLABELLED),
        "refuse",
        "photographs of --data without annotation: refuse; skip: leave them out; negative: they "
        "show no face. The latter two leave out annotations without photograph (default: refuse)",
        "{" + ",".join(UNLABELLED) + "}",
    )
    allow_bad_boxes: bool = option(
        flag, False, "go on where more than 5%% of the boxes are impossible (default: stop)"
    )
    margin: float = option(
        real(0, 2),
        0.2,
        "what is added to the square of a face that is cut out, on each side, as a share of the "
        "longer side of its box; pictures that are a face as a whole get none (default: 0.2)",
        task="classify",
    )
    smallest_face: int = option(
        whole(1, 1000),
        8,
        "a face with a shorter side of less is left out, and counted (default: 8)",
        "PX",
        task="classify",
    )
    split: str = option(
        choice(*SPLITS),
        "groups",
        "sides of --data; groups: dealt so that near-duplicates stay together; given: as folders "
        "train, val, test say (default: groups)",
        "{" + ",".join(SPLITS) + "}",
    )
