"""A data set of two classes, whichever is missing: from the evaluation to the report."""

import copy
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from utils.analysis.evaluation.evaluate import write_evaluation
from utils.analysis.evaluation.pictures import DRAWINGS
from utils.analysis.plots.class_distribution import class_distribution
from utils.analysis.prediction.predict import predict_shard
from utils.analysis.report.meaning import absent_classes, meaning
from utils.analysis.report.write import ReportInputs, write_report
from utils.dataset.labels import CLASSES, TITLES
from utils.dataset.shards import write_shard
from utils.records import read_record, write_record

WORDS = {
    "with_mask": ("What share of people wear a mask properly?", "cannot be told"),
    "without_mask": (
        "What share of people with a mask wear it properly?",
        "of the people with a mask on 12 new photographs wear it properly (95 % interval",
    ),
    "mask_weared_incorrect": (
        "What share of people wear a mask?",
        "of the people on 12 new photographs wear a mask (95 % interval",
    ),
}


@pytest.fixture(scope="module", params=CLASSES)
def run(request, new_detector, photo, tmp_path_factory) -> tuple[str, Path]:
    """The name of the missing class, and a folder with the whole report of a good detector."""
    folder, detector = tmp_path_factory.mktemp("two"), new_detector()
    one, two = (k for k, name in enumerate(CLASSES, start=1) if name != request.param)
    tests = [photo(f"t{k:02d}", one, two, one) for k in range(40)]
    new = [photo(f"n{k:02d}", one, two, one) for k in range(12)]
    for k, each in enumerate(tests):
        detector.knows(each, [one, two, two if k == 0 else one], [0.9, 0.8, 0.7])
    for each in new:
        detector.knows(each, [one, two, one], [0.9, 0.8, 0.7])
    for name, photos in (("test", tests), ("new", new)):
        write_shard(folder / f"{name}.tar", photos)
    pictures = [folder / f"{name}.png" for name in DRAWINGS]
    out = {"json": folder / "evaluation.json", "text": folder / "evaluation.txt"}
    write_evaluation(detector, folder / "test.tar", 0, **out, pictures=pictures)
    predict_shard(detector, folder / "new.tar", folder / "p.json", folder / "images.tar")
    pictures.append(folder / "class_distribution.png")
    class_distribution([folder / "test.tar"], pictures[-1])
    faces = {CLASSES[one - 1]: 24, CLASSES[two - 1]: 12}
    side = {"photos": 12, "groups": 12, "faces": faces, "classes_missing": [request.param]}
    sides = {name: copy.deepcopy(side) for name in ("train", "val", "test")}
    counts = dict.fromkeys(("near_duplicates", "dropped_boxes", "clipped_boxes"), 0)
    split = {
        "photos": {f"t{k:02d}": {"group": k} for k in range(40)},
        "sides": sides,
        "groups": 36,
        "skipped": [],
        **counts,
    }
    write_record(folder / "split.json", split)
    training = {"arch": "a", "params": {}, "image_size": 9, "photos": 1, "parameters": 1}
    training |= {"device": "cpu", "epochs": [], "threshold": 0.5}
    write_record(folder / "training.json", training)
    write_record(folder / "configuration.json", {"new_photographs": {"photos": 12}})
    inputs = ReportInputs(
        **{name: folder / f"{name}.json" for name in ("configuration", "split", "training")},
        evaluation=out["json"],
        predictions=[folder / "p.json"],
        images=[folder / "images.tar"],
        pictures=pictures,
    )
    outputs = {"page": "report.html", "table": "p.txt", "faces": "p.csv", "picture": "p.png"}
    outputs["prevalence"] = "prevalence.json"
    write_report(inputs, 0, **{key: folder / name for key, name in outputs.items()})
    return request.param, folder


def test_metrics_of_the_missing_class_are_absent_and_means_are_of_the_others(run) -> None:
    missing, folder = run
    record = read_record(folder / "evaluation.json", 2)
    precision, point = record["average_precision"], record["operating_point"]
    others = [name for name in CLASSES if name != missing]
    assert record["faces"][missing] == 0
    for key in ("map", "map_50"):
        assert precision["classes"][missing][key] is None
        told = [precision["classes"][name][key] for name in others]
        assert precision[key] == pytest.approx(sum(told) / 2)
    assert precision["intervals"]["map_50"] is not None
    part = point["classes"][missing]
    assert {part[key] for key in ("precision", "recall", "f1")} == {None}
    assert set(part["intervals"].values()) == {None}
    lines = (folder / "evaluation.txt").read_text().splitlines()
    title = TITLES[CLASSES.index(missing) + 1]
    told = [
        line.removeprefix(f"  {title} ") for line in lines if f"{line} ".startswith(f"  {title}  ")
    ]
    assert [line.split() for line in told[:2]] == [["0", "-", "-"], ["0", "0", "-", "-", "-"]]
    for name in DRAWINGS:
        assert Image.open(folder / f"{name}.png").width > 500


def test_the_question_and_the_answer_are_those_that_the_data_allow(run) -> None:
    missing, folder = run
    question, answer = WORDS[missing]
    page = BeautifulSoup((folder / "report.html").read_text(), "lxml")
    record = read_record(folder / "prevalence.json")
    assert page.h1.text == question
    assert answer in record["answer"]
    assert record["absent"] == [missing]
    assert (record["properly_masked"]["share"] is None) == (missing == "with_mask")
    assert ("No answer" in page.title.text) == (missing == "with_mask")
    assert record["corrected"][missing]["share"] is None
    for caveats in (record["caveats"], record["serious"]):
        assert f"no face of class '{TITLES[CLASSES.index(missing) + 1]}'" in caveats[0]
    assert "test set has no face" not in " ".join(record["caveats"])
    assert "has no face of class" not in page.select_one("#data").text  # not for each side again


def test_a_class_is_absent_only_if_no_side_has_it() -> None:
    sides = {
        "train": {"faces": {"with_mask": 3, "without_mask": 0}},
        "test": {"faces": {"with_mask": 0, "without_mask": 1}},
    }
    assert absent_classes(sides) == ["mask_weared_incorrect"]


def test_one_class_alone_gives_no_share() -> None:
    for name in CLASSES:
        asked = meaning([other for other in CLASSES if other != name])
        assert not asked.told and asked.without
