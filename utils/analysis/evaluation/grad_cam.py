"""Where a classifier looked: Grad-CAM, on the last features that still have a place in the picture.

Each channel of these features is weighed by how much the class's score rises with it, and the
weighed channels are added up; what speaks against the class does not count (Selvaraju et al., ICCV
2017). A heat map says where the features are that the score rests on, not that they are a good
reason. It must change when the weights are replaced by random ones (Adebayo et al., NeurIPS 2018),
which a test holds.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from utils.classifier.network import as_seen

if TYPE_CHECKING:
    from utils.classifier.inference import FaceClassifier


def grad_cam(
    network: nn.Module, inputs: Tensor, columns: np.ndarray, stage: nn.Module | None = None
) -> np.ndarray:
    """Return where the network looked for one of its outputs, for each picture.

    Parameters
    ----------
    network
        From (N, C, H, W) to scores before the softmax, (N, K). It is asked in evaluation mode.
    inputs
        Shape (N, C, H, W), as the network takes them.
    columns
        int64, shape (N,): which output is asked about.
    stage
        Whose features are taken; by default those of `last_stage`.

    Returns
    -------
    float32, shape (N, H, W): 0 to 1, of each picture the most is 1; all 0 where nothing speaks for
    the output.
    """
    was, kept = network.training, []
    network.eval()

    def keep(module: nn.Module, given: tuple, features: Tensor) -> Tensor:
        kept.append(features.detach().requires_grad_())
        return kept[-1]

    try:
        with _hooked(stage or last_stage(network, inputs[:1]), keep), torch.enable_grad():
            scores = network(inputs)
            asked = scores.gather(1, torch.as_tensor(columns, device=scores.device)[:, None])
            (slopes,) = torch.autograd.grad(asked.float().sum(), kept[-1])
    finally:
        network.train(was)
    weights = slopes.float().mean(dim=(2, 3), keepdim=True)
    heat = (weights * kept[-1].float()).sum(dim=1, keepdim=True).relu().detach()
    heat = nn.functional.interpolate(heat, inputs.shape[2:], mode="bilinear", align_corners=False)[
        :, 0
    ]
    most = heat.amax(dim=(1, 2), keepdim=True)
    return (heat / most.clamp(min=torch.finfo(heat.dtype).tiny)).cpu().numpy()


def last_stage(network: nn.Module, inputs: Tensor) -> nn.Module:
    """Return the module that is the last to give features which have places: more than 1 x 1.

    It is found by running the network once, so that it is right for whatever architecture.

    Raises
    ------
    ValueError
        If no module gives any.
    """
    found: list[nn.Module] = []

    def look(module: nn.Module, given: tuple, features: object) -> None:
        if isinstance(features, Tensor) and features.dim() == 4 and max(features.shape[2:]) > 1:
            found.append(module)

    with ExitStack() as stack, torch.no_grad():
        for module in network.modules():
            stack.enter_context(_hooked(module, look))
        network(inputs)
    if not found:
        raise ValueError("no module of the network gives features with a place in the picture")
    return found[-1]


@contextmanager
def _hooked(module: nn.Module, hook: Callable) -> Iterator[None]:
    handle = module.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def looked_at(
    classifier: "FaceClassifier", faces: Sequence[np.ndarray], labels: Sequence[int]
) -> list[np.ndarray]:
    """Return where a classifier looked on faces for the classes `labels`, by id.

    Returns
    -------
    float32, shape (H, W) of each face, 0 to 1.
    """
    inputs = torch.stack([as_seen(face, classifier.image_size) for face in faces])
    columns = np.asarray(labels, np.int64) - 1
    heats = grad_cam(classifier.network, inputs.to(classifier.device), columns)
    return [
        cv2.resize(heat, face.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        for heat, face in zip(heats, faces, strict=True)
    ]
