import re
import shutil
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from utils.analysis.evaluation.evaluate import write_evaluation
from utils.analysis.evaluation.pictures import DRAWINGS, drawings_of
from utils.analysis.plots.annotated import annotated_photographs
from utils.analysis.plots.class_distribution import plot_class_distribution
from utils.analysis.plots.training import hpo_history, training_curves
from utils.analysis.prediction.predict import predict_shard
from utils.analysis.report.pictures import PICTURES, read_pictures
from utils.analysis.report.write import ReportInputs, write_report
from utils.dataset.labels import CLASSES
from utils.dataset.shards import Photo, write_shard
from utils.errors import InputError
from utils.records import read_record, write_record

NOT_PNG = ("hpo_history", "annotated_photographs", "shares_by_group")
OF_DETECTORS = [one for one in PICTURES if one not in drawings_of("two_stage") or one in DRAWINGS]
NASTY = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def made(new_detector, photo, tmp_path_factory) -> Path:
    """A folder with the files of a small run: three test photographs, four new ones, no search."""
    folder, detector = tmp_path_factory.mktemp("run"), new_detector()

    def shard(name: str, *photos: Photo) -> Path:
        write_shard(folder / name, sorted(photos, key=lambda one: one.name))
        return folder / name

    tests = [photo("t1", 1, 2), photo("t2", 3), photo("t3")]
    detector.knows(tests[0], [1, 2], [0.9, 0.8])
    detector.knows(tests[1], [1], [0.7])
    detector.knows(tests[2], [], [])
    new = [photo("new1", 1, 1, 2), photo("new2", 1), photo(f"{NASTY[1:7]} & 3", 2), photo("new4")]
    detector.knows(new[0], [1, 1, 2], [0.95, 0.9, 0.85])
    detector.knows(new[1], [1], [0.52])
    detector.knows(new[2], [2, 1], [0.7, 0.45])
    detector.knows(new[3], [], [])
    write_evaluation(
        detector,
        shard("test.tar", *tests),
        0,
        json=folder / "evaluation.json",
        text=folder / "evaluation.txt",
        pictures=[folder / f"{name}.png" for name in DRAWINGS],
    )
    for number, part in enumerate((new[:2], [*new[2:], Photo("zz", "zz.jpg", b"broken")])):
        predict_shard(
            detector,
            shard(f"predict_{number}.tar", *part),
            folder / f"predictions_{number}.json",
            folder / f"predicted_images_{number}.tar",
        )
    side = {"photos": 3, "groups": 3, "faces": dict.fromkeys(CLASSES, 2)}
    plot_class_distribution({"train": side}, folder / "class_distribution.png")
    annotated_photographs([folder / "test.tar"], folder / "annotated_photographs.jpg")
    split = {
        "photos": {f"t{n}": {"group": n} for n in (1, 2, 3)},
        "sides": {"train": side},
        "groups": 3,
        "near_duplicates": 0,
        "dropped_boxes": 1,
        "clipped_boxes": 2,
        "sizes_differ": 3,
        "skipped": [{"file": NASTY, "reason": "not an image"}],
    }
    write_record(folder / "split.json", split)
    training = {
        "arch": "compact_resnet18_fpn",
        "params": {"learning_rate": 0.001, "optimizer": "adamw"},
        "image_size": 320,
        "photos": 40,
        "parameters": 12345678,
        "device": "cpu",
        "epochs": [
            {
                "epoch": 1,
                "loss": {"total": 1.0},
                "validation": {"map": 0.1, "map_50": 0.2, "loss": {"total": 1.25}},
            }
        ],
        "threshold": 0.5,
    }
    write_record(folder / "training.json", training)
    training_curves(training, folder / "training_curves.png")
    write_record(
        folder / "configuration.json",
        {
            "name": "sample",
            "command": "python workflow.py --seed 3",
            "options": {"seed": 3, "weights": None, "name": NASTY},
            "versions": {"torch": "2.14.1"},
            "digests": {"dataset.tar": "ab" * 32},
            "data": {"version": "cd" * 32, "called": "masks@cdcdcdcdcdcd"},
        },
    )
    return folder


