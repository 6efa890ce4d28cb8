"""Photographs in memory are told of as those of a folder are."""

import io
import json

import numpy as np
import pytest

from utils.analysis.prediction.looking import Unread
from utils.analysis.prediction.tables import faces_table
from utils.apply.collected import Collected
from utils.apply.looking import Settings, look_at
from utils.apply.results import FACES, RATE, TABLE, Results
from utils.dataset.images import encode_jpeg
from utils.dataset.intake.photographs import NewPhotographs


@pytest.fixture
def photographs(tmp_path):
    """Two photographs, of which one is there twice, and one that is none."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "photographs"
    folder.mkdir()
    for name, number in (("a.jpg", 0), ("b.jpg", 1), ("c.jpg", 0)):
        image = np.random.default_rng(number).integers(0, 255, (80, 120, 3)).astype(np.uint8)
        (folder / name).write_bytes(encode_jpeg(image))
    (folder / "d.jpg").write_bytes(b"\xff\xd8" + rng.bytes(4000))
    return folder


def test_what_is_collected_is_what_a_folder_of_results_holds(tested, photographs, tmp_path):
    settings = Settings(tested, "cpu", None, pictures=False)
    model = settings.load()
    with NewPhotographs([photographs]) as new:
        collected, results = Collected(model), Results(tmp_path / "results", model, new)
        told = [(collected.add(one), results.add(one)) for one in look_at(new, model, settings)]
        results.finish()
    assert all(one == other for one, other in told)
    assert (collected.done, collected.skipped) == (results.done, results.skipped) == (3, 1)
    predictions = collected.predictions()
    groups = {one["name"]: one["group"] for one in predictions.summaries}
    assert groups["a"] == groups["c"] != groups["b"]
    again = Collected(model, collected.groups())  # as for another threshold
    with NewPhotographs([photographs]) as new:
        for one in look_at(new, model, settings):
            again.add(one)
    assert again.predictions().summaries == predictions.summaries
    table = io.BytesIO()
    faces_table(table, predictions)
    assert table.getvalue() == (tmp_path / "results" / TABLE).read_bytes()
    for record, name in (
        (collected.faces(predictions, {}), FACES),
        (collected.rate(predictions), RATE),
    ):
        written = json.loads((tmp_path / "results" / name).read_text())
        assert {"schema": written["schema"], **json.loads(json.dumps(record))} == written


def test_photographs_that_were_not_read_are_told(tested):
    collected = Collected(Settings(tested, "cpu").load())
    assert collected.add(Unread("x.jpg", "x.jpg: damaged")) == "x.jpg: not read: damaged"
    assert collected.predictions().skipped == [{"file": "x.jpg", "reason": "x.jpg: damaged"}]
    rate = collected.rate(collected.predictions(), {"not_read": {"HEIC": 2}})
    assert rate["skipped"] == 1
    assert any("2 new photographs" in text for text in rate["caveats"])
