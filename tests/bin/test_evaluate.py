"""``bin/evaluate.py`` by its command line."""

import json

import torch
from PIL import Image

from utils.analysis.evaluation.carried import unpacked
from utils.detector.model_file import read_model
from utils.records import write_record

PICTURES = ("confusion_matrix.png", "precision_recall.png", "calibration.png", "mistakes.png")
ARGUMENTS = (
    *("--model", "mask_detection_model.pth", "--test", "test_clean.tar", "--seed", "1"),
    *("--json", "evaluation.json", "--text", "evaluation.txt"),
    *("--pictures", *PICTURES),
)


def test_numbers_text_and_pictures_are_written(execute, scratch, model) -> None:
    done = execute("evaluate.py", scratch, *ARGUMENTS)
    assert done.returncode == 0, done.stderr
    record = json.loads((scratch / "evaluation.json").read_text())
    assert record["schema"] == 2
    assert record["photos"] == 4
    assert record["threshold"] == 0.2
    assert record["faces"] == {"with_mask": 3, "without_mask": 2, "mask_weared_incorrect": 1}
    assert sum(map(sum, record["confusion"][1:])) == 6
    assert "4 test photographs, 6 faces" in (scratch / "evaluation.txt").read_text()
    for picture in PICTURES:
        assert Image.open(scratch / picture).format == "PNG"


def test_the_model_is_written_again_with_what_the_test_showed(execute, scratch) -> None:
    photos = {f"photo{n}": {"group": n // 2} for n in range(4)}
    sides = {"test": {"faces": {"with_mask": 6}}}
    write_record(scratch / "split.json", {"photos": photos, "sides": sides})
    carrying = ("--split", "split.json", "--detector", "face_mask_detector.pth")
    done = execute("evaluate.py", scratch, *ARGUMENTS, *carrying)
    assert done.returncode == 0, done.stderr
    before, after = (
        read_model(scratch / name)[0]
        for name in ("mask_detection_model.pth", "face_mask_detector.pth")
    )
    assert before.evaluation is None
    assert all(torch.equal(before.state[name], after.state[name]) for name in before.state)
    told, deal = unpacked(after.evaluation, "the model")
    record = json.loads((scratch / "evaluation.json").read_text())
    for kept in ("threshold", "confusion", "operating_point", "average_precision", "bootstrap"):
        assert told[kept] == record[kept]
    assert [photo["expected"] for photo in told["per_photo"]] == [
        photo["expected"] for photo in record["per_photo"]
    ]
    assert [deal["photos"][photo["name"]]["group"] for photo in told["per_photo"]] == [0, 0, 1, 1]


def test_a_model_carries_no_test_without_its_split(execute, scratch) -> None:
    done = execute("evaluate.py", scratch, *ARGUMENTS, "--detector", "face_mask_detector.pth")
    assert done.returncode == 2
    assert "face_mask_detector.pth: near-duplicates among the photographs must be" in done.stderr


def test_a_damaged_model_is_refused_and_no_output_is_missing(execute, scratch) -> None:
    (scratch / "mask_detection_model.pth").unlink()
    (scratch / "mask_detection_model.pth").write_bytes(b"not a model")
    done = execute("evaluate.py", scratch, *ARGUMENTS)
    assert done.returncode == 2
    assert "mask_detection_model.pth: is a text file, not a whole file of tensors" in done.stderr
    for name in ("evaluation.json", "evaluation.txt", *PICTURES):
        assert (scratch / name).exists()
