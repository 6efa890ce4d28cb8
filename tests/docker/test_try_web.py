"""What tries the images asks the health check that their recipe has."""

import pytest

from docker import try_web


@pytest.mark.parametrize(
    ("stage", "path"), [("app", "/_stcore/health"), ("serve", "/v2/health/ready")]
)
def test_the_health_check_is_the_one_of_the_stage(stage, path):
    command = try_web.health_check(stage)
    assert command[:2] == ["python3", "-c"]
    assert path in command[2]
