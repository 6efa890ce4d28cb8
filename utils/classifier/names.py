"""What a classifier can be, for those who plan and import no torch: architectures, image sizes."""

CENTERFACE = "centerface"
MOBILENET_V2 = "mobilenet_v2"
RESNET18 = "resnet18"
RESNET50 = "resnet50"
MOBILENET_V3_SMALL = "mobilenet_v3_small"
MOBILENET_V3_LARGE = "mobilenet_v3_large"
EFFICIENTNET_B0 = "efficientnet_b0"
VGG16 = "vgg16"
VGG19 = "vgg19"

ARCHITECTURES = (
    CENTERFACE,
    MOBILENET_V2,
    MOBILENET_V3_SMALL,
    MOBILENET_V3_LARGE,
    EFFICIENTNET_B0,
    RESNET18,
    RESNET50,
    VGG16,
    VGG19,
)
"""The default first."""

IMAGE_SIZES = (32, 512)
"""Least and most pixels of the sides of a face as a network sees it."""

IMAGE_SIZE = 112
"""Pixels of the sides of a face, unless one says otherwise."""

MARGIN = 0.2
"""Share of a face's longer side that is cut with it on each side, unless one says otherwise."""
