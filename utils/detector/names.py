"""The names of the detector's architectures, for those who plan and import no torch."""

COMPACT = "compact_resnet18_fpn"
RESNET50_V2 = "fasterrcnn_resnet50_fpn_v2"
RESNET50 = "fasterrcnn_resnet50_fpn"
MOBILENET = "fasterrcnn_mobilenet_v3_large_fpn"

ARCHITECTURES = (COMPACT, RESNET50_V2, RESNET50, MOBILENET)
"""The default first."""
