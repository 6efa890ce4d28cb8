"""How well faces are judged that are cut as they are annotated, by ours and by others."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torchvision.models import mobilenet_v2

from benchmarks.common import print_table
from utils.classifier.inference import FaceClassifier
from utils.classifier.network import as_seen
from utils.dataset.cut_faces import cut_faces
from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES
from utils.dataset.shards import read_shard
from utils.errors import InputError
from utils.records import digest_of
from utils.training.tensors import load_tensors

LEAST_FACE = 20
"""Pixels of the shorter side of the faces that classifiers are compared on."""

WORDS = ("worn", "none", "incorrect")
"""The classes in a table's head."""

PEER = "mask_recognition"
PEER_SHA256 = "d60694a5f2fb91f15b9d150c69977ceb45c2ef5cf25330e1d5ac56f1cd8fe071"
MASK, BARE = 0, 1


def share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def print_faces(
    classifier: FaceClassifier,
    train: Path,
    test: Sequence[tuple[np.ndarray, Faces]],
    peers: Path | None,
) -> None:
    """Print how well faces are judged that are cut as they are annotated.

    Parameters
    ----------
    train
        The shard that others than `classifier` learn from.
    test
        Photographs and their faces.
    peers
        The folder where other packages are installed.
    """
    margin = classifier.margin
    faces, labels = cut(test, margin)
    print(f"\n{len(faces)} test faces of {LEAST_FACE} pixels or more\n")
    rows = [accuracies(f"classifier, {classifier.arch}", classifier.judge(faces), labels)]
    known = ((one.decode(), one) for one in read_shard(train))
    pairs = [(image, one.read_annotation(*image.shape[1::-1]).faces) for image, one in known]
    learnt, taught = cut(pairs, margin)
    regression = make_pipeline(
        StandardScaler(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000)
    ).fit(features(classifier, learnt), taught)
    told = regression.predict_proba(features(classifier, faces))
    rows.append(accuracies("logistic regression on its frozen features", told, labels))
    if peers:
        told = peer(peers, cut(test, 0)[0])
        rows.append(accuracies(PEER.replace("_", "-"), told, labels))
    right = [f"right {word}" for word in WORDS]
    print_table(("", "two classes, balanced", "three classes, balanced", *right), rows)


def cut(
    photos: Sequence[tuple[np.ndarray, Faces]], margin: float
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the faces that are large enough, and their labels."""
    found = [one for image, real in photos for one in cut_faces(image, real, margin, LEAST_FACE)]
    return [one.image for one in found], np.array([one.label for one in found])


def accuracies(name: str, told: np.ndarray, labels: np.ndarray) -> list[str]:
    """Return balanced accuracies and recalls, as cells; a peer of two classes has no third."""
    two = told[:, BARE] > told[:, MASK]
    of_two = [np.mean(two[labels == k + 1] == k) for k in (MASK, BARE)]
    if told.shape[1] < len(CLASSES):
        return [name, share(np.mean(of_two)), "-", *map(share, of_two), "-"]
    said = told.argmax(axis=1) + 1
    of_three = [np.mean(said[labels == k + 1] == k + 1) for k in range(len(CLASSES))]
    return [name, share(np.mean(of_two)), share(np.mean(of_three)), *map(share, of_three)]


@torch.inference_mode()
def features(classifier: FaceClassifier, faces: Sequence[np.ndarray]) -> np.ndarray:
    """Return what the head of a classifier judges by, whose trunk is as it was packaged."""
    network = classifier.network.eval()

    def batches() -> Iterator[Tensor]:
        for k in range(0, len(faces), 16):
            seen = [as_seen(face, classifier.image_size) for face in faces[k : k + 16]]
            yield network.features(torch.stack(seen))

    return torch.cat(list(batches())).numpy()


@torch.inference_mode()
def peer(folder: Path, faces: Sequence[np.ndarray]) -> np.ndarray:
    """Return what mask-recognition 0.0.1 says of faces: its weights, and nothing of its code.

    It is a MobileNetV2 with two layers on it, for pictures of 128 pixels, of a mask and of none.
    """
    path = folder / PEER / "model" / "model.pth"
    if digest_of(path) != PEER_SHA256:
        raise InputError(f"{path}: is not the file of mask-recognition 0.0.1")
    network = nn.ModuleDict(
        {
            "bottom": mobilenet_v2(weights=None).features,
            "top": nn.Sequential(nn.Linear(1280 * 16, 256), nn.ReLU(), nn.Linear(256, 2)),
        }
    ).eval()
    network.load_state_dict(load_tensors(path)[0])

    def batches() -> Iterator[Tensor]:
        for k in range(0, len(faces), 16):
            seen = torch.stack([as_seen(face, 128) for face in faces[k : k + 16]])
            maps = network["bottom"](seen.float() / 127.5 - 1)
            yield network["top"](maps.flatten(1)).softmax(dim=1)

    return torch.cat(list(batches())).numpy()
