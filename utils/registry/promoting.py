"""From a run folder to a version in the registry, and to the champion if it is good enough."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from utils.errors import InputError
from utils.records import read_record
from utils.registry import gate
from utils.registry.against import Champion, compare_with_champion
from utils.registry.candidate import Candidate
from utils.registry.package import DATA, write_package
from utils.registry.pyfunc import ABOUT, MODEL
from utils.registry.store import GATE, KIND, Registry
from utils.registry.test_side import TestSide, milliseconds
from utils.tracking.addresses import registry_address, shown, tracking_address
from utils.tracking.described import describe
from utils.tracking.mlflow_store import Store
from utils.tracking.recorded import EVALUATION, named_runs
from utils.tracking.registered import (
    CHALLENGER,
    CHAMPION,
    SCHEME,
    SHA256,
    checked_name,
    registered,
)

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

NAME = "mask-detector"
"""What a model is called where nobody says."""

Tell = Callable[[str], object]


@dataclass(frozen=True)
class Wishes:
    """What is asked of a model before it becomes the champion.

    Attributes
    ----------
    margin
        By how much it may be worse, see `utils.registry.gate`.
    ms
        Milliseconds that it may take for a photograph on this machine; None: any.
    force
        Whether it becomes the champion whatever it shows.
    """

    margin: float = gate.MARGIN
    ms: float | None = None
    force: bool = False


NO_WISHES = Wishes()


def promote(
    folder: Path,
    tell: Tell,
    name: str = NAME,
    track: str | None = None,
    wishes: Wishes = NO_WISHES,
) -> bool:
    """Register the model of a finished run, and make it the champion if it is good enough.

    Parameters
    ----------
    folder
        Of the run.
    tell
        Takes what people are told.
    name
        Of the model in the registry.
    track
        The address of the store (`utils.tracking.addresses.tracking_address`).

    Returns
    -------
    Whether it is the champion.

    Raises
    ------
    InputError
        If the name is none, it is no finished run with a model and its evaluation, the models of
        that name are of another kind, or the store cannot be used.
    """
    checked_name(name)
    candidate = Candidate(named_runs([folder])[0])
    address = tracking_address(track, folder)
    store, registry = Store(address), Registry(address)
    registry.check_kind(name, candidate.kind)
    described = describe(candidate.run)
    store.track(described)
    champion = registry.champion(name)
    if champion and champion.tags.get(SHA256) == candidate.sha256:
        registry.crown(champion, str(champion.version))  # where that was cut off
        tell(f"{name}, version {champion.version}: is the {CHAMPION} already")
        return True
    with tempfile.TemporaryDirectory(prefix="promote-") as place:
        verdict = _judged(candidate, champion, registry, wishes, Path(place), tell)
        tags = {
            SHA256: candidate.sha256,
            KIND: candidate.kind,
            "mask_detection.run": described.identity,
            "mask_detection.data": candidate.run.data_version or "",
            "mask_detection.task": candidate.run.task or "",
            **{f"{GATE}{key}": value for key, value in verdict.as_record().items()},
        }
        if wishes.force and not verdict.passed:
            tags[f"{GATE}forced"] = "; ".join(verdict.why_not)
        version = registry.version_of(name, candidate.sha256)
        if version is None:
            package = Path(place) / "model"
            write_package(candidate.run, package, candidate.finder_package)
            run_id = store.run_id(described)
            version = registry.add(name, package, run_id, tags, f"{DATA}/{MODEL}")
    said = [f"{'passed' if check.passed else 'FAILED'}: {check.told}" for check in verdict.checks]
    registry.describe(version, tags, "\n".join(f"- {line}" for line in said))
    for line in said:
        tell(line)
    before = None if champion is None else str(champion.version)
    crowned = verdict.passed or wishes.force
    if crowned:
        registry.crown(version, before)
        what = f"{CHAMPION}{', forced' * (not verdict.passed)}"
        what += f" instead of version {before}" if before else ", the first"
    else:
        registry.challenge(version)
        stays = f"version {before} stays {CHAMPION}" if before else f"there is no {CHAMPION}"
        what = f"{CHALLENGER}; {stays}"
    alias = CHAMPION if crowned else CHALLENGER
    tell(f"{name}, version {version.version}: {what}")
    tell(f"Registered in: {shown(address)}, as {SCHEME}{name}@{alias}")
    return crowned


def roll_back(tell: Tell, name: str = NAME, track: str | None = None) -> None:
    """Make the champion before the present one the champion again.

    Raises
    ------
    InputError
        If the name is none, there is none before, or the store cannot be used.
    """
    now, before = Registry(registry_address(track)).roll_back(checked_name(name))
    tell(f"{name}: version {before} is the {CHAMPION} again, instead of version {now}")


def _judged(
    candidate: Candidate,
    champion: "ModelVersion | None",
    registry: Registry,
    wishes: Wishes,
    place: Path,
    tell: Tell,
) -> gate.Verdict:
    """Return what the gate says of a candidate; `place` is a folder for what that takes."""
    run, made = candidate.run, []
    test = TestSide(run, place)
    if champion is not None:
        try:
            beaten = _champion(registry, champion, place)
            made.append(gate.as_good(compare_with_champion(run, beaten, test, tell), wishes.margin))
        except InputError as error:
            told = f"whether it is as good as version {champion.version} cannot be told: {error}"
            made.append(gate.Check("as_good", False, told, {"against": str(champion.version)}))
    made.append(gate.calibrated(run.output(EVALUATION)))
    if wishes.ms is not None:
        shard, what = test.photographs, "photograph"
        if candidate.kind == "classifier":
            shard, what = test.faces(shard, candidate.model.margin), "face"
        made.append(gate.fast(milliseconds(candidate.model, shard), wishes.ms, what))
    return gate.Verdict(tuple(made))


def _champion(registry: Registry, version: "ModelVersion", place: Path) -> Champion:
    """Return the champion to be beaten; its files are had from the store."""
    there = registered(registry.client, version, registry.address)
    records = registry.records(version, DATA, place / "champion")
    return Champion(
        f"{version.name} {version.version}",
        read_record(records / ABOUT)["data"],
        records,
        there.file,
    )
