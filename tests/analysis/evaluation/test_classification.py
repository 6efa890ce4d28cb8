"""What is told of a classifier, on faces whose truth and answers are known."""

import json

import numpy as np
import pytest

from tests.analysis.judging import LOSS, KnowingClassifier, judged_photographs, split_of
from tests.metrics.test_classification import judged
from utils.analysis.evaluation.classification import classification_record, classified
from utils.analysis.evaluation.evaluate import evaluate, kind_of, write_evaluation
from utils.analysis.evaluation.pictures import drawings_of
from utils.dataset.labels import CLASSES
from utils.errors import InputError

SURE = {1: (0.9, 0.08, 0.02), 2: (0.1, 0.8, 0.1), 3: (0.05, 0.25, 0.7)}


@pytest.fixture
def classifier() -> KnowingClassifier:
    return KnowingClassifier()


def crowd(number: int) -> dict:
    """Photographs of a masked and a bare face; each tenth bare face is called masked."""
    return {
        f"p{n:03d}": [(1, SURE[1]), (2, SURE[1] if n % 10 == 0 else SURE[2])] for n in range(number)
    }


def test_the_numbers_are_those_of_the_faces(classifier, tmp_path) -> None:
    some = {"a": [(1, SURE[1]), (2, SURE[2])], "b": [(3, SURE[2])], "c": [(1, SURE[1])]}
    clean, faces = judged_photographs(tmp_path, classifier, some)
    seen, record = classified(classifier, faces, clean, None, 0)
    assert seen.photographs == ["a", "a", "b", "c"]
    assert (record["faces"], record["photos"], record["too_small"]) == (4, 3, 0)
    assert record["accuracy"] == 0.75 and record["balanced_accuracy"] == pytest.approx(2 / 3)
    assert record["loss"] == {"total": LOSS, "classification": LOSS}
    confused = record["classes"]["mask_weared_incorrect"]
    assert (confused["faces"], confused["said"], confused["recall"]) == (1, 0, 0)
    assert confused["specificity"] == 1 and confused["precision"] is None
    assert record["classes"]["without_mask"]["specificity"] == pytest.approx(2 / 3)
    brier = (np.square([0.1, 0.08, 0.02]).sum() * 2 + np.square([0.1, 0.2, 0.1]).sum()) / 4
    brier += np.square([0.1, 0.8, 0.9]).sum() / 4
    assert record["brier"] == pytest.approx(brier, abs=1e-6)
    assert record["calibration"]["after"]["brier"] == pytest.approx(brier, abs=1e-6)
    worst = record["mistakes"]
    assert [one["face"] for one in worst] == ["b_face1"]
    assert worst[0]["probabilities"]["without_mask"] == 0.8
    assert (worst[0]["truth"], worst[0]["claim"]) == ("mask_weared_incorrect", "without_mask")
    assert worst[0]["side"] == 20, "pixels of the photograph, without the margin"
    assert {one["face"] for one in record["shown"]} == set(seen.names)


def test_sizes_are_those_in_the_photographs(classifier, tmp_path) -> None:
    clean, faces = judged_photographs(tmp_path, classifier, crowd(5))
    _, record = classified(classifier, faces, clean, None, 0)
    assert {name: part["faces"] for name, part in record["sizes"].items()} == {
        "tiny": 0, "small": 10, "medium": 0, "large": 0,
    }  # fmt: skip
    assert record["sizes"]["small"]["accuracy"] == record["accuracy"]
    assert record["sizes"]["tiny"]["accuracy"] is None


def test_faces_that_were_too_small_to_cut_are_counted(classifier, tmp_path) -> None:
    clean, _ = judged_photographs(tmp_path, classifier, crowd(2))
    judged_photographs(tmp_path, classifier, crowd(2), side="none", smallest=21)
    with pytest.raises(InputError, match="holds no face"):
        classified(classifier, tmp_path / "none_faces.tar", clean, None, 0)
    (tmp_path / "some").mkdir()
    _, few = judged_photographs(tmp_path / "some", classifier, {"p000": crowd(1)["p000"]})
    _, record = classified(classifier, few, clean, None, 0)
    assert (record["faces"], record["too_small"]) == (2, 2)


def test_areas_have_intervals_where_there_are_faces_enough(classifier, tmp_path) -> None:
    clean, faces = judged_photographs(tmp_path, classifier, crowd(40))
    _, record = classified(classifier, faces, clean, None, 0)
    for name in CLASSES[:2]:
        part = record["classes"][name]
        for area in ("auc", "average_precision", "specificity", "recall"):
            low, high = part["intervals"][area]
            assert 0 < low <= part[area] <= high <= 1
    assert set(record["classes"][CLASSES[2]]["intervals"].values()) == {None}
    few, faces = judged_photographs(tmp_path, classifier, crowd(29), side="few")
    _, record = classified(classifier, faces, few, None, 0)
    assert record["classes"]["with_mask"]["auc"] is not None
    assert record["classes"]["with_mask"]["intervals"]["auc"] is None


def test_near_duplicates_are_one_observation(classifier, tmp_path) -> None:
    clean, faces = judged_photographs(tmp_path, classifier, crowd(40))
    split = split_of(crowd(40))
    _, apart = classified(classifier, faces, clean, split, 0)
    for one in split["photos"].values():
        one["group"] //= 4
    _, together = classified(classifier, faces, clean, split, 0)
    assert (apart["groups"], together["groups"]) == (40, 10)
    assert together["accuracy"] == apart["accuracy"]
    widths = [np.diff(one["intervals"]["accuracy"])[0] for one in (apart, together)]
    assert widths[1] > 1.05 * widths[0]
    assert together["classes"]["with_mask"]["intervals"]["auc"] is None, "ten are few"
    del split["photos"]["p000"]
    with pytest.raises(InputError, match="does not hold the test photograph 'p000'"):
        classified(classifier, faces, clean, split, 0)


