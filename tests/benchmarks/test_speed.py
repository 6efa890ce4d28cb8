"""The speed benchmarks run, in their quick mode, and their tables say what they should."""

import re

import pytest
import torch
from torch import nn

from benchmarks import (
    bfloat16,
    epoch_cost,
    gpu,
    inference_speed,
    kept_memory,
    profile_step,
    training_speed,
)
from benchmarks.parts import Parts
from utils.errors import InputError

pytestmark = pytest.mark.usefixtures("one_thread")


def rows_of(text: str) -> dict[str, list[str]]:
    """Return the cells after the first, by the first, of every row with several columns."""
    rows = [re.split(r"  +", line.strip()) for line in text.splitlines()]
    return {first: cells for first, *cells in rows if cells}


def test_training_speed(capsys):
    training_speed.main(["--quick"])
    rows = rows_of(capsys.readouterr().out)
    reference = rows[training_speed.REFERENCE]
    ours = next(cells for name, cells in rows.items() if "our recipe" in name)
    assert reference[0] == "1" and reference[2] == "1.0x"
    assert float(ours[2].removesuffix("x")) == pytest.approx(
        float(ours[1]) / float(reference[1]), rel=0.1, abs=0.06
    )  # of a digit, also where the machine did something else in one of them


def test_inference_speed(capsys):
    inference_speed.main(["--quick"])
    rows = rows_of(capsys.readouterr().out)
    assert rows[inference_speed.REFERENCE][2] == "1.0x"
    assert rows[inference_speed.EXACT][3] == "0 of 0"
    assert len(rows) == 7  # with the head


def test_gpu_times_both_and_compares_with_the_processor(capsys):
    gpu.main(["--quick", "--device", "cpu"])
    printed = capsys.readouterr().out
    rows = rows_of(printed)
    assert float(rows["compact_centerface_fpn, 2 chips"][0]) > 0
    assert float(rows["one at a time"][0]) > 0
    found, of = printed.strip().rpartition(": ")[2].split(" of ")
    assert found == of and int(of) > 0  # the "GPU" is the processor here


def test_gpu_is_asked_for_where_there_is_none():
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="no GPU"):
            gpu.main(["--quick", "--device", "cuda"])


def test_agreement_asks_for_class_and_place():
    boxes = torch.tensor([[0.0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10], [60, 0, 70, 10]])
    scores = torch.tensor([0.9, 0.8, 0.7, 0.2])
    exact = [{"boxes": boxes, "labels": torch.tensor([1, 2, 1, 1]), "scores": scores}]
    moved = boxes + torch.tensor([[0.0], [0.0], [3.0], [0.0]])
    other = [{"boxes": moved, "labels": torch.tensor([1, 1, 1, 1]), "scores": scores}]
    assert inference_speed.agreement(exact, exact, 0.5) == "3 of 3"
    assert inference_speed.agreement(exact, other, 0.5) == "1 of 3"


def test_epoch_cost(capsys):
    epoch_cost.main(["--quick"])
    rows = rows_of(capsys.readouterr().out)
    for photos in ("2", "4"):
        seconds, each = map(float, rows[photos][:2])
        assert each == pytest.approx(1000 * seconds / int(photos), abs=3)  # of rounded seconds


def test_memory_is_that_of_the_decoded_photographs():
    added = epoch_cost.in_a_process("memory", 24, 1e9)
    assert 24 * 2 < added < 24 * 4  # each takes between 2 and 3 MiB


def test_bfloat16(capsys):
    bfloat16.main(["--quick"])
    rows = rows_of(capsys.readouterr().out)
    # Features alone leave the RPN's box loss as it is; the smallest faces lose their coding.
    assert float(rows["features (as here)"][4].removesuffix("x")) == pytest.approx(1, abs=0.2)
    assert rows["0.5 pixels"][0] == "0.0 %"
    assert float(rows["0.5 pixels"][1].removesuffix(" %")) > 10


def test_profile_step(capsys):
    profile_step.main(["--quick"])
    out = capsys.readouterr().out
    training, detection = out.split("training step")[1].split("detection on one photograph")
    for table, parts in ((training, ("backward", "optimiser", "augmentation")), (detection, ())):
        rows = rows_of(table)
        for part in ("backbone", "feature pyramid", "RPN: head", "RoIAlign", "box head", *parts):
            assert float(rows[part][0]) > 0, part
        assert float(rows["all"][2]) > 0
        slowest = table.split("\noperation ")[1].strip().splitlines()[1:]
        assert len(slowest) == 10


def test_arithmetic_is_counted_by_part_and_precision():
    layer, matrix = nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.Linear(8, 5)
    image = torch.rand(2, 3, 6, 7)
    parts = Parts()
    with parts:
        parts.switch(True)
        parts.start("convolution")
        with torch.autocast("cpu", torch.bfloat16):
            out = layer(image)
        parts.stop()
        out = matrix(out.float().mean((2, 3)))
        parts.start("backward")
        out.sum().backward()
        parts.stop()
    convolution, linear = 2 * 6 * 7 * 8 * 3 * 9, 2 * 8 * 5
    assert parts.macs["convolution"] == {torch.bfloat16: convolution}
    assert parts.macs["the rest"] == {torch.float32: linear}
    # The image needs no gradient, the linear layer's input and weights do.
    assert parts.macs["backward"] == {torch.bfloat16: convolution, torch.float32: 2 * linear}
    with parts, torch.inference_mode():
        matrix(torch.rand(2, 8))
    assert parts.macs["the rest"] == {torch.float32: 2 * linear}


@pytest.mark.parametrize(("groups", "asked"), [(1, 2), (8, 2), (8, 1)])
def test_a_gradient_takes_as_many_multiplications_as_the_convolution(groups, asked):
    """Of features and weight each, of depthwise convolutions, too."""
    layer = nn.Conv2d(8, 8, 3, padding=1, groups=groups, bias=False)
    counted = Parts()
    with counted:
        counted.switch(True)
        layer(torch.rand(2, 8, 6, 6, requires_grad=asked == 2)).sum().backward()
    forward = 2 * 6 * 6 * 8 * 8 // groups * 9
    assert sum(counted.macs["the rest"].values()) == (1 + asked) * forward


def test_kept_memory(capsys):
    kept_memory.main(["--quick"])
    rows = rows_of(capsys.readouterr().out)
    for row in kept_memory.WAYS:
        assert float(rows[row][0]) > 0 and float(rows[row][1]) > 0 and int(rows[row][4]) > 100
