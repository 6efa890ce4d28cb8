"""The model that all visitors share, and the choice of it."""

import copy
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from app.settings import Settings
from utils.detector.names import IN_THE_BOX
from utils.errors import InputError
from utils.tracking.recorded import find_runs

if TYPE_CHECKING:
    from utils.detector.inference import Detector

OF_A_RUN = Path("output") / "face_mask_detector.pth"
CHOICE = "model"
"""Where a visitor's choice stands in the state of the session."""


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

    model: "Detector"
    lock: threading.Lock = field(default_factory=threading.Lock)

    def with_threshold(self, threshold: float | None) -> "Detector":
        """Return the model with another threshold, or its own; weights are shared."""
        view = copy.copy(self.model)
        if threshold is not None:
            view.threshold = threshold
        return view


def choices(settings: Settings) -> dict[str, Path]:
    """Return the models that there are, by what to call them."""
    found = {"The model in the box": IN_THE_BOX} if IN_THE_BOX.exists() else {}
    found |= {f"File {path.name}": path for path in settings.models}
    if settings.runs.is_dir():
        for run in sorted(find_runs([settings.runs]), key=lambda run: run.name, reverse=True):
            if (path := run.folder / OF_A_RUN).exists() and path.stat().st_size:
                found[f"Run {run.name}"] = path
    return found


def chosen(settings: Settings) -> tuple[str, Path] | None:
    """Let the visitor choose a model in the sidebar; return its name and path."""
    found = choices(settings)
    if not found:
        st.error(
            "There is no model yet: run `make run`, or start with `--model FILE`.",
            icon=":material/error:",
        )
        return None
    names = list(found)
    before = st.session_state.get(CHOICE)
    name = st.sidebar.selectbox("Model", names, index=names.index(before) if before in names else 0)
    st.session_state[CHOICE] = name
    return name, found[name]


def load(path: Path) -> Shared | None:
    """Return the shared model of a file, loaded once; None, and an error shown, if it is none."""
    try:
        return _loaded(str(path), path.stat().st_mtime_ns)
    except (InputError, OSError) as error:
        st.error(str(error), icon=":material/error:")
        return None


@st.cache_resource(max_entries=3, show_spinner="The model is being loaded ...")
def _loaded(path: str, changed: int) -> Shared:
    from utils.apply.looking import Settings as Looking

    return Shared(Looking(Path(path)).load())


def evaluation_of(model: "Detector") -> dict[str, Any] | None:
    """Return what the test of a model showed; None where its file does not hold it."""
    from utils.analysis.evaluation.carried import unpacked

    if model.file.evaluation is None:
        return None
    return unpacked(model.file.evaluation, "the model file")[0]
