"""Which weights to start from: decided, and fetched, where the workflow is submitted.

Jobs have no network. Planning a run from scratch imports no torch.
"""

import hashlib
import logging
import os
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from utils.errors import InputError, brief
from utils.networks.published import address_of, digest_in
from utils.records import digest_of

TIMEOUT = 10.0
"""Seconds that a server has to answer, and then again for each part of the file."""

_PROPER = {"coco": "COCO", "imagenet": "ImageNet", "faces": "faces"}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Networks:
    """The networks of a task, as far as the weights go that they may start from.

    Attributes
    ----------
    architecture
        Gives the entry of a registry by its name: ``backbone`` (torchvision's name of the network
        whose ImageNet weights fit), ``coco`` (whether torchvision has weights of COCO), and
        ``packaged``, a `Packaged` or None.
    best
        What ``auto`` looks for first: ``coco`` or ``imagenet``.
    of_faces
        The network that starts from faces.
    check
        Returns whose weights a file holds, for a record; raises an `InputError` if they do not fit
        an architecture.
    box
        The model in the box, None where there is none of these networks.
    """

    architecture: Callable[[str], Any]
    best: str
    of_faces: str
    check: Callable[[Path, str], dict[str, Any] | None]
    box: Path | None = None


@dataclass(frozen=True)
class Weights:
    """Weights to start from.

    Attributes
    ----------
    asked
        What the option said.
    taken
        ``none``, ``coco``, ``imagenet``, ``faces``, ``box`` (our own model), or the path of a file.
    file
        Where they lie; None from scratch.
    why
        Why `taken` is what it is, where `asked` does not say it.
    origin
        Whose weights they are, their source and its licence; None from scratch.
    """

    asked: str
    taken: str
    file: Path | None = None
    why: str = ""
    origin: dict[str, Any] | None = None

    def __str__(self) -> str:
        if self.file is None:
            told = "none: training starts from scratch"
        elif self.taken == str(self.file):
            told = self.taken
        elif self.taken == "box":
            told = f"box: {self.file.name} of this project"
            if self.origin and self.origin["network"]:
                told = "{}; {network}, of {source} ({licence})".format(told, **self.origin)
        elif self.origin and self.origin["network"]:
            told = "{taken}: {network}, {file} of {source} ({licence})".format(
                taken=self.taken, **self.origin
            )
        else:
            told = f"{self.taken}, from torchvision's {self.file.name}"
        if not self.why:
            return told
        return f"{told}, because {self.why}" if self.file else f"{told} ({self.why})"

    def as_record(self) -> dict[str, Any]:
        """Return plain values for the record of the run."""
        name = self.file.name if self.file else None
        return {
            "asked": self.asked,
            "taken": self.taken,
            "file": name,
            "told": str(self),
            "origin": self.origin,
        }


def choose_weights(
    networks: Networks, arch: str, asked: str, tell: Callable[[str], None] = lambda line: None
) -> Weights:
    """Decide what ``--weights`` means for `arch`, fetching it if need be.

    ``auto`` takes the best where torchvision has them and they can be had, else those that a
    package holds for `arch` (`utils.networks.published`), and else none.
    `tell` is told of a download before it starts.

    Raises
    ------
    InputError
        If weights that were asked for by name cannot be had, or do not fit `arch`.
    """
    if asked == "none":
        return Weights(asked, asked)
    if asked == "auto":
        chosen = _best(networks, arch, tell)
    elif asked in _PROPER:
        try:
            chosen = Weights(asked, asked, find_weights(networks, arch, asked, tell))
        except InputError as error:
            raise InputError(
                f"--weights {asked}: {error}; give the file of other weights, or none"
            ) from error
    elif asked == "box":
        if networks.box is None:
            raise InputError(
                f"--weights box: the model in the box finds faces, and {arch} judges them; leave "
                "--weights out, or give the file of a classifier"
            )
        if not networks.box.exists():
            raise InputError(
                f"--weights box: {networks.box}: there is no model in the box; make it: "
                "make pretrained DATA=FOLDER"
            )
        chosen = Weights(asked, asked, networks.box)
    elif Path(asked).is_file():
        chosen = Weights(asked, asked, Path(asked))
    elif Path(asked).is_dir():
        kind = "a TensorFlow model" if Path(asked, "saved_model.pb").exists() else "a folder"
        raise InputError(f"--weights: {brief(asked)}: is {kind}; give a file of PyTorch weights")
    else:
        raise InputError(
            f"--weights: {brief(asked)}: no such file; nor is it auto, box, {', '.join(_PROPER)}, "
            "none"
        )
    if chosen.file is None:
        return chosen
    held = networks.architecture(arch).packaged
    if held and held.sha256 == digest_of(chosen.file):
        return replace(chosen, origin=held.origin())  # it fits; no need of torch to see that
    from utils.networks.model_file import arch_of

    own = arch_of(chosen.file) if asked not in ("auto", *_PROPER) else None
    if own not in (None, arch) and _of_task(networks, own):
        raise InputError(
            f"--weights {brief(asked)}: is a model of another architecture; give --arch {own}, or "
            "other weights"
        )
    return replace(chosen, origin=networks.check(chosen.file, arch))


