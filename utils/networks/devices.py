"""What this machine computes on, and in which precision."""

import torch

BATCHES = {"cpu": 1, "cuda": 8}
"""Photographs at a time. A CPU gains nothing from more, and one alone needs the least padding. A
GPU would wait for its next piece of work most of the time."""


def has_bfloat16(device: torch.device | str) -> bool:
    """Return whether `device` computes in bfloat16 itself, rather than by way of float32."""
    if torch.device(device).type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16") or able.get("arm_bf16"))


def best_device() -> str:
    """Return ``cuda`` where a GPU is to be had and not hidden, else ``cpu``."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def photos_at_once(device: torch.device | str) -> int:
    """Return how many photographs to look at in one batch (see `BATCHES`)."""
    return BATCHES.get(torch.device(device).type, 1)