@pytest.fixture
def inputs(made, tmp_path) -> ReportInputs:
    """A copy of the run, for a test to change."""
    return inputs_in(shutil.copytree(made, tmp_path / "run"))


@pytest.fixture(scope="module")
def page(made) -> BeautifulSoup:
    return BeautifulSoup(write(inputs_in(made), made)["page"].read_text(), "lxml")


def inputs_in(folder: Path) -> ReportInputs:
    records = ("configuration", "split", "training", "evaluation")
    return ReportInputs(
        **{name: folder / f"{name}.json" for name in records},
        predictions=[folder / f"predictions_{n}.json" for n in (1, 0)],
        images=[folder / f"predicted_images_{n}.tar" for n in (1, 0)],
        pictures=[
            *(folder / f"{name}.png" for name in OF_DETECTORS if name not in NOT_PNG),
            folder / "annotated_photographs.jpg",
        ],
    )


def write(inputs: ReportInputs, folder: Path) -> dict[str, Path]:
    paths = {
        "page": folder / "report.html",
        "table": folder / "predictions.txt",
        "faces": folder / "predictions.csv",
        "picture": folder / "predicted_image.png",
        "prevalence": folder / "prevalence.json",
    }
    write_report(inputs, 3, **paths)
    return paths


def test_boxes_that_were_changed_and_sizes_that_differ_are_told(page) -> None:
    lines = [item.text for item in page.select("#data li")]
    assert "2 boxes reached beyond the photograph, clipped" in lines
    assert "1 box without area inside the photograph, dropped" in lines
    assert any(line.startswith("3 annotations tell another size") for line in lines)


def test_the_answer_comes_first_and_is_that_of_the_record(page, made) -> None:
    record = read_record(made / "prevalence.json")
    answer = page.select_one("#answer .sentence").text.replace("\xa0", " ")
    assert answer == record["answer"]
    assert page.find("section")["id"] == "answer"
    assert record["people"]["found"] == 5 and record["properly_masked"]["found"] == 3
    assert record["raw"]["without_mask"]["count"] == 2
    said = [item.text.replace("\xa0", " ") for item in page.select(".warn li")]
    assert said == record["caveats"] and any("only 4 new photographs" in line for line in said)
    assert any("1 new photograph could not be read" in line for line in said)


def test_that_the_photographs_are_those_of_the_test_is_said_first(inputs, tmp_path) -> None:
    configuration = read_record(inputs.configuration) | {"new_photographs": None}
    del configuration["schema"]
    write_record(inputs.configuration, configuration)
    written = write(inputs, tmp_path)
    assert read_record(written["prevalence"])["caveats"][0].startswith("No new photographs")
    assert "No new photographs were given" in written["page"].read_text()


def test_the_page_names_the_version_of_the_data(page) -> None:
    assert f"masks@cdcdcdcdcdcd, {'cd' * 32}" in page.select_one("#reproduce").text


def test_the_page_needs_no_other_file_and_no_network(page) -> None:
    for tag in page.find_all(True):
        for attribute in ("src", "href"):
            assert tag.get(attribute, "#").startswith(("#", "data:"))
    assert page.find("script") is None
    style = page.find("style").text
    assert "url(" not in style and "@import" not in style


def test_strange_names_are_shown_as_text(page) -> None:
    assert page.find("script") is None
    assert NASTY in page.select_one("#data").text
    assert NASTY in page.select_one("#reproduce").text
    assert "script & 3.png" in page.select_one("#photographs").text


def test_every_picture_has_words(page) -> None:
    assert page.find_all("img")
    assert all(image.get("alt") for image in page.find_all("img"))


