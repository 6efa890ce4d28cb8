import argparse
import json

import pytest

from tests.dag.options.given import given
from utils.classifier import names as classifiers
from utils.dag.options.reading import OptionError, add_arguments, read_options
from utils.dag.options.table import Options
from utils.detector.names import ARCHITECTURES
from utils.errors import InputError


def test_nothing_given_is_the_defaults():
    assert read_options(given()) == Options()


def test_the_command_line_wins_over_the_file(tmp_path):
    config = tmp_path / "run.toml"
    config.write_text("epochs = 7\ntrials = 3\nhpo-width = 3\nskip_bad = true\n")
    options = read_options(given("--epochs", "9"), config)
    assert (options.epochs, options.trials, options.hpo_width) == (9, 3, 3)
    assert options.skip_bad
    assert not read_options(given("--no-skip-bad"), config).skip_bad


def test_every_option_can_stand_in_the_file(tmp_path):
    config = tmp_path / "all.toml"
    written = {k: v for k, v in Options().as_dict().items() if v is not None}
    config.write_text("\n".join(f"{key} = {json.dumps(value)}" for key, value in written.items()))
    assert read_options({}, config) == Options()


def test_paths_in_the_file_are_relative_to_it(tmp_path):
    config = tmp_path / "run.toml"
    config.write_text('data = "faces.zip"\npredict = ["a.png", "/b.png"]\nweights = "w.pth"\n')
    options = read_options({}, config)
    assert options.data == tmp_path / "faces.zip"
    assert [str(path) for path in options.predict] == [str(tmp_path / "a.png"), "/b.png"]
    assert options.weights == str(tmp_path / "w.pth")
    config.write_text('weights = "coco"\n')
    assert read_options({}, config).weights == "coco"


@pytest.mark.parametrize(
    ("option", "value", "takes"),
    [
        ("epochs", "0", "a whole number from 1"),
        ("epochs", "2.5", "a whole number from 1"),
        ("epochs", "many", "a whole number from 1"),
        ("image-size", "9999", "a whole number from 64 to 2048"),
        ("noise", "nan", "a number from 0 to 1"),
        ("noise", "1.5", "a number from 0 to 1"),
        ("trials", "-1", "a whole number from 0"),
        ("engine", "slurm", "one of auto, local, condor, pegasus"),
        ("arch", "yolo", f"one of {', '.join(ARCHITECTURES)}"),
        ("name", "a/b", "a plain name"),
        ("seed", str(2**32), "a whole number from 0 to 4294967295"),
        ("cache-mb", "-1", "a whole number from 0"),
        ("least-seconds", "inf", "a number from 0"),
        ("checkpoint-minutes", "1e999", "a number from"),
        ("data", "~no-such-user/faces.zip", "a path; of whom ~ is, no home is known"),
    ],
)
def test_an_impossible_value_is_refused_with_the_option_and_what_it_takes(option, value, takes):
    with pytest.raises(OptionError) as refused:
        read_options(given(f"--{option}", value))
    assert str(refused.value).startswith(f"--{option}: takes {takes}")
    assert repr(value) in str(refused.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("epoch = 3", r"epoch: no such option; did you mean epochs\?"),
        ("batch_size = 3", "batch-size: no such option"),
        ("[training]", "training: no such option"),
        ("epochs = true", "epochs: takes a whole number"),
        ("epochs = [1]", "epochs: takes a whole number"),
        ("epochs = 2.0", "epochs: takes a whole number"),
        ("skip_bad = 1", "skip-bad: takes true or false"),
        ("data = 3", "data: takes a path"),
        ("recipe = 3", "recipe: takes a table, or words NAME=VALUE"),
        ("[recipe]\nclip = [1]", "recipe: takes a table, or words NAME=VALUE"),
        ("search = 3", "search: takes a table of lists, or words NAME=LOW:HIGH"),
        (
            "[search]\nclip = 3",
            "search: takes for clip two numbers, the ends of a range, or a list",
        ),
        (
            "[search]\nclip = []",
            "search: takes for clip two numbers, the ends of a range, or a list",
        ),
        ("[search]\nclip = [[1, 2]]", "search: takes for clip .*: numbers or texts"),
        ("[search]\nclip = {low = 1, high = 2}", "search: takes for clip two numbers, the ends"),
        ("[search]\narch = ['a', '']", "search: takes for arch .*: texts without ',' and ':'"),
        ("[search]\narch = ['a,b', 'c']", "search: takes for arch .*: texts without ',' and ':'"),
        pytest.param(f"noise = 1{'0' * 400}", "noise: takes a number from 0", id="no float"),
        ("epochs: 3", "not TOML .*; it takes lines as: epochs = 60"),
        pytest.param(f"epochs = {'1' * 5000}", "not TOML .*; it takes lines as", id="digits"),
        pytest.param(f"recipe = {'[' * 3000}", "not TOML .*; it takes lines as", id="nested"),
        ("hpo-width = 2\nhpo_width = 3", "hpo-width: is given twice, with '_' and with '-'"),
        ("[recipe]\nbatch-size = 4\nbatch_size = 8", "recipe: takes .*, each name once and not"),
        ("[search]\nema = [0, 0.5]\nbatch-size = '4,8'\nbatch_size = '2,4'", "search: .* once"),
    ],
)
def test_a_bad_file_is_refused_by_name(tmp_path, content, words):
    (tmp_path / "run.toml").write_text(content)
    with pytest.raises(OptionError, match=words) as refused:
        read_options({}, tmp_path / "run.toml")
    assert str(refused.value).startswith(f"--config {tmp_path / 'run.toml'}: ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--arch", "vgg16"], "--arch: takes one of compact_centerface_fpn, .* with --task detect"),
        (
            ["--task", "classify", "--arch", "compact_centerface_fpn"],
            "--arch: takes one of centerface, .* with --task classify",
        ),
        (["--task", "classify", "--image-size", "640"], "--image-size: .* from 32 to 512, not"),
        (["--task", "classify", "--freeze", "6"], "--freeze: takes backbone, none, or a whole"),
        (["--task", "classify", "--faces", "hair"], "--faces: .*no such finder; did you mean haar"),
        (["--task", "classify", "--faces", "haar:x=1"], "--faces: .*option 'x' is unknown"),
        (["--faces", "haar"], "--faces: is for --task classify"),
    ],
)
def test_what_a_task_takes_is_told(words, told):
    with pytest.raises(OptionError, match=told):
        read_options(given(*words))


