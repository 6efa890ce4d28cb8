"""What a detector can be, for those who plan and import no torch: architectures, image sizes."""

from pathlib import Path

IN_THE_BOX = Path(__file__).resolve().parents[2] / "data" / "models" / "face_mask_detector.pth"
"""The model that comes with the project."""

COMPACT = "compact_resnet18_fpn"
COMPACT_LITE0 = "compact_efficientnet_lite0_fpn"
COMPACT_MOBILENET = "compact_mobilenet_v2_fpn"
COMPACT_CENTERFACE = "compact_centerface_fpn"
RESNET50_V2 = "fasterrcnn_resnet50_fpn_v2"
RESNET50 = "fasterrcnn_resnet50_fpn"
MOBILENET = "fasterrcnn_mobilenet_v3_large_fpn"

ARCHITECTURES = (
    COMPACT_CENTERFACE,
    COMPACT_MOBILENET,
    COMPACT_LITE0,
    COMPACT,
    RESNET50_V2,
    RESNET50,
    MOBILENET,
)
"""The default first."""

IMAGE_SIZES = (64, 2048)
"""Least and most pixels of the longer side of the photographs that a network sees."""

IMAGE_SIZE = 480
"""Such pixels, unless one says otherwise."""
