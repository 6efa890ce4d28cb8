"""Plots are called with `save` replaced, and the figure is read."""

import pytest
from matplotlib.figure import Figure

from utils.analysis.plots import class_distribution, classification, quality, training


@pytest.fixture
def drawn(monkeypatch) -> list[Figure]:
    figures: list[Figure] = []
    for module in (class_distribution, classification, quality, training):
        monkeypatch.setattr(module, "save", lambda fig, output: figures.append(fig))
    return figures


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts]
