"""A finished run of fakes: twelve new photographs in two shards, and what was found on them."""

from pathlib import Path

import pytest

from utils.analysis.evaluation.evaluate import write_evaluation
from utils.analysis.evaluation.pictures import DRAWINGS
from utils.analysis.prediction.predict import predict_shard
from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES
from utils.dataset.shards import Photo, write_shard
from utils.records import write_record

PEOPLE = (
    (1, 1, 2),
    (1,),
    (2, 3),
    (),
    (1, 2),
    (1, 1, 1, 2),
    (2,),
    (1, 3),
    (1, 1),
    (2, 2),
    (1,),
    (3,),
)
"""Who is on each of the new photographs."""


def name_of(number: int) -> str:
    return f"day{number % 2}/new {number:02d}"


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory, photo, new_detector) -> Path:
    """A run folder, as far as is needed to go on from its answer."""
    folder, detector = tmp_path_factory.mktemp("finished"), new_detector()
    output = folder / "output"
    output.mkdir()
    tests = [photo(f"test{k:02d}", *PEOPLE[k % len(PEOPLE)]) for k in range(24)]
    for k, one in enumerate(tests):
        labels = PEOPLE[k % len(PEOPLE)]
        detector.knows(one, labels, [0.9] * len(labels))
    write_shard(folder / "test.tar", tests)
    write_evaluation(
        detector,
        folder / "test.tar",
        0,
        json=output / "evaluation.json",
        text=output / "evaluation.txt",
        pictures=[folder / f"{name}.png" for name in DRAWINGS],
    )
    new = []
    for number, labels in enumerate(PEOPLE):
        one = photo(name_of(number), *labels)
        detector.knows(one, labels, [0.8 if k else 0.4 for k in range(len(labels))])
        new.append(Photo(one.name, one.filename, one.image))
    for shard in range(2):
        part = sorted(new[shard::2], key=lambda one: one.name)
        write_shard(folder / f"predict_{shard}.tar", part)
        predict_shard(
            detector,
            folder / f"predict_{shard}.tar",
            output / f"predictions_{shard}.json",
            output / f"predicted_images_{shard}.tar",
        )
    write_record(output / "prevalence.json", {"plan": {"now": 0.2}, "group_of": None})
    side = {"photos": 24, "groups": 24, "faces": dict.fromkeys(CLASSES, 9)}
    write_record(output / "split.json", {"sides": {"test": side}})
    return folder


@pytest.fixture
def record() -> dict:
    """What ``run.json`` says of it."""
    return {
        "name": "tiny",
        "command": "python workflow.py --data x --run-dir runs/a --predict 'my photos' --epochs 3",
        "options": {"seed": 7},
        "digests": {"dataset.tar": "", "predict_0.tar": "", "predict_1.tar": ""},
    }


@pytest.fixture(scope="session")
def truth(photo) -> dict[str, Faces]:
    """The faces of the new photographs, by name."""
    result = {}
    for number, labels in enumerate(PEOPLE):
        one = photo(name_of(number), *labels)
        result[one.name] = one.read_annotation(160, 120).faces
    return result
