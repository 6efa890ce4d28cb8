"""`ahead` computes one result before it is asked for, and keeps order and errors."""

import threading

import pytest

from tests.waiting import PATIENCE
from utils.training.prefetching import ahead


def test_results_come_in_the_order_of_their_items():
    assert list(ahead(lambda item: item * item, range(5))) == [0, 1, 4, 9, 16]


def test_nothing_comes_of_nothing():
    assert list(ahead(str, [])) == []


def test_the_next_result_is_computed_while_the_present_one_is_used():
    second = threading.Event()

    def work(item):
        if item == 1:
            second.set()
        return item

    results = ahead(work, range(3))
    assert next(results) == 0
    assert second.wait(PATIENCE)


def test_no_more_than_one_is_computed_ahead():
    begun = []
    results = ahead(lambda item: begun.append(item) or item, range(100))
    assert [next(results), next(results)] == [0, 1]
    results.close()
    assert max(begun) <= 2


def test_an_error_is_raised_in_its_place():
    results = ahead(lambda item: 1 / item, [1, 0, 2])
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)
