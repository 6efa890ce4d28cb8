import pytest

from utils.errors import InputError
from utils.training.recipe import Recipe
from utils.training.recipe_words import read_recipe


def test_words_become_parameters_of_the_defaults_types():
    params = read_recipe(["batch_size=8", "learning_rate=2e-3", "clip=3", "optimizer=sgd"])
    assert params == {"batch_size": 8, "learning_rate": 0.002, "clip": 3.0, "optimizer": "sgd"}
    assert isinstance(params["clip"], float), "3 and 3.0 would be two recipes to the cache"
    assert read_recipe([]) == {}


def test_every_parameter_survives_its_word():
    params = Recipe().as_params()
    assert read_recipe([f"{name}={value}" for name, value in params.items()]) == params


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("batchsize=8", r"batchsize: no such parameter; did you mean batch_size\?"),
        ("xyz=8", "xyz: no such parameter; there are optimizer, "),
        ("batch_size=8.5", "batch_size: takes a whole number, not '8.5'"),
        ("batch_size=true", "batch_size: takes a whole number, not 'true'"),
        ("learning_rate=fast", "learning_rate: takes a number, not 'fast'"),
        ("learning_rate=-1", "parameter 'learning_rate' is -1.0, expected > 0"),
        ("optimizer=adam", "'optimizer' is 'adam', expected one of"),
        ("batch_size", "takes NAME=VALUE"),
    ],
)
def test_what_is_no_parameter_is_refused_with_its_source(word, words):
    with pytest.raises(InputError, match=rf"^gpu\.toml: .*{words}"):
        read_recipe([word], "gpu.toml")
