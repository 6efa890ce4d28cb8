"""The trainings here are of the detector's fixtures."""

from tests.detector.conftest import _one_thread, model, one_of_several  # noqa: F401
