"""Where the results go."""

import pytest

from utils.apply.folder import Claim
from utils.errors import InputError


def test_of_two_who_found_a_folder_empty_one_writes_into_it(tmp_path):
    first = Claim(tmp_path / "out")
    with pytest.raises(InputError, match="another run writes into it"):
        Claim(tmp_path / "out")
    del first
    second = Claim(tmp_path / "out")
    (tmp_path / "out" / "rate.json").touch()
    del second
    with pytest.raises(InputError, match="another run wrote into it"):
        Claim(tmp_path / "out")
