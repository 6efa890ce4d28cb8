"""Several processes that train one network: who they are, and what they tell each other.

Each process computes the losses of its part of every batch; what is summed over the batch (losses,
gradients, batch statistics) is summed over the processes, so that they do what one process would.
Only the first writes files. With one process, every function here is the identity.

Small messages travel by gloo through the memory of the CPU, gradients by NCCL where there are GPUs.
"""

import atexit
import json
import logging
import os
import secrets
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

STORE = "MASK_DETECTION_STORE"
"""Environment variable: the file through which processes of `utils.training.launch` meet."""

PATIENCE = timedelta(hours=2)
"""Longest wait for another process: while the first validates, the others have nothing to do."""

Record = TypeVar("Record", dict, list, str, int, None)


def join() -> None:
    """Join the processes that `utils.training.launch` or ``torchrun`` started, if one did.

    A process with a GPU gets the one of its own number.
    """
    if "WORLD_SIZE" not in os.environ or dist.is_initialized():
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    if os.environ.get(STORE):
        _end_with_the_launcher()
    elif "TORCHELASTIC_RUN_ID" in os.environ:
        end_with_the_agent()
    number, others = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    address = f"file://{os.environ[STORE]}" if os.environ.get(STORE) else "env://"
    store, *_ = next(rendezvous(address, number, others, timeout=PATIENCE))
    store.set_timeout(PATIENCE)
    dist.init_process_group(
        "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo",
        store=own_part(store, number, others),
        rank=number,
        world_size=others,
        timeout=PATIENCE,
    )
    # A thread of gloo that lets go of a sum while Python ends would abort the process.
    atexit.register(dist.destroy_process_group)
    if not is_first():
        logging.getLogger("utils").setLevel(logging.WARNING)  # the first speaks for all


def own_part(store: dist.Store, number: int, others: int) -> dist.Store:
    """Return a part of a store that those share who start now, and nobody who did before.

    When ``torchrun`` starts all again it goes on with the same store, in which those before have
    left their addresses. Who reads such a one fails, or waits for somebody who has gone. All before
    have ended by then; so what answers a question of now is of now.

    Parameters
    ----------
    number, others
        The number of this process from 0, and how many there are; each calls this.
    """
    own = secrets.token_hex(8)
    if number:
        store.set(f"{number} asks", own)
        first = store.get(f"answer to {own}").decode()  # which waits for it
        store.set(f"{first} has met {number}", "")
        return dist.PrefixStore(first, store)
    missing, deadline = range(1, others), time.monotonic() + PATIENCE.total_seconds()
    while missing:
        for other in missing:
            if store.check([f"{other} asks"]):  # one of before, until that of now is there
                store.set(f"answer to {store.get(f'{other} asks').decode()}", own)
        missing = [other for other in missing if not store.check([f"{own} has met {other}"])]
        if missing and time.monotonic() > deadline:
            raise RuntimeError(f"processes {missing} of {others} did not come")
        time.sleep(0.02 if missing else 0)
    return dist.PrefixStore(own, store)


def processes() -> int:
    """Return how many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Return the number of this process among them, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def is_first() -> bool:
    """Return whether this is the process that writes the files."""
    return rank() == 0


def own_places(photos: int) -> range:
    """Return which places of a batch of so many photographs this process takes.

    Of fewer photographs than processes each takes all: the mean over equal parts is the same, and
    no process goes without.
    """
    if photos < processes():
        return range(photos)
    return range(rank(), photos, processes())


def data_parallel(network: nn.Module) -> nn.Module:
    """Let the gradients of `network` be averaged over the processes."""
    if processes() == 1:
        return network
    on_gpu = next(network.parameters()).is_cuda
    devices = [torch.cuda.current_device()] if on_gpu else None
    # Batch statistics are the same everywhere already (see `utils.training.batch_norm`).
    return DistributedDataParallel(network, device_ids=devices, forward_sync_buffers=False)


def summed(values: Sequence[float]) -> list[float]:
    """Return the sums of `values` over the processes."""
    return _reduced(values, dist.ReduceOp.SUM)


def total(value: Tensor) -> Tensor:
    """Return the sum of a tensor over the processes."""
    if processes() > 1:
        value = value.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(value)
    return value


def largest(values: Sequence[int]) -> list[int]:
    """Return the largest of each of `values` over the processes."""
    return [int(value) for value in _reduced(values, dist.ReduceOp.MAX)]


def anywhere(condition: bool) -> bool:
    """Return whether `condition` holds in any of the processes."""
    return bool(largest([condition])[0])


def from_first(record: Record) -> Record:
    """Return what the first process gives: anything that JSON has words for."""
    if processes() == 1:
        return record
    return json.loads(bytes_of(0, json.dumps(record).encode() if is_first() else b""))


def bytes_of(source: int, data: bytes) -> bytes:
    """Return what the process number `source` gives; what the others give is left unused."""
    if processes() == 1:
        return data
    sends = rank() == source
    (length,) = largest([len(data) if sends else 0])
    if length == 0:
        return b""
    message = torch.zeros(length, dtype=torch.uint8)
    if sends:
        message = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    dist.broadcast(message, src=source)
    return message.numpy().tobytes()


def holder_of_most(value: int) -> int:
    """Return the number of the first of the processes that give the largest `value`."""
    (most,) = largest([value])
    (last,) = largest([processes() - rank() if value == most else 0])
    return processes() - last


def is_first_of_node() -> bool:
    """Return whether this is the process that writes files which each node needs."""
    return int(os.environ.get("LOCAL_RANK", 0)) == 0


def is_loss_of_another(error: BaseException) -> bool:
    """Return whether an error is that another process has gone, and no fault of this one."""
    words = ("gloo", "Connection closed by peer", "Connection reset by peer", "NCCL")
    lost = isinstance(error, dist.DistError) or any(word in str(error) for word in words)
    return processes() > 1 and isinstance(error, RuntimeError) and lost


def wait_for_first() -> None:
    """Return once every process is here: what the first did before is done."""
    anywhere(False)


def _reduced(values: Sequence[float], operation: dist.ReduceOp) -> list[float]:
    if processes() == 1:
        return list(values)
    tensor = torch.tensor(values, dtype=torch.float64)
    dist.all_reduce(tensor, operation)
    return tensor.tolist()


def _end_with_the_launcher() -> None:
    """End this process once its standard input, a pipe from the launcher, is closed."""

    def wait() -> None:
        os.read(0, 1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def end_with_the_agent(every: float = 1.0) -> None:
    """End this process once its parent, the agent of ``torchrun`` on this node, has gone.

    Killed by ``kill -9``, the agent takes no process along: those that it started would wait for
    each other as long as they have patience, and hold the node.

    Parameters
    ----------
    every
        Seconds between two looks at who the parent is.
    """
    agent = os.getppid()

    def wait() -> None:
        while os.getppid() == agent:
            time.sleep(every)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
