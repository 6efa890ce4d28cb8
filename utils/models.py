"""`load_model`: a model file, or a name in a registry, becomes what finds faces on photographs."""

from pathlib import Path

from utils.classifier.inference import FaceClassifier
from utils.classifier.two_stage import TwoStageDetector
from utils.classifier.two_stage_fit import put_together
from utils.detector.names import IN_THE_BOX
from utils.errors import InputError, brief
from utils.model_files import MODEL_FILES, Model, load_file, load_finder
from utils.tracking.registered import is_registered, registered_file


def load_model(
    path: Path | str | None = None, device: str | None = None, registry: str | None = None
) -> Model:
    """Load a model onto a device.

    Parameters
    ----------
    path
        A model file, or a model in a registry: ``models:/mask-detector@champion``; by default that
        in the box.
    device
        ``cpu``, ``cuda``, ``cuda:1``, ...; by default the GPU where there is one.
    registry
        The address of the registry, as `utils.tracking.registered.find_registered` takes it.

    Returns
    -------
    The model, of the kind that its file says.

    Raises
    ------
    InputError
        If the file is none of ours, damaged or not there, the registry has none such, or the device
        cannot be used.
    """
    if path is not None and is_registered(path):
        path = registered_file(path, registry)
    return load_file(path, device)


def load_two_stage(
    model: Path | str | None, finder: str, device: str | None = None, registry: str | None = None
) -> TwoStageDetector:
    """Return a classifier and a finder put together: what they miss together nobody has tested.

    Parameters
    ----------
    model
        A classifier, as `load_model` takes it.
    finder
        A word for a finder, as `load_finder` takes it; or a detector, as `load_model` takes it.
    registry
        As `load_model` takes it.

    Raises
    ------
    InputError
        As `load_model` and `load_finder`; or if the file is of a model that finds faces itself.
    """
    classifier = load_model(model, device, registry)
    if not isinstance(classifier, FaceClassifier):
        raise InputError(
            f"--faces {brief(finder)}: {model or IN_THE_BOX} finds faces itself; leave --faces "
            "out, or name a classifier, as workflow.py --task classify trains it, by --model"
        )
    if is_registered(finder):
        finder = str(registered_file(finder, registry))
    if finder.endswith(MODEL_FILES):
        found = load_finder("detector", Path(finder), device)
    else:
        found = load_finder(finder, device=device)
    return put_together(classifier, found)
