"""``watch-drift``: photographs looked at by a model, and compared with those of its test."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from utils.analysis.evaluation.carried import unpacked
from utils.analysis.prediction.looking import Unread
from utils.apply.collected import Collected
from utils.apply.looking import Settings, look_at
from utils.apply.rate import why_uncorrected
from utils.apply.sources import find_sources
from utils.dataset.intake.words import told_of_new
from utils.drift.watching import SCHEMA, watch
from utils.drift.words import lines
from utils.errors import InputError, number_of

DONE, NOT_TRUSTED = 0, 1
"""Exit codes."""


def watch_photographs(sources: Sequence[str], given: dict[str, Any]) -> tuple[int, str]:
    """Look at photographs, and return the exit code and what there is to say.

    Parameters
    ----------
    sources
        Photographs, folders, archives and patterns.
    given
        Of the options ``model``, ``jobs``, ``seed`` and ``json`` those that were given.

    Returns
    -------
    The code is `NOT_TRUSTED` where the answer should not be trusted any more.

    Raises
    ------
    InputError
        If there is no photograph that can be read, or the model file does not carry what a test
        showed of it.
    """
    settings = Settings(given.get("model"), pictures=False)
    model = settings.load()
    if why := why_uncorrected(model):
        where = settings.model or "the model in the box"
        raise InputError(f"{where}: there is no test to compare with, because {why}")
    collected = Collected(model)
    with find_sources(sources).open() as photographs:
        told = list(told_of_new(photographs.facts))
        for found in look_at(photographs, model, settings, given.get("jobs", 1)):
            line = collected.add(found)
            if isinstance(found, Unread):
                told.append(line)
    if not collected.done:
        raise InputError(f"no photograph could be read: {told[-1] if told else sources[0]}")
    evaluation, split = unpacked(model.file.evaluation, settings.model or "the model in the box")
    seed = given.get("seed", evaluation["bootstrap"]["seed"])
    record = watch(evaluation, split, collected.predictions(), seed)
    code = NOT_TRUSTED if record["trust"] == "no" else DONE
    if given.get("json"):
        whole = {"schema": SCHEMA, **record, "not_read": collected.skipped}
        return code, json.dumps(whole, indent=1, ensure_ascii=False)
    if collected.skipped:
        told.append(f"Left out: {number_of(collected.skipped, 'photograph')} that cannot be read.")
    return code, "\n".join([*told, *lines(record)])


def sources_of(words: Sequence[str], photos: Path | None) -> list[str]:
    """Return what is to be looked at; an `InputError` where nothing is named."""
    named = [*words, *([str(photos)] if photos else [])]
    if not named:
        raise InputError(
            "watch-drift: name photographs, as in `python workflow.py watch-drift --model "
            "RUN_DIR/output/face_mask_detector.pth --photos FOLDER`"
        )
    return named