def test_defaults_are_those_of_the_task(tmp_path):
    options = read_options(given("--task", "classify"))
    assert (options.arch, options.image_size) == (classifiers.ARCHITECTURES[0], 112)
    assert (Options().arch, Options().image_size) == (ARCHITECTURES[0], 480)
    config = tmp_path / "run.toml"
    config.write_text('task = "classify"\narch = "vgg16"\nfaces = "own.pth"\nfreeze = 2\n')
    options = read_options({}, config)
    assert (options.arch, options.freeze) == ("vgg16", "2")
    assert (options.faces, options.finder) == (str(tmp_path / "own.pth"), "detector")


def test_an_option_of_the_other_task_is_refused_with_its_place(tmp_path):
    words = "--margin: is for --task classify, and this run is to detect"
    with pytest.raises(OptionError, match=words):
        read_options(given("--margin", "0.3"))
    config = tmp_path / "run.toml"
    config.write_text("smallest_face = 20\n")
    with pytest.raises(OptionError, match=f"--config {config}: --smallest-face: is for"):
        read_options({}, config)
    assert read_options(given("--task", "classify"), config).smallest_face == 20
    assert read_options(given("--margin", "0.2")).margin == 0.2, "it changes nothing"


def test_each_worker_needs_a_gpu_of_its_own_or_none_has_one():
    assert read_options({"gpus": 2, "workers": 2}).processes == 2
    assert read_options({"gpus": 2}).processes == 2
    assert read_options({"gpus": 2, "workers": 1}).processes == 1
    assert read_options({"workers": 8}).cores_to_train == 8
    with pytest.raises(OptionError, match=r"--workers 4: each needs a GPU .* asks for 2"):
        read_options({"gpus": 2, "workers": 4})


def test_the_clock_and_two_periods_are_read_from_the_file_and_from_the_command_line(tmp_path):
    config = tmp_path / "run.toml"
    config.write_text('clock = 2026-03-01T09:00:00\ncompare = ["9:00-10:00", "10:00-11:00"]\n')
    options = read_options({}, config)
    assert options.clock == "2026-03-01T09:00:00"
    assert options.compare == ("9:00-10:00", "10:00-11:00")
    words = given("--clock", "2026-03-01T09:00", "--compare", "9:00-10:00", "10:00-11:00")
    assert read_options(words) == options


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--clock", "noon"], "--clock: takes date and time, as 2026-03-01T09:00, not 'noon'"),
        (["--compare", "0:00-1:00"], "--compare: takes two periods"),
        (["--compare", "0:00-1:00", "0:30-2:00"], "--compare 0:00-1:00 0:30-2:00: overlap"),
        (["--compare", "1:00-0:30", "1:30-2:00"], "--compare 1:00-0:30: it ends before it begins"),
        (["--compare", "day", "night"], "--compare day: there is no '-'"),
    ],
)
def test_periods_that_are_none_are_refused(words, told):
    with pytest.raises(OptionError) as refused:
        read_options(given(*words))
    assert str(refused.value).startswith(told)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(OptionError, match=r"none\.toml: No such file"):
        read_options({}, tmp_path / "none.toml")


def test_every_help_text_says_its_default():
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    for action in parser._actions[1:]:
        assert "(default: " in action.help, action.option_strings


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    config = tmp_path / "run.toml"
    config.write_bytes(b"\xef\xbb\xbfepochs = 7\r\n")
    assert read_options({}, config).epochs == 7


@pytest.mark.parametrize("option", ["data", "predict", "weights", "run-dir", "container"])
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://example.org/faces.sif", "download it first"),
        ("HTTP://example.org/faces.sif", "download it first"),
        ("rtsp://camera/stream.sif", "save photographs of the camera first"),
        ("s3://bucket/faces.sif", "copy it here first, with the tool for s3://"),
    ],
)
def test_an_address_is_recognised_and_what_to_do_is_told(option, address, words):
    with pytest.raises(
        OptionError, match=rf"--{option}: takes a path on this machine \({words}"
    ) as it:
        read_options(given(f"--{option}", address))
    assert str(it.value).endswith(f", not '{address}'")


def test_a_file_address_is_a_path():
    assert str(read_options(given("--data", "file:///a%20b/c.zip")).data) == "/a b/c.zip"


def test_paths_of_every_kind_in_the_file_are_relative_to_it(tmp_path):
    config = tmp_path / "run.toml"
    config.write_text('run-dir = "r"\ncontainer = "x.sif"\n')
    options = read_options({}, config)
    assert (options.run_dir, options.container) == (tmp_path / "r", str(tmp_path / "x.sif"))
    config.write_text('container = "docker://a/b"\n')
    assert read_options({}, config).container == "docker://a/b"


def test_another_data_set_is_not_forgotten():
    with pytest.raises(InputError, match="--data: is given twice, and takes one"):
        given("--data", "one", "--data", "two")
    assert str(given("--data", "one", "--data", "one")["data"]) == "one"
