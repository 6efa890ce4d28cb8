"""From shards of faces to a trained classifier: what a trial and the final model share."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from utils.classifier.architectures import build_network, stages
from utils.classifier.faces import FacePictures
from utils.classifier.features import KeptFeatures
from utils.classifier.inference import prepared
from utils.classifier.network import FaceNetwork
from utils.classifier.plan import STAGES, FacePlan
from utils.classifier.task import FaceTask, HeadTask, logits_on
from utils.classifier.weights import TRUNK, load_weights
from utils.networks.devices import best_device, has_bfloat16
from utils.networks.fine_tuning import stage_rates
from utils.networks.model_file import in_half_precision
from utils.seed import derive_seed
from utils.training.carry_out import carry_out
from utils.training.checkpoint import Checkpoint
from utils.training.distributed import is_first, processes
from utils.training.progress import EpochRecord

SCALED_BY = 200
"""Faces by whose features the scale of a head is taken where the trunk learns."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fitted:
    """A trained classifier and what came about on the way.

    Attributes
    ----------
    logits
        What the network says of `validation`, float32 (N, classes); None in processes that write no
        files.
    absent
        Names of the classes that no face to learn from is of.
    replaced
        The workers that were replaced on the way (`utils.training.carry_out`).
    """

    network: FaceNetwork
    epochs: list[EpochRecord]
    photos: FacePictures
    validation: FacePictures
    logits: Tensor | None
    absent: tuple[str, ...]
    replaced: list[dict[str, Any]]


def fit(
    plan: FacePlan,
    checkpoint: Path,
    stop: Callable[[], bool] = lambda: False,
    after_epoch: Callable[[EpochRecord], None] = lambda record: None,
    tries: int | None = None,
) -> Fitted:
    """Train as planned, going on from `checkpoint` where it belongs to this plan.

    With a trunk that does not learn, its features are computed once and kept, and the head alone is
    trained. Features are computed in bfloat16 where the device has it.

    Raises
    ------
    InputError
        If a shard or the weights cannot be used, or a picture has not one face.
    Checkpointed, TrainingDiverged, KilledTooOften
        See `Plan`, `train` and `Checkpoint.start`.
    """
    device = best_device()
    bfloat16 = has_bfloat16(device)
    task, epochs, replaced = carry_out(
        plan,
        checkpoint,
        lambda saved: _begin(plan, device, bfloat16, saved, stop),
        stop,
        after_epoch,
        tries,
    )
    logits = task.logits
    if logits is None and is_first():  # the last epoch had been validated before this start
        logits = logits_on(task.network, task.validation, plan.recipe.mirrored, bfloat16)
    return Fitted(task.network, epochs, task.photos, task.validation, logits, task.absent, replaced)


def _begin(
    plan: FacePlan, device: str, bfloat16: bool, checkpoint: Checkpoint, stop: Callable[[], bool]
) -> HeadTask | FaceTask:
    """Return the classifier to train, or its head, with the weights that it starts from."""
    recipe = plan.recipe
    cache_mb = plan.cache_mb / processes()  # each keeps its own
    photos = FacePictures(plan.train, plan.image_size, cache_mb)
    validation = FacePictures(plan.validation, plan.image_size, cache_mb - photos.cached_mb)
    torch.manual_seed(derive_seed(plan.seed, "initial weights"))
    network = build_network(plan.arch)
    loaded = load_weights(network, plan.weights, plan.arch) if plan.weights else None
    if loaded:
        network.load_state_dict(in_half_precision(network.state_dict()))  # as they are stored
    elif plan.freeze != "none":
        log.warning(
            "there are no weights to start from, so nothing is frozen: the whole of %s learns",
            plan.arch,
        )
    network = network.to(device, memory_format=torch.channels_last)
    log.info(
        "%s on %s with %d threads in %s: %d photographs, %d to validate; of %d stages %d learn",
        *(plan.arch, device, torch.get_num_threads()),
        *("bfloat16" if bfloat16 else "float32", len(photos), len(validation)),
        *(STAGES, plan.learning_stages),
    )
    if plan.learning_stages == 0:
        kept = KeptFeatures(prepared(network, bfloat16), checkpoint, stop)
        features = kept.to_learn_from(photos, recipe, plan.seed)
        others = kept.to_validate_on(validation, recipe)
        network.head.scale_by(features.flatten(0, 1).to(device))
        return HeadTask(network, photos, validation, recipe, features, others)
    if loaded:  # else features have no scale yet
        network.head.scale_by(_some_features(network, photos, bfloat16))
    trunk = [name for name, _ in network.named_parameters() if name.startswith(TRUNK)]
    layers = [[f"{TRUNK}{layer}" for layer in stage] for stage in stages(plan.arch)]
    given = loaded.names if loaded else frozenset()
    frozen = STAGES - plan.learning_stages
    rates = stage_rates(trunk, layers, frozen, recipe, given)
    norms = loaded.normalised if loaded else frozenset()
    return FaceTask(network, photos, validation, recipe, norms, rates, bfloat16)


def _some_features(network: FaceNetwork, photos: FacePictures, bfloat16: bool) -> Tensor:
    """Return the features of faces, spread evenly, for the scale that the head begins with."""
    numbers = range(0, len(photos), max(1, len(photos) // SCALED_BY))
    ready, device = prepared(network, bfloat16), network.head.centre.device
    with torch.no_grad():
        return torch.cat([ready.features(photos[number][0][None].to(device)) for number in numbers])