def test_surest_and_doubtful_photographs_are_shown(page) -> None:
    captions = [caption.b.text for caption in page.select("#photographs figcaption")]
    assert captions == ["new1.png", "script & 3.png", "new2.png"]
    rows = page.select("#photographs tbody tr")
    assert [row.td.text for row in rows] == ["new1.png", "new2.png", "new4.png", "script & 3.png"]
    assert "zz.jpg" in page.select_one("#photographs").text


def test_the_detector_is_judged_with_intervals_calibration_and_its_mistakes(page, made) -> None:
    section = page.select_one("#detector")
    record = read_record(made / "evaluation.json", 2)
    low, high = record["operating_point"]["overall"]["intervals"]["f1"]
    assert f"{low:.3f} to {high:.3f}" in [small.text for small in section.select("td small")]
    assert "100\xa0% to 100\xa0%" not in section.select_one("tr.sum").text
    assert record["average_precision"]["intervals"]["map_50"] is None, "three photographs are few"
    rows = [[cell.text for cell in row.select("td")] for row in section.select("details tr")]
    assert ["1 called mask worn, 70 %", "it is mask worn incorrectly", "t2"] in rows
    words = [image["alt"] for image in section.select("img")]
    assert sum(word.startswith(("Share of boxes", "The worst mistakes")) for word in words) == 2


def test_without_a_search_there_is_no_section_of_one(page) -> None:
    assert page.select_one("#search") is None
    assert not [link for link in page.select("nav a") if link["href"] == "#search"]
    assert all(page.select_one(link["href"]) for link in page.select("nav a"))


def test_losses_of_training_validation_and_test_stand_side_by_side(inputs, tmp_path) -> None:
    page = BeautifulSoup(write(inputs, tmp_path)["page"].read_text(), "lxml")
    rows = [[cell.text for cell in row.select("td")] for row in page.select("#training tbody tr")]
    assert rows[0] == ["total", "1.000", "1.250", "0.938"]
    assert rows[1] == ["classification", "-", "-", "0.500"]
    assert len(rows) == 5


def test_what_the_weights_knew_of_the_photographs_is_said(inputs, tmp_path) -> None:
    split = read_record(inputs.split)
    del split["schema"]
    for learnt, words in (
        ((9, 4, 0), "learnt from 9 photographs. 4 photographs of these data are among them, or "),
        ((9, 4, 2), "nearly: 2 of them on the sides val and test that the data came with"),
        ((0, 0, 0), "started from do not say which photographs they have learnt from"),
    ):
        told = dict(zip(("in_all", "photos", "off_train"), learnt, strict=True))
        write_record(inputs.split, split | {"learnt": told})
        paths = write(inputs, tmp_path)
        assert words in " ".join(BeautifulSoup(paths["page"].read_text(), "lxml").text.split())
        serious = " ".join(read_record(paths["prevalence"])["serious"])
        assert ("weights to start from have learnt from" in serious) == bool(learnt[2])