def _of_task(networks: Networks, arch: str) -> bool:
    """Return whether an architecture is of this task; one of another may give its trunk."""
    try:
        networks.architecture(arch)
    except InputError:
        return False
    return True


def _best(networks: Networks, arch: str, tell: Callable[[str], None]) -> Weights:
    """Return the weights that ``--weights auto`` means, or none and why."""
    found = networks.architecture(arch)
    kinds = [] if networks.best == "imagenet" and found.backbone is None else [networks.best]
    lacking = []
    for kind in dict.fromkeys(kinds + ([found.packaged.kind] if found.packaged else [])):
        try:
            path = find_weights(networks, arch, kind, tell)
        except InputError as error:
            lacking.append(str(error))
        else:
            return Weights("auto", kind, path, "; ".join(lacking))
    return Weights("auto", "none", why="; ".join(lacking))


def find_weights(
    networks: Networks, arch: str, kind: str, tell: Callable[[str], None] = lambda line: None
) -> Path:
    """Return ``coco``, ``faces`` or ``imagenet`` weights for `arch`: a package's or torchvision's.

    Raises
    ------
    InputError
        If there are none, or they cannot be had.
    """
    found = networks.architecture(arch)
    if found.packaged is None or found.packaged.kind != kind:
        if kind == "faces":
            raise InputError(f"there are no weights of faces for {arch}; take {networks.of_faces}")
        return fetch_weights(networks, arch, kind, tell)
    try:
        return found.packaged.locate()
    except InputError as error:
        if kind != "imagenet" or found.backbone is None:
            raise
        try:
            return fetch_weights(networks, arch, kind, tell)  # the same file
        except InputError as other:
            raise InputError(f"{error}; {other}") from other


def fetch_weights(
    networks: Networks, arch: str, kind: str, tell: Callable[[str], None] = lambda line: None
) -> Path:
    """Return torchvision's ``coco`` or ``imagenet`` weights for `arch`, downloaded if need be.

    They are kept where torchvision itself keeps them: ``$TORCH_HOME/hub/checkpoints``.

    Raises
    ------
    InputError
        If torchvision has no such weights, or the download fails; no part of it is left.
    """
    found = networks.architecture(arch)
    for name, has in (("coco", found.coco), ("imagenet", found.backbone)):
        if kind == name and not has:
            raise InputError(f"torchvision has no {_PROPER[name]} weights for {arch}")
    import torch

    url = weights_address(networks, arch, kind)
    path = Path(torch.hub.get_dir()) / "checkpoints" / Path(urlsplit(url).path).name
    prefix = digest_in(path.name)
    try:
        if path.is_file():
            if digest_of(path).startswith(prefix):
                return path
            log.warning("%s: damaged, its SHA-256 is not %s...; fetching it again", path, prefix)
        path.parent.mkdir(parents=True, exist_ok=True)
        tell(f"Fetching {url}")
        _download(url, path, prefix)
    except (OSError, HTTPException) as error:
        raise InputError(f"cannot fetch {url}: {error}") from error
    return path


def weights_address(networks: Networks, arch: str, kind: str) -> str:
    """Return where torchvision's weights lie: those that its own networks start from."""
    return address_of(arch if kind == "coco" else networks.architecture(arch).backbone, kind)


def _download(url: str, path: Path, prefix: str) -> None:
    """Download to `path`, whole or not at all (`torch.hub` does, but waits without limit)."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    digest = hashlib.sha256()
    try:
        with _open(url) as response, open(temporary, "wb") as file:
            while block := response.read(1 << 20):
                digest.update(block)
                file.write(block)
        if not digest.hexdigest().startswith(prefix):
            raise OSError(f"what came has SHA-256 {digest.hexdigest()[:8]}..., not {prefix}...")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _open(url: str) -> HTTPResponse:
    """Open an address within `TIMEOUT` seconds in all.

    In a thread, because looking up the name has no limit, and each address of a server has its own.
    """
    answers: queue.SimpleQueue[HTTPResponse | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(urlopen(url, timeout=TIMEOUT))  # noqa: S310 - torchvision's address
        except (OSError, HTTPException) as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=TIMEOUT)
    except queue.Empty:
        raise TimeoutError(f"no answer in {TIMEOUT:g} seconds") from None
    if isinstance(answer, Exception):
        raise answer
    return answer
