"""Where a classifier looked: Grad-CAM, on features that still have a place in the picture.

The score of a class is followed back to the features that the head takes: each is weighed by how
much the score rises with it, and the weighed channels are added up; what speaks against the class
does not count (Selvaraju et al., ICCV 2017). Grad-CAM takes one weight for a channel. Here each
place has its own, because a head may tell the upper half of a face from the lower one; where it
does not, the two are equal (HiResCAM, Draelos and Carin 2020). Where a head takes features of
several stages, what each says is added up.

The score is the logarithm of the odds of the class against all others, because scores before the
softmax mean something by their differences alone.

A heat map says where the features are that the score rests on, not that they are a good reason. It
must change when the weights are replaced by random ones (Adebayo et al., NeurIPS 2018), which a
test holds.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from utils.classifier.network import as_seen
from utils.dataset.labels import CLASSES

if TYPE_CHECKING:
    from utils.classifier.inference import FaceClassifier
    from utils.classifier.network import FaceNetwork


Centre = Callable[[int], Tensor]
"""From a number of rows to what is taken off features there: shape (C, rows, 1)."""


def grad_cam(
    network: nn.Module,
    inputs: Tensor,
    columns: np.ndarray,
    stages: Sequence[nn.Module] = (),
    centres: Sequence[Centre] = (),
    impossible: Sequence[int] = (),
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
    stages
        Whose features the head takes, in the order they work; by default `last_stage`.
    centres
        For each stage what the network itself takes off its features, which is where evidence
        begins; by default nothing.
    impossible
        Outputs that do not count.

    Returns
    -------
    float32, shape (N, H, W): 0 to 1, of each picture the most is 1; all 0 where nothing speaks for
    the output.
    """
    kept: list[Tensor] = []

    def keep(module: nn.Module, given: tuple, features: Tensor) -> Tensor:
        kept.append(features.detach().requires_grad_())
        return kept[-1]

    with _judging(network), ExitStack() as stack, torch.enable_grad():
        for stage in stages or [last_stage(network, inputs[:1])]:
            stack.enter_context(_hooked(stage, keep))
        asked = _log_odds(network(inputs).float(), columns, impossible)
        slopes = torch.autograd.grad(asked.sum(), kept)
    heat = torch.zeros(len(inputs), 1, *inputs.shape[2:], device=inputs.device)
    for number, (features, slope) in enumerate(zip(kept, slopes, strict=True)):
        values = features.detach().float()
        if centres:
            values = values - centres[number](values.shape[2]).to(values)
        said = (slope.float() * values).sum(dim=1, keepdim=True)
        said = said * said[0].numel()  # how much it says for its part of the picture
        heat += nn.functional.interpolate(
            said, inputs.shape[2:], mode="bilinear", align_corners=False
        )
    heat = heat[:, 0].relu()
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

    with _judging(network), ExitStack() as stack, torch.no_grad():
        for module in network.modules():
            stack.enter_context(_hooked(module, look))
        network(inputs)
    if not found:
        raise ValueError("no module of the network gives features with a place in the picture")
    return found[-1]


@contextmanager
def _judging(network: nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode, in which asking changes nothing in it, and back."""
    was = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(was)


def _log_odds(scores: Tensor, columns: np.ndarray, impossible: Sequence[int]) -> Tensor:
    """Return the log odds of an output of each row against all others: (N, K) to (N,)."""
    asked = torch.as_tensor(columns, device=scores.device)[:, None]
    others = scores.scatter(1, asked, -torch.inf)
    others[:, list(impossible)] = -torch.inf
    return scores.gather(1, asked)[:, 0] - others.logsumexp(dim=1)


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
    network = classifier.network
    layers = [it for name, it in network.trunk.named_children() if name in network.looked_at]
    heats = grad_cam(
        network,
        inputs.to(classifier.device),
        columns,
        layers,
        _centres(network, layers, inputs[:1].to(classifier.device)),
        [CLASSES.index(name) for name in classifier.absent],
    )
    return [
        cv2.resize(heat, face.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        for heat, face in zip(heats, faces, strict=True)
    ]


def _centres(network: "FaceNetwork", layers: Sequence[nn.Module], inputs: Tensor) -> list[Centre]:
    """Return what the head takes off the features of each layer, in the upper and lower half."""
    channels: list[int] = []
    with _judging(network), ExitStack() as stack, torch.no_grad():
        for layer in layers:
            hook = lambda module, given, features: channels.append(features.shape[1])  # noqa: E731
            stack.enter_context(_hooked(layer, hook))
        network(inputs)
    halves = network.head.centre.split([many for one in channels for many in (one, one)])

    def centre(upper: Tensor, lower: Tensor) -> Centre:
        def of_rows(rows: int) -> Tensor:
            parts = (
                [upper] * (rows // 2) + [(upper + lower) / 2] * (rows % 2) + [lower] * (rows // 2)
            )
            return torch.stack(parts, dim=1)[:, :, None]

        return of_rows

    return [centre(*halves[2 * k : 2 * k + 2]) for k in range(len(layers))]
