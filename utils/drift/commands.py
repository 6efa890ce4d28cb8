"""``watch-drift``: what a model looks at, compared with the photographs of its test."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from utils.analysis.evaluation.carried import unpacked
from utils.analysis.prediction.looking import Unread
from utils.apply.collected import Collected
from utils.apply.looking import Found, Settings, learnt_of, look_at
from utils.apply.rate import why_uncorrected
from utils.apply.sources import find_sources
from utils.dataset.intake.videos import FoundVideo
from utils.dataset.intake.words import told_of_new
from utils.dataset.splitting.learnt import LearntPhotographs
from utils.drift.watching import SCHEMA, watch
from utils.drift.words import lines
from utils.errors import InputError, number_of
from utils.model_files import Model

DONE, NOT_TRUSTED = 0, 1
"""Exit codes."""


Sample = Callable[[FoundVideo, Model, LearntPhotographs | None, Path], Iterator[Found | Unread]]
"""Looks at some frames of a video, each as a photograph (`utils.video.sampling.sampled`)."""


def watch_sources(sources: Sequence[str], given: dict[str, Any], sample: Sample) -> tuple[int, str]:
    """Look at photographs and videos, and return the exit code and what there is to say.

    Parameters
    ----------
    sources
        Photographs, videos, folders, archives and patterns.
    given
        Of the options ``model``, ``jobs``, ``seed`` and ``json`` those that were given.

    Returns
    -------
    The code is `NOT_TRUSTED` where the answer should not be trusted any more.

    Raises
    ------
    InputError
        If there is nothing that can be looked at, or the model file does not carry what a test
        showed of it.
    """
    settings = Settings(given.get("model"), pictures=False)
    model = settings.load()
    where = settings.model or "the model in the box"
    if why := why_uncorrected(model):
        raise InputError(f"{where}: there is no test to compare with, because {why}")
    collected = Collected(model)
    videos: dict[str, list[str]] = {}
    with find_sources(sources, videos=True).open() as photographs, TemporaryDirectory() as scratch:
        told = list(told_of_new(photographs.facts))
        for found in look_at(photographs, model, settings, given.get("jobs", 1)):
            line = collected.add(found)
            if isinstance(found, Unread):
                told.append(line)
        learnt = learnt_of(model, settings.model) if photographs.videos else None
        for video in photographs.videos:
            for found in sample(video, model, learnt, Path(scratch)):
                line = collected.add(found)
                if isinstance(found, Unread):
                    told.append(line)
                else:
                    videos.setdefault(video.name, []).append(found.record["file"])
    if not collected.done:
        raise InputError(f"nothing could be looked at: {told[-1] if told else sources[0]}")
    evaluation, split = unpacked(model.file.evaluation, where)
    seed = given.get("seed", evaluation["bootstrap"]["seed"])
    predictions = collected.predictions()
    _join_frames(predictions.summaries, videos.values())
    record = watch(evaluation, split, predictions, seed)
    record["videos"] = [{"name": name, "frames": len(files)} for name, files in videos.items()]
    code = NOT_TRUSTED if record["trust"] == "no" else DONE
    if given.get("json"):
        whole = {"schema": SCHEMA, **record, "not_read": collected.skipped}
        return code, json.dumps(whole, indent=1, ensure_ascii=False)
    if collected.skipped:
        left = number_of(collected.skipped, "photograph or video", "photographs or videos")
        told.append(f"Left out: {left} that cannot be read.")
    return code, "\n".join([*told, *lines(record)])


def _join_frames(summaries: Sequence[dict[str, Any]], videos: Iterable[Sequence[str]]) -> None:
    """Let all frames of a video be of one group, and whatever is of the group of one of them."""
    group = {one["file"]: one["group"] for one in summaries}
    same: dict[int, int] = {}

    def first(number: int) -> int:
        while number in same:
            number = same[number]
        return number

    for files in videos:
        for file in files[1:]:
            one, other = first(group[files[0]]), first(group[file])
            if one != other:
                same[other] = one
    for one in summaries:
        one["group"] = first(one["group"])


def sources_of(words: Sequence[str], photos: Path | None) -> list[str]:
    """Return what is to be looked at; an `InputError` where nothing is named."""
    named = [*words, *([str(photos)] if photos else [])]
    if not named:
        raise InputError(
            "watch-drift: name photographs or videos, as in `python workflow.py watch-drift "
            "--model RUN_DIR/output/face_mask_detector.pth --photos FOLDER`"
        )
    return named
