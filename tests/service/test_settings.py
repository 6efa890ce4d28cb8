"""The command line and the environment say what is served, and what is wrong with them."""

import re
from pathlib import Path

import pytest

from service.settings import KEYS, digest, is_loopback, parser, settings_of
from utils.errors import InputError

ROOT = Path(__file__).resolve().parents[2]


def settings(*words: str, **environment: str):
    return settings_of(parser().parse_args(words), environment)


def test_by_default_it_serves_the_box_to_this_machine_alone():
    plain = settings()
    assert plain.models == {"box": None}
    assert (plain.host, plain.port) == ("127.0.0.1", 8000)
    assert plain.hosts == {"localhost", "127.0.0.1", "::1"}
    assert plain.fetch_hosts == frozenset()
    assert plain.keys == frozenset()


def test_cloud_run_names_the_port_and_the_command_line_wins():
    assert settings(PORT="8080").port == 8080
    assert settings("--port", "9000", PORT="8080").port == 9000
    for wrong in ("x", "-1", "65536"):
        with pytest.raises(InputError, match="PORT"):
            settings(PORT=wrong)


def test_models_are_called_as_told_or_as_their_run_or_file(tmp_path):
    run = tmp_path / "masks-2026" / "output" / "face_mask_detector.pth"
    run.parent.mkdir(parents=True)
    for path in (run, tmp_path / "small.pth"):
        path.touch()
    words = [str(tmp_path / "masks-2026"), str(tmp_path / "small.pth"), f"mine={run}", "box"]
    found = settings(*[word for one in words for word in ("--model", one)]).models
    assert found == {
        "masks-2026": run, "small": tmp_path / "small.pth", "mine": run, "box": None
    }  # fmt: skip


@pytest.mark.parametrize("word", ["/no/such.pth", "a/b=box", "=box", "../x=box", ".=box"])
def test_other_models_are_refused(word):
    with pytest.raises(InputError, match="--model"):
        settings("--model", word)


def test_two_models_of_one_name_are_refused():
    with pytest.raises(InputError, match="two box"):
        settings("--model", "box", "--model", "box")


def test_keys_come_from_a_file_and_the_environment(tmp_path):
    one, other = "a" * 16, "b" * 16
    (tmp_path / "keys").write_text(f"{one}\n\n")
    found = settings("--keys", str(tmp_path / "keys"), **{KEYS: f"{other},"}).keys
    assert found == {digest(one), digest(other)}
    with pytest.raises(InputError, match="fewer than 16") as error:
        settings(**{KEYS: "short"})
    assert "'short'" not in str(error.value)
    (tmp_path / "keys").write_text("\n")
    with pytest.raises(InputError, match="no key"):
        settings("--keys", str(tmp_path / "keys"))
    with pytest.raises(InputError, match="cannot be read"):
        settings("--keys", str(tmp_path / "none"))


def test_on_other_addresses_any_name_will_do_unless_it_is_told():
    everywhere = "0.0.0.0"  # noqa: S104 (what is tested)
    assert settings("--host", everywhere).hosts is None
    assert settings("--host", everywhere, "--allow-host", "Masks.example").hosts == {
        "masks.example"
    }


ELSEWHERE = {"--session-affinity", "--timeout", "--read-only", "--ice", "--network"}
"""Options of other programs, and of the app."""


def test_the_help_names_no_default_that_says_nothing():
    told = parser().format_help()
    assert told.count("(default: ") > 12
    assert not re.search(r"default: (None|False|\[)", told)


def test_the_pages_name_options_that_there_are():
    there = {word for action in parser()._actions for word in action.option_strings}
    for page in ("service.md", "deploy.md"):
        text = (ROOT / "docs" / page).read_text()
        lines = [line for line in text.splitlines() if "gcloud" not in line]
        told = set(re.findall(r"(?:`|args=|serve:v1 |service |\[\")(--[a-z-]+)", "\n".join(lines)))
        assert told
        assert told - there - ELSEWHERE == set()


@pytest.mark.parametrize("option", ["--workers", "--queue", "--deadline", "--megapixels"])
@pytest.mark.parametrize("value", ["0", "-1"])
def test_numbers_are_above_0(option, value):
    with pytest.raises(InputError, match=option):
        settings(option, value)


def test_there_is_a_worker_a_core_and_on_a_gpu_so_few_that_photographs_wait_together(monkeypatch):
    monkeypatch.setattr("service.settings.cores", lambda: 16)
    for best, wanted in (("cpu", 16), ("cuda", 4)):
        monkeypatch.setattr("service.settings.best_device", lambda best=best: best)
        assert settings().workers == wanted
    assert settings("--device", "cpu").workers == 16
    assert settings("--device", "cuda:1", "--workers", "7").workers == 7


def test_it_is_known_who_reaches_an_address():
    for own in ("127.0.0.1", "::1", "localhost", "127.1.2.3"):
        assert is_loopback(own)
    for shared in ("0.0.0.0", "::", "10.0.0.1", "masks.example"):  # noqa: S104 (what is tested)
        assert not is_loopback(shared)
