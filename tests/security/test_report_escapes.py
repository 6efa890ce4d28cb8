"""Names and options are text in the report, whatever they spell, and it loads nothing."""

import html
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag

from tests.analysis.conftest import KnowingDetector, faces_in_a_row, make_photo
from utils.analysis.evaluation.evaluate import write_evaluation
from utils.analysis.prediction.predict import predict_shard
from utils.analysis.report.write import ReportInputs, write_report
from utils.dataset.labels import CLASSES
from utils.dataset.shards import Photo, write_shard
from utils.records import write_record

PROJECT = Path(__file__).parents[2]
PICTURES = ("confusion_matrix", "precision_recall", "calibration", "mistakes")
NASTY = [
    "<img src=x onerror=alert(1)>",
    '" onload="alert(1)',
    "' onclick='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;&#60;i&#62;",
    "--><svg onload=alert(1)>",
    "javascript:alert(1)",
    "]]><script>alert(1)<",
]
NASTIER = (
    "</pre></style></script><script>alert(1)</script><img src=x onerror=alert(1)><base href=x>"
)


def write_page(folder: Path, spell: Callable[[str, int], str], text: str) -> None:
    """Write a small run whose names `spell` makes and whose free texts are `text`.

    Parameters
    ----------
    spell
        Takes the beginning of a name, by which they are sorted, and a number.
    """
    folder.mkdir()
    detector = KnowingDetector()
    tests = [make_photo(spell("t", k), faces_in_a_row(1, 2)) for k in range(4)]
    new = [make_photo(spell("n", k), faces_in_a_row(1, 1)) for k in range(len(NASTY))]
    for photo in tests:
        detector.knows(photo, [2, 2], [0.9, 0.8])
    for photo in new:
        detector.knows(photo, [1, 2], [0.9, 0.55])
    broken = Photo(spell("z", 0), spell("z", 0) + ".jpg", b"no image")
    write_shard(folder / "test.tar", sorted(tests, key=lambda photo: photo.name))
    write_shard(folder / "new.tar", sorted([*new, broken], key=lambda photo: photo.name))
    pictures = [folder / f"{name}.png" for name in PICTURES]
    records = {name: folder / f"{name}.json" for name in ("evaluation", "predictions")}
    out = {"json": records["evaluation"], "text": folder / "evaluation.txt"}
    write_evaluation(detector, folder / "test.tar", 0, **out, pictures=pictures)
    predict_shard(detector, folder / "new.tar", records["predictions"], folder / "images.tar")
    records_of = free_records(text)
    records_of["split"]["photos"] = {photo.name: {"group": k} for k, photo in enumerate(tests)}
    for name, record in records_of.items():
        write_record(folder / f"{name}.json", record)
    inputs = ReportInputs(
        **{name: folder / f"{name}.json" for name in ("configuration", "split", "training")},
        evaluation=records["evaluation"],
        predictions=[records["predictions"]],
        images=[folder / "images.tar"],
        pictures=pictures,
    )
    outputs = {"page": "report.html", "table": "t.txt", "faces": "f.csv"}
    outputs |= {"picture": "p.png", "prevalence": "p.json"}
    write_report(inputs, 0, **{key: folder / name for key, name in outputs.items()})


def free_records(text: str) -> dict[str, dict[str, Any]]:
    """Records in which all is `text` that is not bound to be something else."""
    side = {"photos": 3, "groups": 3, "faces": dict.fromkeys(CLASSES, 2), "classes_missing": [text]}
    return {
        "configuration": {
            **dict.fromkeys(("name", "created", "command", "git_commit"), text),
            **{field: {text: text} for field in ("options", "versions", "digests")},
            "weights": {"told": text},
            "data": {
                **dict.fromkeys(("format", "layout"), text),
                "class_names": [{"name": text, "class": None, "faces": 1}],
                **{field: {text: 1} for field in ("not_read", "left_alone")},
                "boxes": {"left_out": {text: 1}},
            },
            "new_photographs": {"not_read": {text: 1}},
        },
        "split": {
            **dict.fromkeys(("near_duplicates", "dropped_boxes", "clipped_boxes"), 1),
            "groups": 3,
            "sides": {text: side},
            "skipped": [{"file": text, "reason": text}],
        },
        "training": {
            "arch": text,
            "device": text,
            "params": {text: text},
            "epochs": [{}],
            "image_size": 9,
            "photos": 1,
            "parameters": 1,
            "threshold": 0.5,
            "seconds": 1.0,
        },
    }


