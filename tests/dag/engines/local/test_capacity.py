from pathlib import Path

from utils.dag.abstract_workflow import AbstractJob
from utils.dag.engines.local.capacity import Capacity


def job(cores: int, memory: int) -> AbstractJob:
    return AbstractJob("job", "work", Path("/bin/true"), cores=cores, memory=memory)


def test_what_is_taken_is_not_free_until_given_back():
    capacity, half, small = Capacity(4, 1000), job(2, 600), job(1, 500)
    capacity.take(half)
    assert not capacity.fits(small), "too little memory is left"
    assert capacity.fits(job(2, 400))
    assert not capacity.fits(job(3, 1)), "too few cores are left"
    capacity.give_back(half)
    assert capacity.fits(small)


def test_more_than_there_is_means_all_of_it():
    capacity, big = Capacity(4, 1000), job(64, 10**6)
    assert capacity.cores_for(big) == 4
    assert capacity.fits(big)
    capacity.take(big)
    assert not capacity.fits(job(1, 0))
    capacity.give_back(big)
    assert capacity.fits(big)
