"""What a search may choose of a detector: its recipe, its architecture, its image size."""

from collections.abc import Sequence
from typing import Any

from utils.detector.names import ARCHITECTURES, IMAGE_SIZES
from utils.detector.plan import BESIDES
from utils.errors import InputError, suggestion
from utils.search.space import Space, default_params
from utils.search.space_words import read_space
from utils.training.recipe import BY_RATIO, Recipe


def read_search(
    words: Sequence[str],
    recipe: dict[str, Any],
    arch: str,
    image_size: int,
    source: str = "--search",
) -> tuple[dict[str, Any], Space | None]:
    """Return where the search starts, and what it chooses from; None for what it does by default.

    Parameters
    ----------
    words
        What is searched (see `utils.search.space_words`).
    recipe, arch, image_size
        Where the search starts, as far as it is told, and what is trained without one.
    source
        Where the words come from, for the message of an error.

    Returns
    -------
    The first is `recipe`, with architecture and image size where they are searched.

    Raises
    ------
    InputError
        If what is searched, or a value of it, is unknown or nothing that a training takes.
    """
    if not words:
        return recipe, None
    besides = {"arch": arch, "image_size": image_size}
    known = {**default_params(), **recipe, **besides}
    space = read_space(words, known, _check, BY_RATIO, source)
    return {**recipe, **{name: besides[name] for name in BESIDES if name in space}}, space


def _check(params: dict[str, Any]) -> None:
    """Raise `InputError` if no training takes these parameters."""
    rest = dict(params)
    arch, size = rest.pop("arch", ARCHITECTURES[0]), rest.pop("image_size", IMAGE_SIZES[0])
    if arch not in ARCHITECTURES:
        raise InputError(f"{arch}: no such architecture; {suggestion(arch, ARCHITECTURES)}")
    low, high = IMAGE_SIZES
    if not low <= size <= high:
        raise InputError(f"{size} pixels: takes {low} to {high}")
    Recipe.from_params(rest)
