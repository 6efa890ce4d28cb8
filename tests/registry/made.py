"""Run folders with a real model, small, and what tests of it showed, as tests want it."""

import shutil
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.comparison.made import NAMES, evaluation_on
from tests.tracking.made import make_run
from utils.analysis.evaluation.evaluate import write_evaluation
from utils.classifier.architectures import build_network
from utils.classifier.inference import FaceClassifier
from utils.classifier.model_file import ModelFile as ClassifierFile
from utils.classifier.names import CENTERFACE
from utils.classifier.two_stage_file import TwoStageFile
from utils.classifier.two_stage_fit import put_together
from utils.dataset.cut_faces import cut_shard
from utils.dataset.cutting import Cutting
from utils.dataset.images import decode
from utils.dataset.shards import Photo, write_shard
from utils.dataset.splitting.fingerprints import fingerprint
from utils.dataset.splitting.learnt import LearntPhotographs
from utils.detector.anchors import Anchors
from utils.detector.architectures import build_model
from utils.detector.model_file import ModelFile
from utils.model_files import load_file, load_finder
from utils.models import load_model
from utils.networks.model_file import write_model
from utils.records import read_record, write_record

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
ANCHORS = Anchors(((8.0, 11.0), (16.0, 22.0), (30.0, 40.0), (50.0, 60.0)), (1.0,))
TESTED, LEARNT = 6, 3
"""Photographs that the model is tested on, and the next ones, which it has learnt from."""

GOOD = {"after": {"ece": 0.03, "ece_by_chance": 0.02}}


@dataclass(frozen=True)
class Tested:
    """A model and what it was tested on.

    Attributes
    ----------
    dataset
        The shard of all photographs, annotated.
    output
        The folder of the model's files, its evaluation and its split.
    """

    dataset: Path
    output: Path


def photos(count: int, first: int = 0) -> list[Photo]:
    """Return photographs of the sample."""
    found = []
    for image in sorted((SAMPLE / "images").iterdir())[first : first + count]:
        xml = SAMPLE / "annotations" / f"{image.stem}.xml"
        found.append(Photo(image.stem, image.name, image.read_bytes(), xml.read_bytes()))
    return found


def prints_of(some: Sequence[Photo]) -> bytes:
    """Return what a model file tells of photographs that it learnt from."""
    return LearntPhotographs.of(
        [fingerprint(decode(one.image, one.filename)) for one in some]
    ).as_bytes()


def bare_model(kind: str, fingerprints: bytes) -> Any:
    """Return what stands in the file of a model of a kind, of random weights."""
    torch.manual_seed(0)
    if kind == "detector":
        state = build_model("compact_resnet18_fpn", ANCHORS).state_dict()
        detector = ModelFile("compact_resnet18_fpn", ANCHORS, 64, 0.1, state)
        return replace(detector, fingerprints=fingerprints)
    network = build_network(CENTERFACE)
    torch.nn.init.normal_(network.head.linear.weight)  # else it says the same of all
    classifier = ClassifierFile(
        CENTERFACE, 32, 0.0, network.state_dict(), margin=0.3, fingerprints=fingerprints
    )
    if kind == "classifier":
        return classifier
    finder = load_finder("haar")
    joined = put_together(FaceClassifier(classifier, device="cpu"), finder).file
    return replace(joined, threshold=0.1)


def make_tested(folder: Path, kind: str = "detector") -> Tested:
    """Make a model of random weights, and test it on photographs of the sample."""
    folder.mkdir()
    test, train = photos(TESTED), photos(LEARNT, TESTED)
    write_shard(folder / "dataset.tar", [*test, *train])
    write_shard(folder / "test.tar", test)
    sides = dict.fromkeys((one.name for one in test), "test")
    sides |= dict.fromkeys((one.name for one in train), "train")
    known = {name: {"side": it, "group": k} for k, (name, it) in enumerate(sides.items())}
    counts = {name: {"photos": 1, "faces": {}} for name in ("train", "test")}
    write_record(folder / "split.json", {"photos": known, "sides": counts, "skipped": []})
    write_model(folder / "bare.pth", bare_model(kind, prints_of(train)))
    faces = None
    if kind != "detector":
        faces = folder / "faces.tar"
        cut_shard(folder / "test.tar", faces, Cutting(0.3, 8))
    write_evaluation(
        load_model(folder / "bare.pth", "cpu"),
        folder / "test.tar",
        0,
        json=folder / "evaluation.json",
        text=folder / "evaluation.txt",
        split=folder / "split.json",
        carrier=folder / "face_mask_detector.pth",
        faces=faces,
    )
    return Tested(folder / "dataset.tar", folder)


def judged_faces(names: Sequence[str], skill: float, seed: int) -> list[dict[str, Any]]:
    """Return ``per_photo`` of a classifier that is right about this share of four faces a photo."""
    rng, rows = np.random.default_rng(seed), []
    for name in names:
        for number, right in enumerate(rng.random(4) < skill, start=1):
            table, true = np.zeros((4, 4), int), 1 + number % 2
            table[true, true if right else 3 - true] = 1
            face = {"name": f"{name}_face{number}", "photograph": name, "validation": False}
            rows.append({**face, "confusion": table.tolist()})
    return rows


def run_with(
    folder: Path,
    tested: Tested,
    *,
    skill: float | None = None,
    seed: int = 0,
    names: Sequence[str] = NAMES,
    fingerprints: bytes | None = None,
    ece: dict[str, Any] | None = None,
    data: str = "06" * 32,
    **options: Any,
) -> Path:
    """Write the folder of a run that made the model; each run's is another file.

    Parameters
    ----------
    skill
        Share of faces that it found on made-up photographs `names`; None: as it was tested.
    fingerprints
        Of what it learnt from; by default as it did.
    """
    model = load_file(tested.output / "face_mask_detector.pth", "cpu").file
    kept = {"fingerprints": fingerprints or model.fingerprints}
    named = {"data_digest": folder.name}
    if isinstance(model, TwoStageFile):
        model = replace(model, classifier=replace(model.classifier, **named), **kept)
    else:
        model = replace(model, **named, **kept)
    created = f"2026-11-27T08:00:{zlib.crc32(folder.name.encode()) % 60:02d}+0000"
    made = make_run(folder, data=data, created=created, **options)
    write_model(made / "output" / "face_mask_detector.pth", model)
    shutil.copy(tested.dataset, made / "dataset.tar")
    shutil.copy(tested.output / "split.json", made / "output")
    record = read_record(tested.output / "evaluation.json", 2)
    if skill is not None and record["model"]["kind"] == "classifier":
        record |= {"per_photo": judged_faces(names, skill, seed)}
    elif skill is not None:
        record = {**evaluation_on(names, skill, seed), "model": record["model"]}
    of_what = record if record.get("average_precision") else record["classification"]
    of_what["calibration"] = ece or GOOD
    told = {key: it for key, it in record.items() if key != "schema"}
    write_record(made / "output" / "evaluation.json", told, 2)
    return made
