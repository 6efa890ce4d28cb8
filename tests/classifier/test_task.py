"""A classifier in the training loop; what the loop itself does is in tests/training/."""

import sys
from pathlib import Path

import pytest
import torch

from tests.classifier.conftest import make_faces
from utils.classifier.architectures import build_network
from utils.classifier.faces import FacePictures
from utils.classifier.names import CENTERFACE
from utils.classifier.plan import CLASSIFIER
from utils.classifier.task import FaceTask, HeadTask
from utils.training.launch import launch

SCRIPT = Path(__file__).with_name("one_of_several.py")


@pytest.mark.parametrize("freeze", ["backbone", "1"])
def test_two_processes_give_what_one_gives(freeze, tmp_path):
    results = []
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        folder.mkdir()
        make_faces(folder / "train.tar", [1] * 4 + [2] * 2 + [3], 1)  # batches of four and of three
        make_faces(folder / "val.tar", [1, 2, 3], 2)
        command = [sys.executable, SCRIPT, folder, freeze]
        assert launch(processes, lambda: False, command) == 0
        results += [torch.load(folder / f"{n}.pth", weights_only=True) for n in range(processes)]
    alone, first, second = results
    for name, value in alone["weights"].items():
        assert torch.equal(first["weights"][name], second["weights"][name]), name
        torch.testing.assert_close(first["weights"][name], value, rtol=1e-4, atol=1e-5)
    for one, other in zip(alone["records"], first["records"], strict=True):
        assert other["loss"]["total"] == pytest.approx(one["loss"]["total"], rel=1e-4)


@pytest.fixture
def faces(shards):
    return FacePictures([shards["train"]], 32)  # twelve, six and three


def test_a_rare_class_weighs_more_and_can_be_shown_oftener(faces):
    recipe = CLASSIFIER.recipe.changed({"class_weight": 1.0, "rare": 1.0})
    torch.manual_seed(0)
    network = build_network(CENTERFACE)
    features = torch.randn(21, 2, len(network.head.centre))
    task = HeadTask(network, faces, faces, recipe, features, features[:, :1])
    assert task.weights[-1] == pytest.approx(7**0.5)  # three of twenty-one
    one_each = [0, 12, 18]
    assert [task.sample(number, 0)[1] for number in one_each] == [0, 1, 2]
    alone = [task.losses([task.sample(number, 0)], [0])[1]["total"] for number in one_each]
    even = torch.log(torch.tensor(3.0)).item()  # a head that has learnt nothing
    assert alone == pytest.approx([even, 2 * even, 4 * even])
    views = {tuple(task.sample(5, seed)[0][:3].tolist()) for seed in range(20)}
    assert len(views) == 2


@pytest.mark.parametrize("bfloat16", [False, True])
def test_precision_changes_the_loss_little(faces, bfloat16):
    torch.manual_seed(0)
    network = build_network(CENTERFACE)
    torch.nn.init.normal_(network.head.linear.weight, std=0.1)
    task = FaceTask(network.eval(), faces, faces, CLASSIFIER.recipe, bfloat16=bfloat16)
    losses = task.losses([task.sample(number, number) for number in range(4)], [0] * 4)
    exact = FaceTask(network, faces, faces, CLASSIFIER.recipe)
    expected = exact.losses([exact.sample(number, number) for number in range(4)], [0] * 4)
    assert losses[0].dtype == torch.float32
    assert losses[1]["total"] == pytest.approx(expected[1]["total"], rel=0.05)


def test_a_validation_that_is_stopped_says_nothing(faces):
    network = build_network(CENTERFACE)
    task = FaceTask(network, faces, faces, CLASSIFIER.recipe)
    assert task.validate(network, lambda: True) is None
    assert task.logits is None
    told = task.validate(network, lambda: False)
    assert set(told) == {"balanced_accuracy", "accuracy", "loss"}
    assert task.logits.shape == (21, 3)
