"""The smallest task that has all that the training loop is about: a network that learns a line."""

import torch
from torch import nn

from utils.training.checkpoint import Checkpoint
from utils.training.loop import train
from utils.training.recipe import Recipe

SAMPLES = 7
RECIPE = Recipe(batch_size=4, ema=0.0, learning_rate=0.02)  # two batches an epoch


class Line:
    """A `utils.training.loop.Task` of points on a line, with noise that depends on the seeds.

    Attributes
    ----------
    change
        ``change(step, total)`` returns the loss of the steps 0, 1, ... of this process.
    validated
        The states of the networks that were validated.
    """

    def __init__(
        self, frozen=frozenset(), change=lambda step, total: total, samples=SAMPLES, pretrained=None
    ):
        torch.manual_seed(0)
        self.model = nn.Sequential(
            nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 4), nn.BatchNorm1d(4),
            nn.Linear(4, 1),
        )  # fmt: skip
        self.frozen, self.change, self.pretrained = frozen, change, pretrained or {}
        self.names = [f"sample{number}" for number in range(samples)]
        self.weights = [1.0] * samples
        self.steps, self.validated = 0, []

    def sample(self, number, seed):
        random = torch.Generator().manual_seed(seed)
        inputs = torch.rand(3, generator=random) + number
        return inputs, inputs.sum() + 0.1 * torch.rand((), generator=random)

    def losses(self, samples, seeds):
        inputs, wanted = (torch.stack(part) for part in zip(*samples, strict=True))
        random = torch.Generator().manual_seed(seeds[0])
        outputs = self.model(inputs + 0.01 * torch.rand(inputs.shape, generator=random))
        total = self.change(self.steps, (outputs[:, 0] - wanted).square().mean())
        self.steps += 1
        return total, {"total": total.item(), "square": total.item()}

    def validate(self, network, stop):
        if stop():
            return None
        self.validated.append({name: value.clone() for name, value in network.state_dict().items()})
        inputs = torch.arange(30.0).view(10, 3)
        mode = network.training
        with torch.no_grad():
            error = (network.eval()(inputs)[:, 0] - inputs.sum(dim=1)).abs().mean()
        network.train(mode)
        return {"error": float(error), "nothing": None}


def run(task, path, epochs=2, recipe=RECIPE, **options):
    checkpoint = Checkpoint(path, {"job": "test"})
    checkpoint.start()
    return train(task, recipe, epochs, 3, checkpoint, **options)


def same(first, second):
    """Return whether two tasks' networks have equal weights, to the bit."""
    states = first.model.state_dict(), second.model.state_dict()
    return all(torch.equal(value, states[1][name]) for name, value in states[0].items())
