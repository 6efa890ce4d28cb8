"""Damaged files of every format give boxes, or an error that names the file: nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS

STARTS = {
    name: list(TARGETS[name].start()) for name in ("voc", "yolo", "coco", "cvat", "recognise")
}


@pytest.mark.parametrize("name", STARTS)
@given(data=st.data())
def test_any_bytes_are_read_or_refused(name, data):
    changed = bytearray(data.draw(st.sampled_from(STARTS[name])))
    words = st.one_of(st.binary(max_size=6), st.sampled_from(TARGETS[name].words))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(changed)))
        changed[place : place + data.draw(st.integers(0, 12))] = data.draw(words)
    TARGETS[name].run(bytes(changed))


@pytest.mark.parametrize("name", STARTS)
def test_files_cut_off_anywhere_are_read_or_refused(name):
    for data in STARTS[name]:
        for length in range(0, len(data), 7):
            TARGETS[name].run(data[:length])
