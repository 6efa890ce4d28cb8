"""The models and photographs here are those of applying a model."""

from tests.apply.conftest import album, scenes, tested, untested  # noqa: F401
