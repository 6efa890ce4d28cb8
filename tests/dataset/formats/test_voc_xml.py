"""XML of annotations: strict and bounded; tests/bad_input/ has a hundred wrong files."""

import pytest

from utils.dataset.formats import voc_xml
from utils.dataset.formats.voc_xml import parse_annotation
from utils.errors import InputError


def test_the_tree_is_that_of_beautiful_soup_without_comments():
    root = parse_annotation(b"<annotation><!-- c --><a b='1'>x<?p?>y</a></annotation>", "a.xml")
    assert root.name == "annotation" and root.a["b"] == "1" and root.a.get_text() == "xy"
    assert len(root.contents) == 1


@pytest.mark.parametrize(
    ("limit", "most", "data", "message"),
    [
        ("MAX_BYTES", 30, b"<annotation>%s</annotation>", "has 31 bytes, more than 30"),
        ("MAX_ELEMENTS", 3, b"<annotation><a/>%s</annotation>", "more than 3 elements"),
        ("MAX_DEPTH", 2, b"<annotation>%s</annotation>", "2 deep"),
    ],
)
def test_as_much_as_allowed_is_read_and_more_is_refused(monkeypatch, limit, most, data, message):
    monkeypatch.setattr(voc_xml, limit, most)
    less, more = {
        "MAX_BYTES": (b"xxxxx", b"xxxxxx"),
        "MAX_ELEMENTS": (b"<a/>", b"<a/><a/>"),
        "MAX_DEPTH": (b"<a/>", b"<a><b/></a>"),
    }[limit]
    assert parse_annotation(data % less, "a.xml").name == "annotation"
    with pytest.raises(InputError, match=rf"^a\.xml: .*{message}"):
        parse_annotation(data % more, "a.xml")
