"""What a model finds on photographs, one after the other, in this process or in several."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import torch

from utils.analysis.evaluation.carried import unpacked
from utils.analysis.prediction.looking import Looked, Unread, look
from utils.dataset.images import encode_jpeg
from utils.dataset.intake.photographs import NewPhotographs
from utils.dataset.shards import Photo
from utils.dataset.splitting.fingerprint_index import Packed
from utils.dataset.splitting.fingerprints import Fingerprint
from utils.dataset.splitting.learnt import LearntPhotographs
from utils.detector.names import IN_THE_BOX
from utils.errors import InputError, number_of
from utils.model_files import Model
from utils.models import load_model, load_two_stage
from utils.signals import kept_from_children

PROCESSES = 4
"""For each thread at most: one may wait for a disk, or for a GPU."""

LEARNT = "one that the model learnt from"
"""What a near-duplicate resembles: a model file does not tell the names of photographs."""


@dataclass(frozen=True)
class Found:
    """What was found on one photograph.

    Attributes
    ----------
    record
        As `utils.analysis.prediction.looking.Looked.record` returns it; ``resembles`` is `LEARNT`
        or None, where the model's file tells what it learnt from.
    fingerprint
        What near-duplicates of it are known by; packed where it travelled, None where none are
        looked for, or no longer.
    picture
        The photograph with its faces drawn, a JPEG; None where none was asked for.
    """

    record: dict[str, Any]
    fingerprint: Fingerprint | Packed | None
    picture: bytes | None


@dataclass(frozen=True)
class Settings:
    """How to look.

    Attributes
    ----------
    model, device
        As `utils.models.load_model` takes them.
    threshold
        Confidence from which a face counts; None for that of the model.
    pictures
        Whether photographs are drawn.
    faces
        What finds the faces that a classifier judges, as `utils.models.load_two_stage` takes it;
        None where the model finds them itself, or a picture is a face.
    """

    model: Path | None = None
    device: str | None = None
    threshold: float | None = None
    pictures: bool = True
    faces: str | None = None

    def load(self) -> Model:
        """Return the model, ready to look.

        Raises
        ------
        InputError
            As `load_model` and `load_two_stage`; or if what the file carries of its test is
            damaged.
        """
        if self.faces is None:
            model = load_model(self.model, self.device)
        else:
            model = load_two_stage(self.model, self.faces, self.device)
        if model.file.evaluation is not None:
            unpacked(model.file.evaluation, self.model or IN_THE_BOX)
        if self.threshold is not None:
            model.threshold = self.threshold
        return model


def look_at(
    photographs: NewPhotographs, model: Model, settings: Settings, jobs: int = 1
) -> Iterator[Found | Unread]:
    """Yield what is found on photographs, or why one cannot be read, sorted by name.

    Parameters
    ----------
    model
        As `settings` load it.
    jobs
        How many processes share the work; each loads the model for itself and gets its part of the
        cores. No more than one photograph a process, and one more, are held at a time.

    Raises
    ------
    InputError
        If what the model's file tells of the photographs that it learnt from is damaged, there are
        far too many `jobs`, or a process ends too soon, for want of memory mostly.
    """
    if jobs > (most := PROCESSES * torch.get_num_threads()):
        raise InputError(
            f"--jobs {jobs}: this machine has {number_of(most // PROCESSES, 'thread')} to share; "
            f"take {most} or fewer, more would only take memory"
        )
    jobs = min(jobs, photographs.facts["photos"])
    photos, learnt = _read(photographs), learnt_of(model, settings.model)
    if jobs <= 1:
        return (_found(one, settings, learnt) for one in look(model, photos))
    return _in_processes(photos, settings, jobs)


def _read(photographs: NewPhotographs) -> Iterator[Photo | Unread]:
    for name, read in photographs.readers():
        try:
            yield read()
        except InputError as error:
            yield Unread(name, str(error))


def learnt_of(model: Model, path: Path | None) -> LearntPhotographs | None:
    """Return what the photographs that a model learnt from are recognised by, as far as known."""
    if model.file.fingerprints is None:
        return None
    return LearntPhotographs.from_bytes(model.file.fingerprints, path or IN_THE_BOX)


def _found(
    one: Looked | Unread, settings: Settings, learnt: LearntPhotographs | None
) -> Found | Unread:
    if isinstance(one, Unread):
        return one
    picture = encode_jpeg(one.drawn()) if settings.pictures else None
    return Found(*closely(one, learnt), picture)


def closely(one: Looked, learnt: LearntPhotographs | None) -> tuple[dict[str, Any], Fingerprint]:
    """Return ``record`` and ``fingerprint`` of `Found`: all that a rate needs of a photograph.

    Parameters
    ----------
    learnt
        The photographs that the model learnt from; None if not known.
    """
    record, looked = one.record(), one.fingerprint()
    if learnt is not None:
        record["resembles"] = LEARNT if learnt.resemble(looked) else None
    return record, looked


def _in_processes(
    photos: Iterable[Photo | Unread], settings: Settings, jobs: int
) -> Iterator[Found | Unread]:
    threads = max(1, torch.get_num_threads() // jobs)
    context = multiprocessing.get_context("spawn")  # a fork of torch's threads hangs
    pool = ProcessPoolExecutor(jobs, context, _begin, (settings, threads))
    waiting: deque[Future] = deque()
    try:
        for photo in photos:
            with kept_from_children(signal.SIGINT):  # Ctrl-C is for the process that was started
                waiting.append(pool.submit(_look, photo))
            if len(waiting) > jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise InputError(
            f"one of {jobs} processes ended too soon, for want of memory mostly; take fewer --jobs"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


class _Process:
    """What a process of the pool keeps from one photograph to the next."""

    settings: Settings
    model: Model
    learnt: LearntPhotographs | None


def _begin(settings: Settings, threads: int) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(threads)
    _Process.settings, _Process.model = settings, settings.load()
    _Process.learnt = learnt_of(_Process.model, settings.model)


def _end_with_parent() -> None:
    """End this process where the one that started it was killed, and could not end it."""
    parent = multiprocessing.parent_process()
    if parent:
        wait([parent.sentinel])
        os._exit(1)


def _look(photo: Photo | Unread) -> Found | Unread:
    return _found(next(look(_Process.model, [photo])), _Process.settings, _Process.learnt)
