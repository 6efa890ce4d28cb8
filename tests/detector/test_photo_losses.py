"""The losses on photographs that are not learnt from."""

import copy

import pytest
import torch

from utils.detector.anchor_sampling import seed_sampling
from utils.detector.forward import detect, detect_and_lose, losses
from utils.detector.photo_losses import PhotoLosses
from utils.detector.prepared import prepared

PARTS = ("classification", "box_regression", "objectness", "rpn_box_regression")


@pytest.fixture
def ready(model):
    for module in model.modules():  # statistics that differ from those of any batch
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.fill_(0.3), module.running_var.fill_(2.0)
    return prepared(model, bfloat16=False)


def measured(ready, photos, seed=1):
    sums = PhotoLosses(seed)
    for number, name in enumerate(photos.names):
        image, target = photos[number]
        sums.detect(ready, [name], [image], [target], bfloat16=False)
    return sums.means()


def test_the_faces_are_those_of_a_detection_alone_and_the_mode_stays(ready, photos):
    image, target = photos[2]
    seed_sampling(ready)[0].seeds, seed_sampling(ready)[1].seeds = [1], [2]
    modes = [module.training for module in ready.modules()]
    (alone,) = detect(ready, [image])
    (found,), parts = detect_and_lose(ready, [image], [target])
    assert all(torch.equal(alone[name], found[name]) for name in alone)
    assert tuple(parts) == PARTS
    assert [module.training for module in ready.modules()] == modes


def test_the_losses_are_those_of_training_with_the_statistics_of_evaluation(ready, model, photos):
    image, target = photos[2]
    (_,), parts = _drawn(ready, lambda: detect_and_lose(ready, [image], [target]))
    as_trained = copy.deepcopy(model).train()
    for module in as_trained.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()
    expected = _drawn(as_trained, lambda: losses(as_trained, [image], [target]))
    for name, loss in expected.items():
        assert parts[name].item() == pytest.approx(loss.item(), rel=1e-4), name


def _drawn(model, passed):
    for sampler, seed in zip(seed_sampling(model), (11, 12), strict=True):
        sampler.seeds = [seed]
    return passed()


def test_equal_seeds_give_equal_losses_and_others_draw_others(ready, photos):
    first, again, other = (measured(ready, photos, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert first["total"] == pytest.approx(sum(first[name] for name in PARTS))


def test_photographs_in_a_batch_lose_what_each_does_alone(ready, photos):
    sums, (image, target) = PhotoLosses(1), photos[2]
    sums.detect(ready, ["first", "second"], [image, image], [target, target], bfloat16=False)
    alone = PhotoLosses(1)
    for name in ("first", "second"):
        alone.detect(ready, [name], [image], [target], bfloat16=False)
    assert sums.means() == pytest.approx(alone.means(), rel=1e-4)


def test_a_photograph_weighs_as_much_as_was_drawn_on_it():
    sums = PhotoLosses(0)
    sums.add(dict.fromkeys(PARTS, torch.tensor(1.0)), anchors=30, proposals=10)
    sums.add(dict.fromkeys(PARTS, torch.tensor(3.0)), anchors=10, proposals=30)
    means = sums.means()
    assert (means["objectness"], means["classification"]) == (1.5, 2.5)
    assert means["total"] == 8.0


def test_nothing_drawn_is_no_loss_and_what_is_not_finite_is_none():
    sums = PhotoLosses(0)
    sums.add(dict.fromkeys(PARTS, torch.tensor(float("nan"))), anchors=4, proposals=0)
    assert sums.means() == {
        "total": None,
        "classification": 0.0,
        "box_regression": 0.0,
        "objectness": None,
        "rpn_box_regression": None,
    }


def test_it_falls_as_the_network_learns_and_nothing_is_learnt_from_it(model, photos):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    untrained = measured(prepared(model, False), photos)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    samples = [photos[number] for number in range(len(photos))]
    for step in range(12):
        for sampler in seed_sampling(model):
            sampler.seeds = [step] * len(samples)
        parts = losses(model.train(), [image for image, _ in samples], [t for _, t in samples])
        optimizer.zero_grad()
        sum(parts.values()).backward()
        optimizer.step()
    assert measured(prepared(model, False), photos)["total"] < 0.9 * untrained["total"]
