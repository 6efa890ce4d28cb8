"""What a search may choose of a network: its recipe, its architecture, its image size."""

from collections.abc import Sequence
from typing import Any

from utils.search.space import Space
from utils.search.space_words import read_space
from utils.training.plan import BESIDES, Trainable
from utils.training.recipe import BY_RATIO


def read_search(
    words: Sequence[str],
    recipe: dict[str, Any],
    arch: str,
    image_size: int,
    of: Trainable,
    source: str = "--search",
) -> tuple[dict[str, Any], Space | None]:
    """Return where the search starts, and what it chooses from; None for what it does by default.

    Parameters
    ----------
    words
        What is searched (see `utils.search.space_words`).
    recipe, arch, image_size
        Where the search starts, as far as it is told, and what is trained without one.
    of
        What may be searched.
    source
        Where the words come from, for the message of an error.

    Returns
    -------
    The first is `recipe`, over what `of` starts with that no other task does, with architecture and
    image size where they are searched.

    Raises
    ------
    InputError
        If what is searched, or a value of it, is unknown or nothing that a training takes.
    """
    start = {**of.recipe.peculiar(), **recipe}
    if not words:
        return start, None
    besides = {"arch": arch, "image_size": image_size}
    whole = {**of.recipe.as_params(), **start}
    known = {name: value for name, value in whole.items() if name not in of.without} | besides
    space = read_space(words, known, of.check, BY_RATIO, source)
    return {**start, **{name: besides[name] for name in BESIDES if name in space}}, space