def test_with_a_search_its_trials_are_shown(inputs, tmp_path, monkeypatch) -> None:
    trials = [
        {
            "number": 0,
            "state": "complete",
            "value": 0.2,
            "values": [0.2],
            "params": {"lr": 1, "x": 2},
        },
        {"number": 1, "state": "fail", "value": None, "values": [], "params": {"lr": 3, "x": 2}},
    ]
    monkeypatch.setattr("utils.analysis.report.write.read_trials", lambda path: trials)
    write_record(
        tmp_path / "params.json",
        {
            "number": 0,
            "value": 0.2,
            "highest": 0.2,
            "error": 0.1,
            "trials": 2,
            "complete": 1,
            "pruned": 0,
            "failed": 1,
            "params": {"lr": 1, "x": 2},
            "searched": {"x": {"choices": ["p", "q"]}, "lr": {"low": 1, "high": 9, "log": True}},
            "importance": {"lr": 0.75, "x": 0.25},
        },
    )
    hpo_history(trials, 0, "mAP", tmp_path / "hpo_history.png")
    search = {
        "params": tmp_path / "params.json",
        "pictures": [*inputs.pictures, tmp_path / "hpo_history.png"],
        "study": tmp_path / "study.log",
    }
    searched = ReportInputs(**{**vars(inputs), **search})
    page = BeautifulSoup(write(searched, tmp_path)["page"].read_text(), "lxml")
    section = page.select_one("#search")
    searched, told = section.select("table")
    assert [[cell.text for cell in row.select("td")] for row in searched.select("tbody tr")] == [
        ["lr", "1 to 9, by its logarithm", "1", "1", "75\N{NO-BREAK SPACE}%"],
        ["x", "p or q", "2", "2", "25\N{NO-BREAK SPACE}%"],
    ]
    assert [cell.text for cell in told.select("thead th")] == ["trial", "state", "mAP", "lr"]
    assert [cell.text for cell in section.select("tr.best td")] == ["0", "complete", "0.200", "1"]
    assert "Trial 0 was kept" in section.text
    assert [image["alt"][:20] for image in section.select("img")] == ["Result of each trial"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["mistakes.png", "other.png"], "other.png: no picture of the report"),
        (["mistakes.png", "a/mistakes.png"], "2 files have 1 names"),
    ],
)
def test_pictures_that_have_no_place_or_are_given_twice_are_refused(tmp_path, names, words):
    with pytest.raises(InputError, match=words):
        read_pictures([tmp_path / name for name in names])


def test_each_picture_stands_in_its_place(page) -> None:
    sections = {"detector": 4, "data": 2, "training": 1}
    for section, count in sections.items():
        assert len(page.select(f"#{section} figure.plot")) == count
    kinds = [image["src"][:16] for image in page.select("#data figure.plot img")]
    assert kinds == ["data:image/png;b", "data:image/jpeg;"]


def test_a_bare_configuration_is_enough(inputs, tmp_path) -> None:
    write_record(inputs.configuration, {})
    text = write(inputs, tmp_path)["page"].read_text()
    assert "None" not in re.sub(r"data:[^\"]+", "", text)


def test_table_and_picture(inputs, tmp_path) -> None:
    paths = write(inputs, tmp_path)
    assert paths["table"].read_text().splitlines()[-2].split() == ["all", "5", "3", "2", "0"]
    assert Image.open(paths["picture"]).format == "PNG"


def test_equal_inputs_give_equal_pages(inputs, tmp_path) -> None:
    first = write(inputs, tmp_path)["page"].read_bytes()
    assert write(inputs, tmp_path)["page"].read_bytes() == first


def test_predictions_of_another_model_are_refused(inputs, tmp_path) -> None:
    record = read_record(inputs.predictions[0], 2)
    del record["schema"]
    write_record(inputs.predictions[0], record | {"threshold": 0.7}, 2)
    with pytest.raises(InputError, match=r"predictions_1\.json: field 'threshold' is 0\.7"):
        write(inputs, tmp_path)


def test_a_damaged_face_among_the_predictions_is_named(inputs, tmp_path) -> None:
    record = read_record(inputs.predictions[1], 2)
    del record["schema"]
    record["photos"][0]["faces"][1]["class"] = "hat"
    write_record(inputs.predictions[1], record, 2)
    told = (
        r"predictions_0\.json: new1\.png: face 2: field 'class' is hat, expected one of with_mask"
    )
    with pytest.raises(InputError, match=told):
        write(inputs, tmp_path)


def test_drawings_of_other_photographs_are_refused(inputs, tmp_path) -> None:
    fewer = ReportInputs(**{**vars(inputs), "images": inputs.images[:1]})
    with pytest.raises(InputError, match="no drawing of new1"):
        write(fewer, tmp_path)


def test_without_any_readable_photograph_there_is_still_a_report(inputs, tmp_path) -> None:
    for path in inputs.predictions:
        record = read_record(path, 2)
        del record["schema"]
        write_record(path, record | {"photos": []}, 2)
    paths = write(inputs, tmp_path)
    assert "No photograph could be looked at" in paths["page"].read_text()
    assert Image.open(paths["picture"]).format == "PNG"
