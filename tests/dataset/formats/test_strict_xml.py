"""XML of annotations: strict and bounded; tests/bad_input/ has a hundred wrong files."""

import dataclasses

import pytest

from utils.dataset.formats.strict_xml import Form, parse_xml
from utils.errors import InputError

FORM = Form("VOC", "annotation", most_bytes=4096, most_elements=100)


def test_the_tree_has_no_comments_and_its_text_is_whole():
    data = b"<annotation><!-- c --><a b='1'>x<?p?>y<!-- d -->z</a></annotation>"
    root = parse_xml(data, "a.xml", FORM)
    assert root.tag == "annotation" and root.find("a").get("b") == "1" and len(root) == 1
    assert root.findtext("a") == "xyz" and len(root.find("a")) == 0


@pytest.mark.parametrize(
    ("limit", "most", "data", "message"),
    [
        ("most_bytes", 30, b"<annotation>%s</annotation>", "has 31 bytes, more than 30"),
        ("most_elements", 3, b"<annotation><a/>%s</annotation>", "more than 3 elements"),
        ("most_depth", 2, b"<annotation>%s</annotation>", "2 deep"),
    ],
)
def test_as_much_as_allowed_is_read_and_more_is_refused(limit, most, data, message):
    form = dataclasses.replace(FORM, **{limit: most})
    less, more = {
        "most_bytes": (b"xxxxx", b"xxxxxx"),
        "most_elements": (b"<a/>", b"<a/><a/>"),
        "most_depth": (b"<a/>", b"<a><b/></a>"),
    }[limit]
    assert parse_xml(data % less, "a.xml", form).tag == "annotation"
    with pytest.raises(InputError, match=rf"^a\.xml: .*{message}"):
        parse_xml(data % more, "a.xml", form)


def test_each_element_below_the_top_is_handed_over_whole_and_not_kept():
    seen = []
    data = b"<annotation><a>1<b>2</b></a><c/></annotation>"
    root = parse_xml(data, "a.xml", FORM, lambda item: seen.append((item.tag, item.findtext("b"))))
    assert seen == [("a", "2"), ("c", None)]
    assert [len(item) for item in root] == [0, 0]
