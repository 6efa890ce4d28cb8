"""The model that all visitors share, and the choice of it."""

import copy
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from app.settings import Settings
from app.told import tell_error
from utils.analysis.evaluation.carried import unpacked
from utils.apply.looking import Settings as Looking
from utils.classifier.finders.names import FINDERS
from utils.classifier.inference import FaceClassifier
from utils.detector.names import IN_THE_BOX
from utils.errors import InputError
from utils.metrics.detections import Detections
from utils.model_files import Model
from utils.tracking.registered import SCHEME, find_registered, is_registered

OF_A_RUN = Path("output") / "face_mask_detector.pth"
CHOICE, CHOOSING = "model", "choice of the model"
"""Where a visitor's choice stands in the state of the session, and what chooses on this page."""

WHOLE = "nobody: each picture is one face"


@dataclass(frozen=True)
class Opened:
    """What a visitor looks with.

    Attributes
    ----------
    name, path
        What the model is called, and its file.
    shared
        It, ready to look.
    finder
        What finds the faces that a classifier judges, if that was chosen.
    """

    name: str
    path: Path
    shared: "Shared"
    finder: str | None = None


@dataclass
class Shared:
    """A model that visitors share; one at a time looks with it.

    Attributes
    ----------
    model
        Never to be changed: `with_threshold` gives a view of it.
    lock
        To be held while it looks.
    """

    model: Model
    lock: threading.Lock = field(default_factory=threading.Lock)

    def predict(self, images: list[np.ndarray]) -> list[Detections]:
        """Return the faces of each image, in turns with other visitors."""
        with self.lock:
            return self.model.predict(images)

    @property
    def threshold(self) -> float:
        """Confidence from which the model counts a face."""
        return self.model.threshold

    def with_threshold(self, threshold: float | None) -> Model:
        """Return the model with another threshold, or its own; weights are shared."""
        view = copy.copy(self.model)
        if threshold is not None:
            view.threshold = threshold
        return view


def choices(settings: Settings) -> dict[str, Path]:
    """Return the models that there are, by what to call them."""
    found = {"The model in the box": IN_THE_BOX} if IN_THE_BOX.exists() else {}
    names = Counter(path.name for path in settings.models)
    for path in settings.models:
        if is_registered(path):
            found[str(path).removeprefix(SCHEME)] = path
        else:
            found[f"File {path if names[path.name] > 1 else path.name}"] = path
    # Looked for at every move of a slider: no record of a run is read.
    for path in sorted(settings.runs.glob(f"[!.]*/{OF_A_RUN}"), reverse=True):
        if path.stat().st_size:  # a job that fails leaves an empty file
            found[f"Run {path.relative_to(settings.runs).parts[0]}"] = path
    return found


def opened(settings: Settings, moving: bool = False) -> Opened | None:
    """Let the visitor choose a model in the sidebar, and who finds faces for a classifier.

    None, and an error shown, where there is none, or it cannot be loaded.

    Parameters
    ----------
    moving
        Whether it is to look at a video or a camera, of which no picture is one face.
    """
    found = choices(settings)
    if not found:
        st.error(
            "There is no model yet: run `make run`, or start with `--model FILE`.",
            icon=":material/error:",
        )
        return None
    names = list(found)
    # By a key: one that is told each time where it stands is another each time, and forgets.
    if st.session_state.get(CHOOSING) not in names:
        before = st.session_state.get(CHOICE)
        st.session_state[CHOOSING] = before if before in names else names[0]
    name = st.sidebar.selectbox("Model", names, key=CHOOSING)
    st.session_state[CHOICE] = name
    path, version = _file(found[name], settings.registry)
    if version:
        name = f"{name}, version {version}"
    shared = path and _load(path)
    if shared is None and len(names) > 1:  # on a phone nobody sees that there are others
        st.caption("Other models can be chosen in the sidebar.")
    if shared is None or not isinstance(shared.model, FaceClassifier):
        return shared and Opened(name, path, shared)
    finder = st.sidebar.selectbox("Faces are found by", FINDERS if moving else [WHOLE, *FINDERS])
    if finder == WHOLE:
        return Opened(name, path, shared)
    shared = _load(path, finder)
    return shared and Opened(name, path, shared, finder)


def _file(path: Path, registry: str | None) -> tuple[Path | None, str | None]:
    """Return the model file that is meant now, and of a registry its version.

    None, and an error shown, if it cannot be had.
    """
    if not is_registered(path):
        return path, None
    try:
        return _meant(str(path), registry)
    except InputError as error:
        tell_error(error)
        return None, None


@st.cache_data(ttl=15, show_spinner="The registry is asked ...")
def _meant(word: str, registry: str | None) -> tuple[Path, str]:
    found = find_registered(word, registry)
    return found.file(), found.version


def _load(path: Path, finder: str | None = None) -> Shared | None:
    """Return the shared model of a file, loaded once; None, and an error shown, if it is none."""
    try:
        return _loaded(str(path), path.stat().st_mtime_ns, finder)
    except (InputError, OSError) as error:
        tell_error(error)
        return None


@st.cache_resource(max_entries=3, show_spinner="The model is being loaded ...")
def _loaded(path: str, changed: int, finder: str | None) -> Shared:
    return Shared(Looking(Path(path), faces=finder).load())


def evaluation_of(model: Model) -> dict[str, Any] | None:
    """Return what the test of a model showed; None where its file does not hold it."""
    if model.file.evaluation is None:
        return None
    return unpacked(model.file.evaluation, "the model file")[0]