def skeleton(page: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the elements of a page in their order, and the names of their attributes."""
    return [(tag.name, tuple(sorted(tag.attrs))) for tag in parsed(page).find_all(True)]


def parsed(page: str) -> BeautifulSoup:
    return BeautifulSoup(page, "lxml")


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    """A run with plain names, and one with nasty ones."""
    folder = tmp_path_factory.mktemp("reports")
    write_page(folder / "plain", lambda start, k: f"{start}{k}", "plain")
    write_page(folder / "nasty", lambda start, k: f"{start}{k}{NASTY[k]}", NASTIER)
    return {name: folder / name for name in ("plain", "nasty")}


@pytest.fixture(scope="module")
def pages(folders) -> dict[str, str]:
    return {name: (folder / "report.html").read_text() for name, folder in folders.items()}


def test_no_name_adds_an_element_or_an_attribute(pages):
    assert skeleton(pages["nasty"]) == skeleton(pages["plain"])


def test_all_of_them_are_shown_as_they_are(pages):
    text = parsed(pages["nasty"]).text
    for number, name in enumerate(NASTY):
        assert f"n{number}{name}.png" in text
    assert text.count(NASTIER) >= 15
    assert "49" not in text.partition("n3")[2][:20]


def test_nothing_is_loaded_from_elsewhere(pages):
    page = parsed(pages["nasty"])

    def foreign(tag: Tag) -> bool:
        places = [tag.get(name) for name in ("src", "href", "action", "srcset", "data", "poster")]
        return any(
            place and not place.startswith(("#", "data:image/", "data:,")) for place in places
        )

    assert not page.find_all(foreign)
    assert not page.find_all(["script", "iframe", "object", "embed", "base", "form", "link"])[1:]
    assert not [tag for tag in page.find_all(True) if any(k.startswith("on") for k in tag.attrs)]
    assert "url(" not in page.style.text and "@import" not in page.style.text


def test_the_page_forbids_browsers_to_load_or_run_anything(pages):
    policy = parsed(pages["nasty"]).find("meta", {"http-equiv": "Content-Security-Policy"})
    assert "default-src 'none'" in policy["content"] and "script" not in policy["content"]
    before = [tag.name for tag in policy.find_previous_siblings()]
    assert before == ["meta"], "it holds for what comes after it"


def test_the_notebook_shows_the_report_as_a_document_of_its_own(pages):
    notebook = json.loads((PROJECT / "workflow.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    (shown,) = [cell for cell in cells if "srcdoc" in cell]
    assert "html.escape(" in shown and "<iframe sandbox srcdoc=" in shown
    frame = parsed(f'<iframe sandbox srcdoc="{html.escape(pages["nasty"])}"></iframe>')
    assert [tag.name for tag in frame.find_all(True)] == ["html", "body", "iframe"]
    assert sorted(frame.iframe.attrs) == ["sandbox", "srcdoc"]


def test_the_table_of_predictions_has_a_line_for_each_photograph(folders):
    """Names with line breaks do not come so far: they are refused where data come in."""
    lines = (folders["nasty"] / "t.txt").read_text().splitlines()
    shown = [line for line in lines if line.startswith("n")]
    assert [line.partition(".png")[0] for line in shown] == [
        f"n{k}{name}" for k, name in enumerate(NASTY)
    ]
