"""Features of faces, computed once and kept: with a frozen trunk epochs cost next to nothing.

Each face is seen as it is and in several views, so that the head learns from more than one picture
of it. What is kept is a function of the seed, the face and the trunk, in batches that are always
the same, and lies in the checkpoint: a resumed training goes on with the same numbers.
"""

import logging
import time
from collections.abc import Callable

import torch
from torch import Tensor

from utils.classifier.augmentation import view
from utils.classifier.faces import FacePictures
from utils.classifier.network import FaceNetwork
from utils.errors import Checkpointed
from utils.seed import derive_seed
from utils.training.checkpoint import Checkpoint
from utils.training.distributed import anywhere, processes, rank, total
from utils.training.recipe import Recipe

VIEWS = 8
"""Views of each face to learn from: one as it is, and the others as `view` changes it."""

FACES = 32
"""Whose features are computed at a time, and then shared between processes."""

SAVED_EVERY = 60.0
"""Seconds after which what there is goes into the checkpoint."""

PATIENCE = 10.0
"""Seconds of epochs that a kill may lose: the file holds all features, and an epoch takes less."""

See = Callable[[Tensor, str, int], Tensor]
"""Makes of a picture and its name the view of this number, from 1."""

log = logging.getLogger(__name__)


class KeptFeatures:
    """Features that were computed, in the checkpoint from time to time.

    Parameters
    ----------
    network
        Ready to judge (`utils.classifier.inference.prepared`).
    checkpoint
        Holds what an earlier start has computed, and keeps it.
    stop
        Asked after every batch; once true, what there is is saved and `Checkpointed` raised.
    """

    def __init__(
        self, network: FaceNetwork, checkpoint: Checkpoint, stop: Callable[[], bool]
    ) -> None:
        self._network, self._checkpoint, self._stop = network, checkpoint, stop
        self._parts: dict[str, Tensor] = dict(checkpoint.kept or {})
        checkpoint.patience = PATIENCE
        self._saved = time.monotonic()

    def to_learn_from(self, faces: FacePictures, recipe: Recipe, seed: int) -> Tensor:
        """Return features, (faces, `VIEWS`, channels); the first are of faces as they are.

        Raises
        ------
        Checkpointed
            If asked to stop.
        """

        def see(picture: Tensor, name: str, number: int) -> Tensor:
            return view(picture, recipe, derive_seed(seed, "view", name, number))

        return self._features("to learn from", faces, see, VIEWS)

    def to_validate_on(self, faces: FacePictures, recipe: Recipe) -> Tensor:
        """Return features, (faces, 1 or 2, channels): with ``mirrored`` of the mirror, too.

        Raises
        ------
        Checkpointed
            If asked to stop.
        """
        views = 1 + recipe.mirrored
        return self._features("to validate on", faces, lambda picture, *_: picture.flip(2), views)

    def _features(self, side: str, faces: FacePictures, see: See, views: int) -> Tensor:
        found = [self._parts[side].float()] if side in self._parts else []
        begin, started = sum(map(len, found)), time.monotonic()
        for first in range(begin, len(faces), FACES):
            if anywhere(self._stop()):
                self._keep(side, found)
                raise Checkpointed(
                    f"stopped after the features of {first} of {len(faces)} faces {side}; the "
                    f"checkpoint is {self._checkpoint.path}"
                )
            last = min(first + FACES, len(faces))
            found.append(self._of(faces, range(first, last), see, views))
            if anywhere(time.monotonic() - self._saved >= SAVED_EVERY):
                found = self._keep(side, found)
        if begin < len(faces):
            seconds = time.monotonic() - started
            log.info("features of %d faces %s: %.0f s", len(faces) - begin, side, seconds)
            self._keep(side, found)
        return self._parts[side]

    def _keep(self, side: str, found: list[Tensor]) -> list[Tensor]:
        if found:
            self._parts[side] = _compact(torch.cat(found))
            self._checkpoint.keep(self._parts)
        self._saved = time.monotonic()
        return [self._parts[side].float()] if found else []

    def _of(self, faces: FacePictures, numbers: range, see: See, views: int) -> Tensor:
        """Return features, (faces, views, channels); of several processes each computes a part."""
        rows = torch.zeros((len(numbers), views, len(self._network.head.centre)))
        device = self._network.head.centre.device
        for place in range(rank(), len(numbers), processes()):
            number = numbers[place]
            picture, name = faces[number][0], faces.names[number]
            others = [see(picture, name, which) for which in range(1, views)]
            with torch.no_grad():
                seen = torch.stack([picture, *others]).to(device)
                rows[place] = self._network.features(seen).cpu()
        return total(rows)  # of which each has some, and else zeros


def _compact(features: Tensor) -> Tensor:
    """Return features in half the bytes, exact enough, where they are in the range of that."""
    half = features.half()
    return half if bool(half.isfinite().all()) else features.float()
