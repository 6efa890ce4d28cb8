"""The page of photographs: what people drop is looked at, told, drawn and given back."""

import io
import zipfile
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch

from app import album as albums
from app import results, told
from app.photographs import ALBUM
from app.results import Look
from data.painter.sample import draw_picture
from utils.analysis.prediction import merged
from utils.apply.collected import Collected
from utils.apply.looking import Settings as Looking
from utils.apply.looking import look_at
from utils.classifier.architectures import build_network
from utils.classifier.model_file import ModelFile
from utils.dataset.images import encode_jpeg
from utils.dataset.intake.photographs import NewPhotographs
from utils.networks.model_file import write_model

JPEG = "image/jpeg"


@pytest.fixture(scope="module")
def drawn() -> list[bytes]:
    """Photographs with people on them."""
    return [encode_jpeg(draw_picture(seed, [1, 2, 1, 3]).image) for seed in range(3)]


@pytest.fixture(scope="module")
def expected(drawn, tmp_path_factory):
    """What the same photographs give in a folder."""
    folder = tmp_path_factory.mktemp("photographs")
    for number, data in enumerate(drawn):
        (folder / f"p{number}.jpg").write_bytes(data)
    settings = Looking(pictures=False)
    collected = Collected(settings.load())
    with NewPhotographs([folder]) as new:
        for one in look_at(new, collected.model, settings):
            collected.add(one)
    return collected


def files(drawn) -> list[tuple[str, bytes, str]]:
    return [(f"p{number}.jpg", data, JPEG) for number, data in enumerate(drawn)]


def drop(page, *dropped):
    page.file_uploader[0].set_value(list(dropped))
    return page.run()


def words(page) -> str:
    assert not page.exception, page.exception
    return "\n".join(one.value for one in (*page.markdown, *page.caption)).replace("\\", "")


def test_the_answer_is_that_of_the_same_photographs_in_a_folder(visit, drawn, expected):
    page = drop(visit("photographs"), *files(drawn))
    rate = expected.rate(expected.predictions())
    assert rate["answer"] in words(page)
    assert [one.value.replace("\\", "") for one in page.warning] == rate["serious"]
    album = page.session_state[ALBUM]
    assert [one.record["faces"] for one in album.found] == [
        one["faces"] for one in expected.faces(expected.predictions(), {})["photos"]
    ]


def test_a_zip_is_its_photographs_and_what_is_none_is_told(visit, drawn, expected):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data, _ in files(drawn):
            archive.writestr(f"day/{name}", data)
        archive.writestr("day/cut.jpg", drawn[0][:2000])
        archive.writestr("day/phone.heic", b"\0\0\0\x18ftypheic")
    broken = ("broken.zip", b"PK\3\4 nothing", "application/zip")
    page = drop(visit("photographs"), ("all.zip", packed.getvalue(), "application/zip"), broken)
    assert expected.rate(expected.predictions())["answer"] in words(page)
    warnings = "\n".join(one.value for one in page.warning).replace("\\", "")
    assert "broken.zip: cannot be read" in warnings and "cut.jpg" in warnings
    assert "1 HEIC" in words(page)


def test_another_threshold_or_smallest_face_has_no_interval(visit, drawn):
    page = drop(visit("photographs"), *files(drawn))
    page.sidebar.slider[0].set_value(0.9).run()
    assert "only what was counted" in words(page)
    page.sidebar.slider[0].set_value(0.42).run()
    assert "only what was counted" not in words(page)  # the model's own, to the slider's step
    page.sidebar.slider[1].set_value(40).run()
    assert "faces below 40 pixels were left out" in words(page)


def test_what_is_looked_at_once_is_not_looked_at_again(visit, drawn, monkeypatch):
    page = drop(visit("photographs"), *files(drawn))
    monkeypatch.setattr(albums, "look_at", lambda *_: pytest.fail("looked again"))
    monkeypatch.setattr(merged, "find_bursts", lambda *_: pytest.fail("grouped again"))
    page.sidebar.slider[0].set_value(0.3).run()
    assert not page.exception
    page.sidebar.toggle[0].set_value(True).run()
    assert not page.exception


def test_visitors_share_the_model_and_nothing_else(visit, drawn):
    one, other = visit("photographs"), visit("photographs")
    drop(one, *files(drawn)[:1])
    drop(other, *files(drawn)[1:])
    assert len(one.session_state[ALBUM].found) == 1
    assert len(other.session_state[ALBUM].found) == 2
    one.file_uploader[0].set_value([]).run()
    assert ALBUM not in one.session_state and len(other.session_state[ALBUM].found) == 2


