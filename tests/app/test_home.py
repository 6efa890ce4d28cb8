"""The first page tells what looks, and how good that was in its test."""

import sys
from dataclasses import replace

from streamlit.testing.v1 import AppTest

from app.model import evaluation_of
from utils.models import load_model
from utils.networks.model_file import write_model


def test_it_opens_with_the_model_in_the_box(main, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", [str(main), "--runs", str(tmp_path)])
    page = AppTest.from_file(str(main), default_timeout=300).run()
    assert not page.exception
    evaluation = evaluation_of(load_model())
    assert [one.value for one in page.metric] == [
        f"{evaluation['average_precision']['map_50']:.3f}",
        str(evaluation["photos"]),
        str(sum(evaluation["faces"].values())),
    ]
    assert any("# The model in the box" in one.value for one in page.markdown)


def test_a_model_without_a_test_says_that_there_is_no_interval(visit, tmp_path):
    write_model(tmp_path / "untested.pth", replace(load_model().file, evaluation=None))
    page = visit("home", models=(tmp_path / "untested.pth",))
    page.sidebar.selectbox[0].set_value("File untested.pth").run()
    assert "does not hold what a test showed" in page.warning[0].value


def test_a_file_that_is_no_model_is_an_error_with_its_name(visit, tmp_path):
    path = tmp_path / "other.pth"
    path.write_bytes(b"no model")
    page = visit("home", models=(path,))
    page.sidebar.selectbox[0].set_value("File other.pth").run()
    assert not page.exception and "other.pth" in page.error[0].value.replace("\\", "")
