"""VOC files of every wrong kind: an error that names file and field, or a box that is counted."""

import contextlib
import socket
import threading

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tests.bad_input.annotations import FACE, face, refused, voc
from tests.bad_input.bounded import Outcome, read_all
from utils.dataset.annotation import read_voc
from utils.errors import InputError

WIDTH, HEIGHT = 100, 80
REFUSED = list(refused())
SEED = voc(face(), face(1, 1, 100, 80), "<!-- c -->", "<folder>é</folder>").encode()


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory) -> dict[str, Outcome]:
    """What became of each wrong file in a process with little memory."""
    folder = tmp_path_factory.mktemp("annotations")
    for number, (_, data, _) in enumerate(REFUSED):
        data = data if isinstance(data, bytes) else data.encode()
        (folder / f"{number}.xml").write_bytes(data)
    read = read_all(folder.iterdir())
    return {name: read[str(number)] for number, (name, _, _) in enumerate(REFUSED)}


def test_wrong_files_are_refused_by_file_and_field(outcomes):
    for number, (name, _, message) in enumerate(REFUSED):
        error = outcomes[name].error
        assert error is not None, name
        check_message(error, f"{number}.xml: ")
        assert message in error, name


def test_no_wrong_file_takes_long_or_much_memory(outcomes):
    assert {name: o.seconds for name, o in outcomes.items() if o.seconds > 6} == {}
    assert {name: o.megabytes for name, o in outcomes.items() if o.megabytes > 300} == {}


def test_external_entities_are_not_fetched(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("with_mask")
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x.dtd"
        server.settimeout(0.3)

        def listen() -> None:
            with contextlib.suppress(TimeoutError):
                asked.append(server.accept()[0])

        listener = threading.Thread(target=listen)
        listener.start()
        for url in (address, f"file://{secret}"):
            for document_type in (
                f'<!DOCTYPE annotation SYSTEM "{url}">',
                f'<!DOCTYPE annotation [<!ENTITY e SYSTEM "{url}">]>',
                f'<!DOCTYPE annotation [<!ENTITY % p SYSTEM "{url}"> %p;]>',
            ):
                inside = voc(face(name="<name>&e;</name>"))
                with pytest.raises(InputError, match="has a DOCTYPE"):
                    read_voc((document_type + inside).encode(), "a.xml", WIDTH, HEIGHT)
        included = '<x:include xmlns:x="http://www.w3.org/2001/XInclude" parse="text" href="{}"/>'
        for url in (address, secret):
            name = f"<name>{included.format(url)}</name>"
            with pytest.raises(InputError, match="has a namespace"):
                read_voc(voc(face(name=name)).encode(), "a.xml", WIDTH, HEIGHT)
        listener.join()
    assert asked == []


@pytest.mark.parametrize(
    "data",
    [
        voc(face()).encode("utf-16"),
        voc(face()).encode("utf-32"),
        ('\r\n <?xml version="1.0"?>' + voc(face())).encode(),
        voc(face()).encode("utf-32-le"),
        voc(face()).encode("utf-8-sig"),
        ('<?xml version="1.0" encoding="iso-8859-1"?>' + voc(face(), "<a>é</a>")).encode("latin-1"),
        voc(face(name="<name> with_mask\n</name>")).encode(),
        voc(face(name="<name><![CDATA[with_mask]]></name>")).encode(),
        voc(face(name="<!-- a --><name>with<!-- b -->_mask</name><?c d?>")).encode(),
        voc(face(), '<x:a xmlns:x="u"/>', size="").replace("x:a xmlns:x", "a x").encode(),
    ],
)
def test_unusual_but_right_files_are_read(data):
    annotation = read_voc(data, "a.xml", WIDTH, HEIGHT)
    assert annotation.faces.boxes.tolist() == [[1, 2, 20, 30]]


number = st.one_of(
    st.integers(-(10**30), 10**30),
    st.integers(-5, 110),
    st.floats(allow_nan=False, allow_infinity=False),
)


@given(st.lists(st.tuples(number, number, number, number), max_size=6))
def test_any_finite_box_is_kept_inside_the_image_or_counted_as_dropped(corners):
    data = voc(*(face(*four) for four in corners)).encode()
    annotation = read_voc(data, "a.xml", WIDTH, HEIGHT)
    boxes = annotation.faces.boxes
    assert len(boxes) + annotation.dropped == len(corners)
    assert annotation.clipped <= len(boxes)
    assert boxes.dtype == np.float32 and np.isfinite(boxes).all() and (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2:] <= [WIDTH, HEIGHT]).all() and (boxes[:, 2:] > boxes[:, :2]).all()
    inside = [c for c in corners if 1 <= c[0] <= c[2] <= WIDTH and 1 <= c[1] <= c[3] <= HEIGHT]
    assert len(boxes) >= len(inside)


@given(st.data())
def test_damaged_files_give_faces_or_an_error_that_names_the_file(data):
    changed = bytearray(SEED)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(changed)))
        end = place + data.draw(st.integers(0, 12))
        tokens = [b"<", b">", b"&", b"<!DOCTYPE", b"]]>", b"</object>", b"xmin", b"\0", b"-", b"e"]
        changed[place:end] = data.draw(st.one_of(st.binary(max_size=6), st.sampled_from(tokens)))
    try:
        annotation = read_voc(bytes(changed), "a.xml", WIDTH, HEIGHT)
    except InputError as error:
        event("refused")
        check_message(str(error))
    else:
        event("read")
        assert len(annotation.faces) + annotation.dropped <= 4


@given(st.binary(max_size=200))
def test_bytes_that_are_no_xml_are_refused(data):
    with pytest.raises(InputError) as caught:
        read_voc(data, "a.xml", WIDTH, HEIGHT)
    check_message(str(caught.value))


def test_a_size_that_contradicts_the_image_is_told_and_the_box_kept():
    for size in ("9999", "-1", "0", "9" * 5000, "wide", "<b/>"):
        told = f"<size><width>{size}</width><height>80</height></size>"
        annotation = read_voc(voc(face(), size=told).encode(), "a.xml", WIDTH, HEIGHT)
        assert annotation.faces.boxes.tolist() == [[FACE[0] - 1, FACE[1] - 1, *FACE[2:]]]
        assert annotation.size_differs == (size.lstrip("-").isdigit() and len(size) < 5000)


def check_message(text: str, start: str = "a.xml: ") -> None:
    """What a report and a terminal can show."""
    assert text.startswith(start)
    assert text.isprintable() and len(text) < 400