@pytest.mark.parametrize(
    ("limits", "why"),
    [({"photographs": 2}, "these are 3 photographs"), ({"megabytes": 0}, "drop at most 0 MB")],
)
def test_too_much_is_refused_with_the_bound(visit, drawn, limits, why):
    page = drop(visit("photographs", **limits), *files(drawn))
    assert why in page.error[0].value and ALBUM not in page.session_state


def test_names_are_shown_as_they_are(visit, drawn):
    page = drop(visit("photographs"), ("[x](javascript:a) <b>*.jpg", drawn[0], JPEG))
    line = next(one.value for one in page.markdown if "javascript" in one.value)
    assert r"\[x\]\(javascript\:a\) \<b\>\*\.jpg" in line
    for name, data in (("[x](a).jpg", drawn[0][:500]), ("[x](a).zip", b"PK\3\4 nothing")):
        page = drop(page, ("p.jpg", drawn[0], JPEG), (name, data, "application/octet-stream"))
        lines = [one.value for one in page.warning if "x" in one.value]
        assert any(r"\[x\]\(a\)" in one for one in lines)
        assert not any("[x](a)" in one for one in lines)
    page = drop(page, (name, data, "application/zip"))
    assert r"\[x\]\(a\)" in page.error[0].value


def test_where_no_photograph_can_be_read_there_is_no_answer_but_why(visit, drawn):
    page = drop(visit("photographs"), ("cut.jpg", drawn[0][:500], JPEG), ("none.jpg", b"", JPEG))
    assert not page.exception and "no photograph could be read" in page.error[0].value
    (why,) = (one.value for one in page.warning)
    assert "2 photographs" in why and "cut" in why and "none" in why
    assert not page.markdown and not page.expander


def test_of_many_that_cannot_be_read_the_first_are_told_and_the_others_folded(visit, drawn):
    broken = [(f"broken{k}.jpg", b"none", JPEG) for k in range(told.MANY + 3)]
    page = drop(visit("photographs"), ("p.jpg", drawn[0], JPEG), *broken)
    (why,) = (one.value for one in page.warning if "Not read" in one.value)
    assert why.count("\n- ") == told.MANY
    assert any(one.label == "3 more" for one in page.expander)


def test_a_panorama_is_said_to_be_shrunk(visit, drawn):
    wide = encode_jpeg(np.full((40, 8 * 576, 3), 99, np.uint8))
    page = drop(visit("photographs"), ("wide.jpg", wide, JPEG), ("p.jpg", drawn[0], JPEG))
    shrunk = [one.value for one in page.caption if "Shrunk" in one.value]
    assert len(shrunk) == 1 and "1/8 of its width" in shrunk[0].replace("\\", "")


def test_hidden_faces_are_hidden_in_every_picture(visit, drawn):
    page = drop(visit("photographs"), *files(drawn)[:1])
    album = page.session_state[ALBUM]
    (one,) = album.found
    shown, unknown = (
        results._drawn(album.photographs, one, Look(0.3, 0, hide)) for hide in (False, True)
    )
    assert shown.shape == unknown.shape and (shown != unknown).any()
    packed = results._zipped(album.photographs, album.found, Look(0.3, 0, hide=True))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == ["p0.jpg"]
        assert archive.read("p0.jpg") == encode_jpeg(unknown)


def test_a_snapshot_is_looked_at_as_a_photograph_is(visit, drawn, expected):
    page = visit("snapshot")
    page.camera_input[0].set_value(("snapshot.jpg", drawn[0], JPEG)).run()
    assert not page.exception
    (one,) = page.session_state["snapshot"].found
    assert one.record["faces"] == expected.faces(expected.predictions(), {})["photos"][0]["faces"]


def test_a_classifier_judges_whole_pictures_or_what_a_finder_finds(visit, tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "classifier.pth"
    write_model(path, ModelFile("centerface", 32, 0.0, build_network("centerface").state_dict()))
    page = visit("photographs", models=(path,))
    page.sidebar.selectbox[0].set_value("File classifier.pth").run()
    portrait = Path(matplotlib.get_data_path(), "sample_data", "grace_hopper.jpg").read_bytes()
    page = drop(page, ("hopper.jpg", portrait, JPEG))
    (one,) = page.session_state[ALBUM].found
    (face,) = one.record["faces"]
    assert face["box"] == [0, 0, one.record["width"], one.record["height"]]
    page.sidebar.selectbox[1].set_value("haar").run()
    assert not page.exception
    (one,) = page.session_state[ALBUM].found
    assert one.record["faces"] and all(
        f["box"][2] < one.record["width"] for f in one.record["faces"]
    )
