"""How fast the layers of a trunk learn that came with pretrained weights."""

from collections.abc import Collection, Iterable, Sequence

from utils.training.recipe import Recipe


def stage_rates(
    names: Iterable[str],
    stages: Sequence[Sequence[str]],
    frozen: int,
    recipe: Recipe,
    given: Collection[str],
) -> dict[str, float]:
    """Return by which factor of the learning rate parameters of a trunk learn, by their names.

    A stage further down learns slower by ``recipe.layer_decay`` (Clark et al. 2020), and the first
    `frozen` do not learn.

    Parameters
    ----------
    names
        Of the parameters.
    stages
        Of each stage, in the order they work, the whole names of its layers.
    given
        Names of what came with weights; what did not is left out.
    """
    names = list(names)
    factors = {}
    for number, stage in enumerate(stages):
        below = len(stages) - 1 - number
        factor = 0.0 if number < frozen else recipe.backbone_rate * recipe.layer_decay**below
        inside = tuple(f"{layer}." for layer in stage)
        factors |= {name: factor for name in names if name.startswith(inside) and name in given}
    return factors
