from utils.dag.options.table import Options


def test_the_run_may_train_what_is_searched_or_else_what_it_is_told():
    words = ("arch=a, b", "optimizer=adamw,sgd")
    assert Options(search=words).archs == ("a", "b")
    assert Options(search=words, trials=0).archs == (Options().arch,)
    assert Options(search=words[1:], arch="c").archs == ("c",)


def test_rounds_and_epochs_of_a_trial():
    assert Options(trials=5, hpo_width=2).rounds == 3
    assert Options(trials=0).rounds == 0
    assert Options(epochs=2).epochs_per_trial == 1
    assert Options(epochs=30, trial_epochs=4).epochs_per_trial == 4
