"""Add, remove, kill -9 and flip bits at random: does the store hold what a dictionary would?

python -m tests.data_store.kills --actions 1000

Each action is done by a process of its own. A third of them are killed at a random moment, at times
two act at once. After each, every version is read back bit for bit. Of what was killed, the store
must be as before it or as after it, and nothing else may have changed.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.data_store.made import MadeData, random_data
from utils.data_store.checking import check
from utils.data_store.folder import LOCK, FolderPlace
from utils.data_store.layout import MARK
from utils.data_store.manifest import Manifest, kept_photo
from utils.data_store.reading import NoSuchVersion
from utils.data_store.store import DataStore

NAMES = ("masks", "faces", "street")
ALL = "all"
"""In place of a version: also of those that somebody adds just then, who may come first."""

Key = tuple[str, str]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--actions", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def opened(folder: Path) -> DataStore:
    return DataStore(FolderPlace(folder))


def version_of(made: MadeData) -> str:
    photos = (kept_photo(name, image, raw, None) for name, (image, raw, _) in made.photos.items())
    return Manifest(tuple(photos)).version


@dataclass
class Trial:
    """A store, what it should hold, and what was done to it.

    Attributes
    ----------
    rng
        Draws with what it is done, which also hangs on what is there by now.
    plan
        Draws what is done and who is killed when, whatever came of what was done before.
    """

    folder: Path
    rng: random.Random
    plan: random.Random
    held: dict[Key, dict[str, Any]] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    usual: float = 0.02

    def act(self) -> None:
        """Do one thing, and hold the store against what it should be."""
        word = self.plan.choices(
            ("add", "remove", "two", "flip", "clean"), weights=(50, 25, 10, 10, 5)
        )[0]
        if word == "flip":
            self.flip()
        else:
            before = dict(self.held)
            changes = [self.change(word if word != "two" else None)]
            if word == "two":
                changes.append(self.change(None))
            kills = [self.plan.random() < 0.33 for _ in changes]
            moments = [self.plan.uniform(-0.2, 1) for _ in changes]  # some at the very beginning
            children = [begun(change, self.folder) for change, _ in changes]
            started = time.monotonic()
            for child, kill, moment in zip(children, kills, moments, strict=True):
                if kill:
                    time.sleep(max(0.0, moment) * self.usual)
                    os.kill(child, signal.SIGKILL)
            ends = [os.waitpid(child, 0)[1] for child in children]
            if not any(kills):
                self.usual = 0.8 * self.usual + 0.2 * (time.monotonic() - started)
            killed = [os.WIFSIGNALED(end) for end in ends]
            assert not any(os.waitstatus_to_exitcode(end) > 0 for end in ends), "an action failed"
            self.done["killed"] += sum(killed)
            self.settle(before, [effect for _, effect in changes], killed)
        self.done[word] += 1
        self.compare()

    def change(self, word: str | None) -> tuple[Callable[[DataStore], object], dict[Key, Any]]:
        """Return what to do, and which versions it adds (their content) or removes (None)."""
        word = word or self.rng.choice(("add", "remove"))
        if word == "add":
            name, made = self.rng.choice(NAMES), random_data(self.rng)
            key = (name, version_of(made))
            return (lambda store: store.add(name, made, "made")), {key: made.content()}
        if word == "remove" and self.held:
            name, version = self.rng.choice(sorted(self.held))
            if self.rng.random() < 0.2:  # all of a data set
                gone = [key for key in self.held if key[0] == name]
                return (lambda store: removed(store, name)), dict.fromkeys([*gone, (name, ALL)])
            return (lambda store: removed(store, f"{name}@{version}")), {(name, version): None}
        return (lambda store: removed(store)), {}

    def settle(
        self, before: dict[Key, Any], effects: list[dict[Key, Any]], killed: list[bool]
    ) -> None:
        """Take over what was done; of who was killed, or met another, either is right."""
        found = {(one.name, one.version) for one in opened(self.folder).versions()}
        touched = [key for effect in effects for key in effect if key[1] != ALL]
        for key in {*before, *touched, *found}:
            mine = [
                (effect.get(key), was)
                for effect, was in zip(effects, killed, strict=True)
                if key in effect or (key[0], ALL) in effect
            ]
            certain = len(mine) == 1 and not mine[0][1]
            should = key in before if not mine else mine[0][0] is not None
            assert not (certain or not mine) or (key in found) == should, (key, mine)
            if key in found:
                contents = [content for content, _ in mine if content is not None]
                self.held[key] = before.get(key) or contents[0]
            else:
                self.held.pop(key, None)

    def flip(self) -> None:
        """Flip a bit somewhere: it is found, and named; then turn it back."""
        files = [one for one in self.folder.rglob("*") if one.is_file() and one.name != LOCK]
        files = [one for one in files if one.suffix != ".tmp" and one.stat().st_size]
        if not files:
            return
        file = self.rng.choice(sorted(files))
        name = file.relative_to(self.folder).as_posix()
        content = file.read_bytes()
        place = self.rng.randrange(len(content))
        flipped = content[place] ^ (1 << self.rng.randrange(8))
        spare = name in check(opened(self.folder)).spare
        file.write_bytes(content[:place] + bytes([flipped]) + content[place + 1 :])
        found = check(opened(self.folder))
        told = {*found.damaged, *found.records}
        assert name in told or (spare and name in found.spare), f"{name}: not found"
        assert spare or not found.is_whole
        for holder in found.damaged.get(name, []):
            called, _, version = holder["version"].partition("@")
            contents = [
                it
                for (one, full), it in self.held.items()
                if one == called and full.startswith(version)
            ]
            assert any(holder["photograph"] in content for content in contents)
        file.write_bytes(content)

    def compare(self) -> None:
        """Hold what the store gives back against what it should hold."""
        store = opened(self.folder)
        found = check(store)
        assert found.is_whole, found.told()
        versions = {(one.name, one.version): one for one in store.versions()}
        assert versions.keys() == self.held.keys()
        for key, version in versions.items():
            manifest = store.manifest(version)
            assert manifest.version == key[1]
            told = {one.filename: (one.digest, one.raw) for one in manifest.photos}
            assert told.keys() == self.held[key].keys()
            assert {it[0] for it in told.values()} == {it[0] for it in self.held[key].values()}
        photos = {digest for content in self.held.values() for digest, _ in content.values()}
        assert found.photos == len(photos)  # once, whatever versions share them


def removed(store: DataStore, *words: str) -> None:
    """Remove, unless somebody else has done it meanwhile."""
    with suppress(NoSuchVersion):
        store.remove(words)


def begun(change: Callable[[DataStore], object], folder: Path) -> int:
    """Do something in a child; return its id."""
    if child := os.fork():
        return child
    code = 1
    try:
        change(opened(folder))
        code = 0
    except BaseException:
        traceback.print_exc()  # there is nobody above a child
        raise
    finally:
        os._exit(code)


def tried(folder: Path, actions: int, seed: int) -> Counter[str]:
    """Do so much to a store in a folder, remove all, and return what was done."""
    rng, plan = random.Random(seed), random.Random(f"plan {seed}")  # noqa: S311 (drawn again alike)
    trial = Trial(folder, rng, plan)
    opened(folder).add("masks", first := random_data(trial.rng), "made")
    trial.held["masks", version_of(first)] = first.content()
    for _ in range(actions):
        trial.act()
    opened(folder).remove(sorted({name for name, _ in trial.held}))
    left = [one.name for one in folder.rglob("*") if one.is_file()]
    assert sorted(left) == [LOCK, MARK], left
    return trial.done


def main() -> None:
    args = parser().parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        done = tried(Path(folder) / "store", args.actions, args.seed)
    counts = ", ".join(f"{count} {word}" for word, count in sorted(done.items()))
    print(f"{args.actions} actions in {time.monotonic() - start:.0f} s ({counts}): nothing lost")


if __name__ == "__main__":
    sys.exit(main())
