from dataclasses import fields

from utils.dag.options.data import FORMATS
from utils.dag.options.table import Options
from utils.dataset.formats.recognise import READ
from utils.dataset.intake.choices import AS_IT_IS, Choices
from utils.dataset.intake.class_folders import NAME as FOLDERS
from utils.dataset.intake.layout import FORMATS as KNOWN


def test_the_formats_to_ask_for_are_those_that_are_read():
    assert set(FORMATS) == {"auto", *READ, FOLDERS}
    assert set(KNOWN) == {*READ, FOLDERS}


def test_the_choices_of_reading_data_are_the_defaults_of_the_options():
    for item in fields(Choices):
        assert getattr(Options(), item.name) == getattr(AS_IT_IS, item.name)
