"""Runs that were tested on photographs of their own making."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.comparison.made import NAMES, evaluation_on
from tests.tracking.made import answer, make_run


@pytest.fixture
def new_run(tmp_path) -> Callable[..., Path]:
    """A finished run that was tested on photographs, by their names."""

    def make(
        name: str,
        skill: float,
        names: Sequence[str] = NAMES,
        groups: Sequence[int] | None = None,
        evaluation: dict[str, Any] | None = None,
        **others: Any,
    ) -> Path:
        dealt = groups or range(len(names))
        photos = {one: {"side": "test", "group": g} for one, g in zip(names, dealt, strict=True)}
        outputs = {
            "evaluation.json": evaluation or evaluation_on(names, skill, len(name)),
            "split.json": {"photos": photos, "seed": 0, "sides": {}},
            "training.json": {"params": {"learning_rate": skill}, "epochs": []},
            "prevalence.json": answer(skill),
        }
        return make_run(tmp_path / name, outputs=outputs, **others)

    return make
