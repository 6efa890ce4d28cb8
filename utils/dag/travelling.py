"""Under which names files travel to the jobs and from one to the next."""

from collections.abc import Mapping
from dataclasses import replace

from utils.classifier.finders.names import FINDERS
from utils.dag.options.learning import WEIGHTS
from utils.dag.options.table import Options

CODE = "utils.zip"
DATASET = "dataset.tar"
GIVEN_SIDES = "sides.json"
ANNOTATED = "annotated.json"
GROUPS = "groups.json"
CONFIGURATION = "configuration.json"
FINGERPRINTS = "train_fingerprints.npz"
LEARNT = "learnt_fingerprints.npz"
OWN_WEIGHTS = ("box_weights.pth", "own_weights.pth")
"""Weights of models of ours, which say what they have learnt from."""

FINDER, FINDER_OF_OURS = "finder_weights.onnx", "finder_weights.pth"
MODEL = "mask_detection_model.pth"
DETECTOR = "face_mask_detector.pth"


def data_files(options: Options) -> list[str]:
    """Return the names of the files that hold the annotated photographs and what is known of them.

    Among them what is known of new photographs: annotations of a sample, places and times.
    """
    sides = [GIVEN_SIDES] if options.split == "given" else []
    annotated = [ANNOTATED] if options.predict_annotations else []
    return [DATASET, *sides, *annotated, *([GROUPS] if options.groups else [])]


def weights_file(options: Options) -> str | None:
    """Return the name under which the weights to start from travel; None from scratch.

    What ``auto`` means is settled before planning (`utils.networks.pretrained`).
    """
    if options.weights in ("auto", "none"):
        return None
    kind = options.weights if options.weights in WEIGHTS else "own"
    return f"{kind}_weights.{'onnx' if kind == 'faces' else 'pth'}"


def learnt_file(options: Options) -> str | None:
    """Return the name of the file that says which photographs our own weights have learnt from.

    Our own may be the weights to start from, and those of a face finder. None where neither is:
    weights of others do not say what they learnt from, or it is nothing that users have.
    """
    ours = weights_file(options) in OWN_WEIGHTS or finder_file(options) == FINDER_OF_OURS
    return LEARNT if ours else None


def finder_file(options: Options) -> str | None:
    """Return the name under which the weights of the face finder travel; None if it has none."""
    name = (options.finder or "").partition(":")[0]
    if not name or not FINDERS[name].weights:
        return None
    return FINDER if name == "centerface" else FINDER_OF_OURS


def weights_files(options: Options, settled: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return, by architecture, the name under which the weights that it starts from travel.

    Parameters
    ----------
    settled
        What the option ``weights`` means for each architecture, where these are searched.
    """
    if len(options.archs) == 1:
        name = weights_file(options)
        return {options.arch: name} if name else {}
    names = {
        arch: weights_file(replace(options, weights=(settled or {}).get(arch, options.weights)))
        for arch in options.archs
    }
    return {arch: f"{arch}_{name}" for arch, name in names.items() if name}
