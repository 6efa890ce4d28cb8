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
        ("weight_decay=-1", "'weight_decay' is -1.0, expected >= 0 and 10 at most"),
        ("batch_size=1000000", "'batch_size' is 1000000, expected > 0 and 4096 at most"),
        ("chip=1e9", "'chip' is 1000000000.0, expected > 0 and 4096 at most"),
        ("clip=0", r"'clip' is 0.0, expected > 0 and 1e\+06 at most"),
        ("focal=1e9", "'focal' is 1000000000.0, expected >= 0 and 10 at most"),
        ("frozen_stages=99", "'frozen_stages' is 99, expected >= 0 and 5 at most"),
        ("frozen_stages=-1", "'frozen_stages' is -1, expected >= 0"),
        ("batch_size", "takes NAME=VALUE"),
    ],
)
def test_what_is_no_parameter_is_refused_with_its_source(word, words):
    with pytest.raises(InputError, match=rf"^gpu\.toml: .*{words}"):
        read_recipe([word], "gpu.toml")
