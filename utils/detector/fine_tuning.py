"""How fast the layers of a backbone learn that came with pretrained weights."""

from collections.abc import Collection
from itertools import pairwise

from torchvision.models.detection import FasterRCNN

from utils.detector.weights import BODY
from utils.training.recipe import Recipe


def pretrained_rates(model: FasterRCNN, recipe: Recipe, given: Collection[str]) -> dict[str, float]:
    """Return by which factor of the learning rate parameters of the backbone learn, by their names.

    A stage further down learns slower by ``recipe.layer_decay`` (Clark et al. 2020), and the first
    ``recipe.frozen_stages`` do not learn. A stage ends with the features that the pyramid takes
    from it.

    Parameters
    ----------
    given
        Names of what came with weights; what did not is left out.
    """
    factors = {}
    names = [name for name, _ in model.named_parameters()]
    layers = stages(model)
    for number, stage in enumerate(layers):
        frozen = number < recipe.frozen_stages
        below = len(layers) - 1 - number
        factor = 0.0 if frozen else recipe.backbone_rate * recipe.layer_decay**below
        inside = tuple(f"{BODY}{layer}." for layer in stage)
        factors |= {name: factor for name in names if name.startswith(inside) and name in given}
    return factors


def stages(model: FasterRCNN) -> list[list[str]]:
    """Return the names of the layers of the backbone, stage by stage, in the order they work."""
    body = model.backbone.body
    layers = list(body)
    ends = [0, *(layers.index(layer) + 1 for layer in body.return_layers)]
    return [layers[begin:end] for begin, end in pairwise(ends)]
