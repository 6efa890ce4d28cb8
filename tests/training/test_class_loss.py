import math

import numpy as np
import pytest
import torch

from utils.training.class_loss import MeanLoss, class_losses, class_weights

LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.0, 0.5, 0.2]])
LABELS = torch.tensor([0, 2])


def test_losses_are_negative_log_likelihoods():
    expected = -LOGITS.log_softmax(dim=1)[[0, 1], [0, 2]]
    assert torch.allclose(class_losses(LOGITS, LABELS), expected)
    weights = torch.tensor([1.0, 2.0, 3.0])
    assert torch.allclose(class_losses(LOGITS, LABELS, weights=weights), expected * weights[LABELS])
    right = (-expected).exp()
    focused = class_losses(LOGITS, LABELS, focus=2.0)
    assert torch.allclose(focused, expected * (1 - right) ** 2)
    every = -LOGITS.log_softmax(dim=1).mean(dim=1)
    smoothed = class_losses(LOGITS, LABELS, smoothing=0.1)
    assert torch.allclose(smoothed, 0.9 * expected + 0.1 * every)


def test_a_rare_class_weighs_more():
    assert class_weights(np.array([16, 4, 1]), 1.0) == [1.0, 4.0, 16.0]
    assert class_weights(np.array([16, 4, 1]), 0.5) == [1.0, 2.0, 4.0]
    assert class_weights(np.array([16, 4, 0]), 1.0) == [1.0, 4.0, 1.0]


def test_means_are_over_all_that_was_added():
    mean = MeanLoss()
    mean.add(LOGITS[:1], LABELS[:1])
    mean.add(LOGITS[1:], LABELS[1:])
    expected = class_losses(LOGITS, LABELS).mean().item()
    assert mean.means()["total"] == pytest.approx(expected)
    assert MeanLoss().means()["total"] == 0
    mean.add(torch.tensor([[-math.inf, 0.0]]), torch.tensor([0]))
    assert mean.means() == {"total": None, "classification": None}