def test_of_a_class_that_was_not_learnt_nothing_is_told() -> None:
    some = judged(0, faces=300, groups=100)
    record = classification_record(some, np.full(300, 20.0), 0, ("without_mask",))
    part = record["classes"]["without_mask"]
    assert record["absent"] == ["without_mask"] and part["faces"] > 0
    assert {part[key] for key in part.keys() - {"faces", "said", "intervals"}} == {None}
    assert "without_mask" not in record["roc"]
    assert record["classes"]["with_mask"]["auc"] > 0.5


def test_curves_go_through_the_points_of_each_threshold() -> None:
    from sklearn.metrics import precision_recall_curve, roc_auc_score

    some = judged(3, faces=400, groups=100)
    record = classification_record(some, np.full(400, 20.0), 0)
    truth, scores = some.labels == 1, some.probabilities[:, 0]
    curve = record["roc"]["with_mask"]
    x, y = curve["false_positive_rate"], curve["true_positive_rate"]
    assert np.trapezoid(y, x) == pytest.approx(roc_auc_score(truth, scores), abs=0.01)
    assert y == sorted(y) and y[-1] == 1
    curve = record["precision_recall"]["with_mask"]
    precision, recall, _ = precision_recall_curve(truth, scores)
    reached = [recall[recall >= at - 1e-9].min() for at in curve["recall"]]
    points = {(round(r, 6), round(p, 5)) for r, p in zip(recall, precision, strict=True)}
    assert all((round(r, 6), p) in points for r, p in zip(reached, curve["precision"], strict=True))


def test_what_is_no_cut_face_is_named(classifier, tmp_path) -> None:
    clean, faces = judged_photographs(tmp_path, classifier, crowd(2))
    with pytest.raises(InputError, match="'p000' is not the name of a cut face"):
        classified(classifier, clean, clean, None, 0)
    other, _ = judged_photographs(tmp_path, classifier, {"z": [(1, SURE[1])]}, side="other")
    with pytest.raises(InputError, match="does not hold face 1 of 'p000'"):
        classified(classifier, faces, other, None, 0)


def test_a_classifier_is_evaluated_as_detectors_are(classifier, tmp_path) -> None:
    clean, faces = judged_photographs(tmp_path, classifier, crowd(12))
    pictures = [tmp_path / f"{name}.png" for name in drawings_of("classifier")]
    files = {"json": tmp_path / "e.json", "text": tmp_path / "e.txt", "pictures": pictures}
    record = write_evaluation(classifier, clean, 0, faces=faces, **files)
    assert json.loads(files["json"].read_text()) == {"schema": 2, **record}
    assert (record["task"], record["model"]["kind"]) == ("classify", "classifier")
    assert record["average_precision"] is None and record["photos"] == 12
    assert record["faces"] == {"with_mask": 12, "without_mask": 12, "mask_weared_incorrect": 0}
    assert record["confusion"] == [[0] * 4, [0, 12, 0, 0], [0, 2, 10, 0], [0] * 4]
    assert record["operating_point"]["any_class"]["recall"] == 1
    assert [one["photograph"] for one in record["per_photo"][:3]] == ["p000", "p000", "p001"]
    text = [" ".join(line.split()) for line in files["text"].read_text().splitlines()]
    assert text[0] == "24 test faces cut from 12 photographs"
    assert any(line.startswith("all faces 24 0.917 [") for line in text)
    assert "no mask 2 10 0" in text
    assert all(path.stat().st_size > 5000 for path in pictures)


def test_a_classifier_without_faces_and_pictures_of_others_are_refused(
    classifier, detector, tmp_path
) -> None:
    clean, faces = judged_photographs(tmp_path, classifier, crowd(2))
    with pytest.raises(InputError, match="--faces-test: is missing"):
        evaluate(classifier, clean, 0)
    files = {"json": tmp_path / "e.json", "text": tmp_path / "e.txt"}
    with pytest.raises(InputError, match=r"roc\.png: no picture of an evaluation"):
        write_evaluation(detector, clean, 0, pictures=[tmp_path / "roc.png"], **files)
    with pytest.raises(InputError, match=r"faces_mistakes\.png: no picture"):
        pictures = [tmp_path / "faces_mistakes.png"]
        write_evaluation(classifier, clean, 0, faces=faces, pictures=pictures, **files)


def test_validation_faces_join_calibrated_by_the_others(classifier, tmp_path) -> None:
    clean, faces = judged_photographs(tmp_path, classifier, crowd(12))
    others = {name.replace("p", "v"): some for name, some in crowd(20).items()}
    _, more = judged_photographs(tmp_path, classifier, others, side="val")
    split = split_of([*crowd(12), *others])
    alone = evaluate(classifier, clean, 0, faces=faces, split=split)
    both = evaluate(classifier, clean, 0, more, split, faces)
    assert both["validation"] == {"photos": 40, "joined": 40, "learnt": 0}
    assert both["per_photo"][:24] == alone["per_photo"]
    assert {one["photograph"][0] for one in both["per_photo"][24:]} == {"v"}
    tables = np.array([one["confusion"] for one in both["per_photo"][24:]])
    assert tables.sum(axis=0).tolist() == [[0] * 4, [0, 20, 0, 0], [0, 2, 18, 0], [0] * 4]
    for name in alone.keys() - {"per_photo", "validation"}:
        assert both[name] == alone[name]


def test_kinds_are_known_by_what_models_can_do(classifier, detector) -> None:
    assert (kind_of(classifier), kind_of(detector)) == ("classifier", "detector")
    detector.classifier = classifier
    assert kind_of(detector) == "two_stage"
