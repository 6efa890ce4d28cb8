from dataclasses import fields

from utils.dag.options.table import Options, marked


def test_no_option_is_declared_twice():
    declared = [name for kind in Options.__bases__ for name in kind.__annotations__]
    assert len(declared) == len(set(declared)) == len(fields(Options))


def test_the_default_that_is_of_a_task_can_be_told_otherwise():
    for task in ("detect", "classify"):
        chosen = Options(task=task, arch="x", image_size=99)
        assert (chosen.arch, chosen.image_size) == ("x", 99)
        assert None not in (Options(task=task).arch, Options(task=task).image_size)


def test_options_are_found_by_what_is_declared_of_them():
    assert {"container", "checkpoint_minutes"} <= set(marked("pool_only"))
    assert {"recipe", "search", "classes"} == set(marked("laid_over"))
    assert "predict" in marked("many") and "epochs" not in marked("many")
