"""The model in the box and its card: they belong together, and the model works."""

import hashlib

import pytest

from data.models import card as card_module
from data.models import make
from data.models.card import MOST_BYTES, point_table, precision_table, weaknesses
from data.painter.sample import NEW
from utils.analysis.evaluation.carried import unpacked
from utils.dag.code_bundle import PROJECT, bundled
from utils.dataset.images import decode
from utils.detector.model_file import read_model
from utils.detector.names import IN_THE_BOX
from utils.models import load_model
from utils.networks.model_file import learnt_by

pytestmark = pytest.mark.xdist_group("runs")


@pytest.fixture
def box(request, tmp_path, monkeypatch):
    """The model in the box; where a clone has none yet, one that is made like it on drawings."""
    if IN_THE_BOX.exists():
        return IN_THE_BOX
    runs = tmp_path / "runs"
    runs.mkdir()
    (runs / "seed_0").symlink_to(request.getfixturevalue("whole_run"))
    monkeypatch.setattr(card_module, "MOST_BYTES", 10**8)
    asked = ["--data", "drawn", "--seeds", "0", "--runs", str(runs), "--output", str(tmp_path)]
    assert make.main(asked) == 0
    return tmp_path / IN_THE_BOX.name


def test_the_card_is_of_this_very_model(box):
    text = box.with_suffix(".md").read_text()
    model, digest = read_model(box)
    assert digest == hashlib.sha256(box.read_bytes()).hexdigest()
    assert f"`{digest}`" in text and f"`{model.arch}`" in text
    evaluation, _ = unpacked(model.evaluation, box)
    assert precision_table(evaluation) in text and point_table(evaluation) in text
    assert weaknesses(evaluation) in text
    learnt = len(learnt_by(box))
    assert f"| train | {learnt} |" in text
    assert f"what {learnt:,} photographs that it learnt from are recognised by" in text


def test_it_is_small_enough_for_a_clone_and_no_job_carries_it(box):
    assert box != IN_THE_BOX or box.stat().st_size <= MOST_BYTES
    carried = {path.relative_to(PROJECT).parts[0] for path in bundled()}
    assert carried == {"utils"}


def test_it_loads_and_finds_faces_on_the_drawn_photographs(box):
    model = load_model(box, "cpu")
    assert 0 < model.threshold < 1
    paths = sorted((PROJECT / "data" / "predict").iterdir())
    assert len(paths) == NEW
    images = [decode(path.read_bytes(), path.name) for path in paths[:6]]
    found = model.predict(images)
    assert sum(map(len, found)) >= 6
    for one, image in zip(found, images, strict=True):
        height, width = image.shape[:2]
        assert (one.boxes >= -1).all() and (one.boxes[:, [2, 3]] <= [width + 1, height + 1]).all()
