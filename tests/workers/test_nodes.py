"""``torchrun`` over two nodes with the executable that one node uses, too."""

import os

import pytest

from tests.condor.conftest import REQUIRED
from tests.workers.nodes import NodesUnavailable, on_two_nodes
from tests.workers.training import Inputs, trained


def test_two_nodes_without_a_common_folder_go_on_after_a_kill_and_give_the_model_of_one(tmp_path):
    inputs = Inputs(tmp_path)
    try:
        apart = on_two_nodes(inputs, "nodes", kill_after=2)
    except NodesUnavailable as reason:
        if any(os.environ.get(name) for name in REQUIRED):
            pytest.fail(f"there are no two nodes, and must be here: {reason}")
        pytest.skip(f"there are no two nodes: {reason}")
    together = trained(inputs, "together", 2)
    assert apart.model == together.model
    assert apart.apart_from_workers() == together.apart_from_workers()
    # Each node counts the starts anew that it noticed, so that a kill may be told of twice.
    assert {one["why"] for one in apart.record["replaced"]} == {
        "torchrun started all of them again"
    }
