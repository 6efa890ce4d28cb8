from utils.analysis.prediction.summary import summarise


def prediction(name: str, *faces: tuple[str, float]) -> dict:
    return {
        "name": name,
        "file": f"{name}.jpg",
        "faces": [{"box": [0, 0, 9, 9], "class": kind, "confidence": c} for kind, c in faces],
    }


def summary(name: str, *confidences: float, kind: str = "with_mask") -> dict:
    return summarise(prediction(name, *((kind, c) for c in confidences)), 0.5)


def test_a_summary_counts_what_is_at_the_threshold_or_above() -> None:
    photo = prediction("a", ("with_mask", 0.9), ("without_mask", 0.5), ("with_mask", 0.4))
    result = summarise(photo, 0.5)
    assert result["people"] == 2
    assert result["counts"] == {"with_mask": 1, "without_mask": 1, "mask_weared_incorrect": 0}
    assert (result["lowest"], result["mean"]) == (0.5, 0.7)
    assert result["doubtful"] == 2  # 0.5 and 0.4 are near the threshold


def test_a_photograph_without_people_has_no_confidence() -> None:
    result = summary("a", 0.1)
    assert (result["people"], result["lowest"], result["mean"]) == (0, None, None)
