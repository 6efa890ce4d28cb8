"""How fast the layers of a backbone learn that came with pretrained weights."""

from collections.abc import Collection
from itertools import pairwise

from torchvision.models.detection import FasterRCNN

from utils.detector.weights import BODY
from utils.networks.fine_tuning import stage_rates
from utils.training.recipe import Recipe


def pretrained_rates(model: FasterRCNN, recipe: Recipe, given: Collection[str]) -> dict[str, float]:
    """Return by which factor of the learning rate parameters of the backbone learn, by their names.

    See `utils.networks.fine_tuning.stage_rates`; the first ``recipe.frozen_stages`` do not learn.
    A stage ends with the features that the pyramid takes from it.

    Parameters
    ----------
    given
        Names of what came with weights; what did not is left out.
    """
    names = [name for name, _ in model.named_parameters()]
    layers = [[f"{BODY}{layer}" for layer in stage] for stage in stages(model)]
    return stage_rates(names, layers, recipe.frozen_stages, recipe, given)


def stages(model: FasterRCNN) -> list[list[str]]:
    """Return the names of the layers of the backbone, stage by stage, in the order they work."""
    body = model.backbone.body
    layers = list(body)
    ends = [0, *(layers.index(layer) + 1 for layer in body.return_layers)]
    return [layers[begin:end] for begin, end in pairwise(ends)]
