"""Kill -9 while a model is promoted, at random moments: is anything half registered?

python -m tests.registry.kills --kills 50
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from tests.registry.made import make_tested, run_with
from tests.tracking.kills import begun, called
from utils.registry.promoting import promote
from utils.registry.store import CHAMPIONS, Registry
from utils.tracking.client import mlflow
from utils.tracking.registered import SHA256, find_registered

NAME = "mask-detector"


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def made(folder: Path) -> str:
    """Write the folders of two runs, of which the second is better."""
    tested = make_tested(folder / "tested")
    for number, name in enumerate(("first", "second")):
        run_with(folder / name, tested, skill=0.6 + 0.3 * number, seed=number)
    return ""


def promoted(run: Path, address: str) -> str:
    told: list[str] = []
    promote(run, told.append, NAME, address)
    return "\n".join(told)


def whole(address: str) -> str:
    """Return the version that is the champion; all that there are must be had, as registered."""
    versions = Registry(address)._versions(NAME)
    for version in versions:
        find_registered(f"models:/{NAME}/{version.version}", address).file()
    assert len({one.tags[SHA256] for one in versions}) == len(versions) <= 2, "one is there twice"
    return find_registered(f"models:/{NAME}@champion", address).version


def state(address: str) -> str:
    """Return aliases, versions with their tags, and the champions so far."""
    registry = Registry(address)
    versions = [(one.version, one.description, one.tags) for one in registry._versions(NAME)]
    champions = registry.client.get_registered_model(NAME).tags[CHAMPIONS]
    return json.dumps([registry._aliases(NAME), versions, champions], sort_keys=True)


def main() -> int:
    arguments = parser().parse_args()
    chance, good = np.random.default_rng(arguments.seed), 0
    torch.set_num_threads(1)
    mlflow("tracking")  # once, for all children
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        called(made, folder)
        called(promoted, folder / "first", f"sqlite:///{folder / 'before' / 'mlflow.db'}")

        def fresh(name: str) -> str:
            (folder / name).mkdir()
            shutil.copy(folder / "before" / "mlflow.db", folder / name)
            return f"sqlite:///{folder / name / 'mlflow.db'}"

        undisturbed = fresh("undisturbed")
        start = time.monotonic()
        called(promoted, folder / "second", undisturbed)
        took, expected = time.monotonic() - start, called(state, undisturbed)
        for number in range(arguments.kills):
            address = fresh(f"store_{number}")
            child, end = begun(promoted, folder / "second", address)
            time.sleep(chance.uniform(0, took))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(end)
            assert called(whole, address) in ("1", "2")
            called(promoted, folder / "second", address)
            good += called(state, address) == expected
            shutil.rmtree(folder / f"store_{number}")
    print(
        f"kills of promote, nothing half registered, and then as undisturbed: {good} of "
        f"{arguments.kills}"
    )
    return good != arguments.kills


if __name__ == "__main__":
    sys.exit(main())
