"""One seed for a run, from which every job, photo and epoch derives its own."""

import hashlib


def derive_seed(seed: int, *names: str | int) -> int:
    """Return a 32-bit seed that depends on `seed` and every one of `names`.

    Independent of the process, the platform and ``PYTHONHASHSEED``; fits numpy, torch and optuna.
    """
    text = "\x1f".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
