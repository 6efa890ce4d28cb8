"""The data sets that reading is measured on are read."""

import pytest

from benchmarks import intake


@pytest.mark.parametrize("format", ["voc", "yolo", "coco", "cvat"])
def test_a_data_set_of_each_format_is_read(tmp_path, format):
    intake.write_dataset(tmp_path, format, 3)
    cpu, clock, peak = intake.read(tmp_path)
    assert cpu > 0 and clock > 0 and peak > 1
