"""Submitting a run: from options to a run folder that holds all that an engine needs."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils import files
from utils.classifier import pretrained as classifiers
from utils.classifier.finders.weights import check_package, finder_weights
from utils.dag.engines.choice import choose_engine, for_engine, open_run
from utils.dag.engines.run import Run
from utils.dag.new_data import NewData, as_named, photo_shards
from utils.dag.options.data import SAMPLE
from utils.dag.options.readers import is_file_of_finder
from utils.dag.options.table import Options
from utils.dag.plan import write_plan
from utils.dag.run_folder import filling
from utils.dag.travelling import (
    ANNOTATED,
    DATASET,
    FINDER_OF_OURS,
    GIVEN_SIDES,
    GROUPS,
    OWN_WEIGHTS,
    finder_file,
    learnt_file,
    weights_file,
    weights_files,
)
from utils.data_store.opened import open_data, told_of_version
from utils.dataset.intake.annotated_sample import read_annotated_sample, told_of_sample
from utils.dataset.intake.choices import Choices
from utils.dataset.intake.class_folders import NAME as FOLDERS
from utils.dataset.intake.groups import told_of_groups
from utils.dataset.intake.layout import FORMATS
from utils.dataset.intake.photographs import NewPhotographs
from utils.dataset.intake.words import told
from utils.detector import pretrained as detectors
from utils.detector.names import ARCHITECTURES, IN_THE_BOX
from utils.errors import InputError, number_of
from utils.networks.pretrained import Weights, choose_weights
from utils.records import write_atomically, write_record
from utils.submitted_videos import Videos, refuse_without_videos

if TYPE_CHECKING:
    from utils.dataset.splitting.learnt import LearntPhotographs


NETWORKS = {"detect": detectors.NETWORKS, "classify": classifiers.NETWORKS}


def submit(options: Options, command: list[str], tell: Callable[[str], None]) -> Run:
    """Plan a new run: read the data, settle what the options leave open, fill a run folder.

    Parameters
    ----------
    command
        The command line, for the report.
    tell
        Takes the lines that people are told: what was read, and what it was taken for.

    Returns
    -------
    The run, ready to be executed, or only planned with ``options.dry_run``.

    Raises
    ------
    InputError
        If the options or the data cannot be used; no run folder is left then.
    """
    engine = choose_engine(options.engine, tell=tell)
    options = for_engine(options, engine)
    data = options.data or SAMPLE / "sample"
    photos = options.predict or ((SAMPLE / "predict",) if options.data is None else ())
    wanted = options.predict or as_named(options).photos
    with ExitStack() as sources:
        dataset = sources.enter_context(open_data(data, _choices(options), options.store))
        new = None
        if wanted:
            new = NewPhotographs(photos, options.predict_shards, videos=bool(options.predict))
            sources.enter_context(new)
        if options.groups and not (new and new.facts["photos"]):
            raise InputError("--groups: is of new photographs; name some with --predict")
        groups = new.groups(options.groups) if new and options.groups else None
        facts = {"data": dataset.facts, "new_photographs": new and new.facts}
        tell("\n".join(told(facts["data"], facts["new_photographs"])))
        videos = Videos(options, sources)
        if new and new.videos:
            videos.look_at(new.videos, alone=not new.facts["photos"], tell=tell)
            facts["new_videos"] = videos.facts
        else:
            refuse_without_videos(options)
        predicted = NewData(photo_shards(options, new.facts["photos"] if new else 0), videos.shards)
        sample = _read_sample(options, new, tell)
        if groups:
            tell("\n".join(told_of_groups(groups)))
        if options.faces and dataset.facts["format"] == FORMATS[FOLDERS]:
            raise InputError(
                f"--faces {options.faces}: class folders show faces that are cut out already, so "
                "there are no photographs to test a finder on; drop it here, and give it to "
                "detect.py"
            )
        if options.task == "classify" and not options.faces:
            tell(_told_of_new(options))
        weights = _choose_weights(options, tell)
        finder = _choose_finder(options, engine)
        settled = {arch: one.taken for arch, one in weights.items()}
        if len(weights) == 1:
            options = replace(options, weights=settled[options.arch])
        if learnt_file(options):
            learnt = _learnt(_ours(options, weights, finder), tell)
        with filling(options.run_dir, options.name) as folder:
            version = dataset.pack(folder / DATASET)
            tell(told_of_version(dataset.facts, version))
            facts["data"] = {**dataset.facts, "version": version}
            if dataset.sides:
                write_record(folder / GIVEN_SIDES, {"sides": dataset.sides})
            if sample:
                write_record(folder / ANNOTATED, sample)
            if groups:
                write_record(folder / GROUPS, groups)
            if predicted.photos:
                new.pack([folder / shard for shard in predicted.photos])
            videos.pack(folder)
            for arch, name in weights_files(options, settled).items():
                files.copy(weights[arch].file, folder / name)
            if name := finder_file(options):
                files.copy(finder, folder / name)
            if name := learnt_file(options):
                write_atomically(folder / name, learnt.as_bytes())
            facts["weights"] = _record(weights)
            write_plan(folder, options, engine, command, facts, settled, predicted)
            run = open_run(folder, options)
            if not options.dry_run:
                run.prepare()
    return run


def _read_sample(
    options: Options, new: NewPhotographs | None, tell: Callable[[str], None]
) -> dict[str, Any] | None:
    """Read the sample of new photographs that people annotated, if there is one, and tell of it."""
    if (path := options.predict_annotations) is None:
        return None
    if new is None or not new.facts["photos"]:
        raise InputError(
            f"--predict-annotations {path}: there are no new photographs; name those that the "
            "sample is of with --predict"
        )
    sample = read_annotated_sample(path, new.read, options.skip_bad)
    tell("\n".join(told_of_sample(sample)))
    return sample


def _told_of_new(options: Options) -> str:
    """Say what a classifier without a face finder takes for new faces."""
    if options.predict:
        return (
            "New photographs: each is judged whole, as one face; --faces NAME finds faces on them"
        )
    others = "" if options.data else " (the sample's new photographs show several faces each)"
    return f"New faces: none, so those of the test side{others}"


def _choose_finder(options: Options, engine: str) -> Path | None:
    """Return the weights of the face finder, if it has some, and check what it needs."""
    if options.finder is None:
        return None
    name = options.finder.partition(":")[0]
    if engine == "local":  # on a pool, nodes have it, or the container
        check_package(name)
    own = is_file_of_finder(options.faces)
    weights = finder_weights(name, Path(options.faces) if own else IN_THE_BOX)
    if name == "detector":
        from utils.networks.model_file import arch_of

        if (arch := arch_of(weights)) not in ARCHITECTURES:
            told = f"a model of {arch}" if arch else "no model of ours"
            raise InputError(f"--faces {weights}: is {told}; name the file of a detector of ours")
    return weights


def _ours(options: Options, weights: dict[str, Weights], finder: Path | None) -> list[Path]:
    """Return the files of weights that tell what they have learnt from, or should."""
    started = weights_file(options) in OWN_WEIGHTS
    found = [next(one.file for one in weights.values() if one.file)] if started else []
    return found + ([finder] if finder_file(options) == FINDER_OF_OURS else [])


def _learnt(weights: list[Path], tell: Callable[[str], None]) -> "LearntPhotographs":
    """Return the photographs that files of weights have learnt from, and tell of them."""
    from utils.dataset.splitting.learnt import LearntPhotographs
    from utils.networks.model_file import learnt_by

    learnt = LearntPhotographs.of([])
    for file in dict.fromkeys(weights):
        found = learnt_by(file)
        if found is None:
            tell(
                f"{file}: does not say which photographs its weights have learnt from; if they are "
                "some of these, the test measures in part what they remember"
            )
        else:
            learnt = learnt.and_of(found)
    if not len(learnt):
        return learnt
    tell(
        f"These weights have learnt from {number_of(len(learnt), 'photograph')}; what of them is "
        "among the annotated ones goes to the training side"
    )
    return learnt


def _choose_weights(options: Options, tell: Callable[[str], None]) -> dict[str, Weights]:
    """Decide with what weights each architecture starts that the run may train, and tell of it."""
    chosen = {}
    for arch in options.archs:
        try:
            chosen[arch] = choose_weights(NETWORKS[options.task], arch, options.weights, tell)
        except InputError as error:
            if len(options.archs) == 1:
                raise
            raise InputError(f"{error}; or leave {arch} out of the search") from error
        tell(f"Weights{f' of {arch}' * (len(options.archs) > 1)}: {chosen[arch]}")
    return chosen


def _record(weights: dict[str, Weights]) -> dict[str, Any]:
    """Return plain values for the record of the run; of several architectures by their names."""
    if len(weights) == 1:
        return next(iter(weights.values())).as_record()
    told = "; ".join(f"{arch}: {one}" for arch, one in weights.items())
    return {"told": told, "archs": {arch: one.as_record() for arch, one in weights.items()}}


def _choices(options: Options) -> Choices:
    """Return what the options say of how to read a data set."""
    return Choices(**{item.name: getattr(options, item.name) for item in fields(Choices)})
