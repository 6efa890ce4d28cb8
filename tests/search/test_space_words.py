import optuna
import pytest

from utils.errors import InputError
from utils.search.searched import read_search
from utils.search.space import Choices, Range, default_params, from_record, moved_into
from utils.search.space_words import told_of_space
from utils.tasks import DETECTOR

ARCH, OTHER = "compact_resnet18_fpn", "fasterrcnn_mobilenet_v3_large_fpn"


def read(*words, recipe=None):
    return read_search(words, recipe or {}, ARCH, 480, DETECTOR)


def test_words_are_ranges_and_choices_of_the_type_of_what_is_searched():
    start, space = read(
        *("learning_rate=1e-5:1e-1", "weight_decay=0:1", "chip=0.4:1", "batch_size=4:16"),
        *("optimizer=sgd,adamw", f"arch={ARCH},{OTHER}", "image_size=320,640", "rare=0,1"),
    )
    assert space == {
        "learning_rate": Range(1e-5, 1e-1, log=True),
        "weight_decay": Range(0.0, 1.0, log=False),  # there is no logarithm of 0
        "chip": Range(0.4, 1.0, log=False),
        "batch_size": Range(4, 16, log=True),
        "optimizer": Choices(("sgd", "adamw")),
        "arch": Choices((ARCH, OTHER)),
        "image_size": Choices((320, 640)),
        "rare": Choices((0.0, 1.0)),
    }
    assert [type(v) for v in (space["batch_size"].low, space["rare"].values[0])] == [int, float]
    assert start == {"arch": ARCH, "image_size": 480}
    assert {name: from_record(it.as_record()) for name, it in space.items()} == space


def test_every_field_of_the_recipe_can_be_searched():
    others = {"adamw": "sgd", False: "true"}
    for name, value in default_params().items():
        if isinstance(value, str | bool):
            more = others[value]
        else:
            more = value + 1 if isinstance(value, int) else value / 2 or 0.5
        _, space = read(f"{name}={value},{more}")
        assert moved_into(space, default_params())[name] == value


def test_whole_numbers_stay_whole():
    _, space = read("batch_size=4:16", "image_size=320:640")
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(8):
        trial = study.ask()
        for name, low, high in (("batch_size", 4, 16), ("image_size", 320, 640)):
            value = space[name].suggest(trial, name)
            assert type(value) is int and low <= value <= high


def test_the_search_starts_at_the_default_or_as_near_as_it_may():
    begin = default_params() | {"arch": ARCH, "image_size": 480}
    _, within = read("learning_rate=1e-5:1e-1", "optimizer=sgd,adamw", "image_size=320,480")
    assert moved_into(within, begin) == begin
    _, beyond = read(
        *("learning_rate=1e-5:1e-4", "optimizer=sgd,adamw", "image_size=320,640,700"),
        *("batch_size=16:32", "clip=1,9"),
    )
    moved = moved_into(beyond, begin)
    assert [moved[name] for name in ("learning_rate", "batch_size", "clip")] == [1e-4, 16, 1]
    assert (moved["optimizer"], moved["image_size"]) == ("adamw", 320)
    told = told_of_space(beyond, {"image_size": 480, "optimizer": "sgd"})
    assert "learning_rate 1e-05 to 0.0001, by its logarithm" in told
    assert "The first trial takes batch_size 16" in told and "optimizer sgd" in told


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("learning_rat=1:2", "learning_rat: no such parameter; did you mean learning_rate?"),
        ("learning_rate=0.1:1e-5", "learning_rate: the range from 0.1 to 1e-05 is reversed"),
        ("learning_rate=0.1:0.1", "is one value, which leaves nothing to search"),
        ("learning_rate=0.1", "0.1 alone leaves nothing to search; it takes LOW:HIGH"),
        ("learning_rate=a:b", "learning_rate: takes a number, not 'a'"),
        ("learning_rate=1:", "'1:': takes LOW:HIGH"),
        ("learning_rate=1:2:3", "'1:2:3': takes LOW:HIGH"),
        ("learning_rate=1,,2", "a choice is empty"),
        ("learning_rate=0:1", "'learning_rate' is 0.0, expected > 0"),
        ("learning_rate=-1:1", "'learning_rate' is -1.0, expected > 0"),
        ("learning_rate=1:Infinity", "takes finite numbers, not Infinity"),
        ("weight_decay=-1:1", "'weight_decay' is -1.0, expected >= 0"),
        ("rare=0.5:1.5", "'rare' is 1.5, expected 0..1"),
        ("chip=0.5:128", "expected a share or 64 pixels or more"),
        ("ema=0.9,0.99,1", "'ema' is 1.0, expected 0 or more and less than 1"),
        ("batch_size=4:8.5", "batch_size: takes a whole number, not '8.5'"),
        ("batch_size=8,8", "8 stands twice among the choices"),
        ("optimizer=adamw,lion", "'optimizer' is 'lion', expected one of adamw, sgd"),
        ("optimizer=adamw:sgd", "optimizer: has no range; name the choices, as in A,B"),
        (f"arch={ARCH},fasterrcnn_resnet50", "fasterrcnn_resnet50: no such architecture; did you"),
        ("image_size=32:640", "image_size: 32 pixels: takes 64 to 2048"),
        ("image_size=320,9999", "image_size: 9999 pixels: takes 64 to 2048"),
    ],
)
def test_what_no_training_takes_is_refused_by_its_name(word, told):
    with pytest.raises(InputError) as refused:
        read(word)
    assert str(refused.value).startswith(f"--search: {word.partition('=')[0]}: ")
    assert told in str(refused.value)
