"""Versions of models and their aliases in MLflow's registry; each step is whole or not there.

Which version is the champion, its alias alone says. What was the champion before stands in a tag of
the model, as a list that ends with the present one; what an interrupted step left at its end is
passed over.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.errors import InputError
from utils.records import short
from utils.tracking.addresses import shown
from utils.tracking.client import Opened, alone, mlflow
from utils.tracking.registered import CHALLENGER, CHAMPION, PLACE, SHA256

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

CHAMPIONS = "mask_detection.champions"
"""The tag of a model that holds the versions that were its champions, the present one last."""

KIND = "mask_detection.kind"
"""The tag of a version that says what kind of model it is: all of a name are of one kind."""

GATE = "gate."
"""How tags of a version begin that hold what the gate said."""

_REMEMBERED, _LONGEST = 100, 5000  # champions before; characters of a tag


class Registry(Opened):
    """The models of a store; each method tells, too, if that is down, full or read-only."""

    cannot = "cannot be promoted to"
    then = "nothing is half registered: mend that, and promote again"

    def champion(self, name: str) -> "ModelVersion | None":
        """Return the version of a model that is the champion, None before there is one."""
        with self._told():
            aliases = self._aliases(name)
            if CHAMPION not in aliases:
                return None
            return self.client.get_model_version(name, aliases[CHAMPION])

    def check_kind(self, name: str, kind: str) -> None:
        """Refuse a kind of model that is not that of the versions of a name.

        Raises
        ------
        InputError
            If it is another: what is called so is loaded by name, and compared.
        """
        with self._told():
            self._check_kind(name, kind)

    def version_of(self, name: str, sha256: str) -> "ModelVersion | None":
        """Return the version of a model that holds a model file of ours; None if none does."""
        with self._told():
            return self._version_of(name, sha256)

    def records(self, version: "ModelVersion", part: str, folder: Path) -> Path:
        """Return a folder with a part of a version's files; `folder` is for what is downloaded."""
        folder.mkdir()
        with self._told():
            source = self.client.get_model_version_download_uri(version.name, version.version)
            found = mlflow("artifacts").download_artifacts(
                f"{source}/{part}", dst_path=str(folder), tracking_uri=self.address
            )
        return Path(found)

    def add(
        self, name: str, package: Path, run_id: str, tags: Mapping[str, str], place: str
    ) -> "ModelVersion":
        """Add a version, and its files to its run; there is one version of a model file.

        Parameters
        ----------
        package
            The folder of its files.
        run_id
            MLflow's, of the run that made it.
        tags
            Of the version; `SHA256` and `KIND` among them.
        place
            Where our model file is in the package.
        """
        tags = {key: value[:_LONGEST] for key, value in tags.items()} | {PLACE: place}
        with self._told(), alone(self.address):
            if found := self._version_of(name, tags[SHA256]):
                return found
            self._check_kind(name, tags[KIND])
            files = f"registered-{short(tags[SHA256])}"
            self.client.log_artifacts(run_id, str(package), files)
            source = f"{self.client.get_run(run_id).info.artifact_uri}/{files}"
            self._make(name)
            made = self.client.create_model_version(name, source, run_id, dict(tags))
            first = self._version_of(name, tags[SHA256])
            if first and first.version != made.version:  # two machines at once, on a server
                self.client.delete_model_version(name, made.version)
                return first
            return made

    def describe(self, version: "ModelVersion", tags: Mapping[str, str], words: str) -> None:
        """Set the description of a version and its tags, and forget what a gate said before.

        What is the same now is left alone.
        """
        with self._told():
            if (version.description or "") != words:
                self.client.update_model_version(version.name, version.version, words)
            for key in version.tags:
                if key.startswith(GATE) and key not in tags:
                    self.client.delete_model_version_tag(version.name, version.version, key)
            for key, value in tags.items():
                if version.tags.get(key) != (value := value[:_LONGEST]):
                    self.client.set_model_version_tag(version.name, version.version, key, value)

    def crown(self, version: "ModelVersion", instead_of: str | None) -> None:
        """Make a version the champion.

        Parameters
        ----------
        instead_of
            The version that it was compared with; None: there was none.

        Raises
        ------
        InputError
            If another one is the champion by now.
        """
        name, number = version.name, str(version.version)
        with self._told(), alone(self.address):
            aliases = self._aliases(name)
            if aliases.get(CHAMPION) not in (instead_of, number):
                raise InputError(
                    f"{name}: version {aliases.get(CHAMPION)} has become the champion meanwhile; "
                    "promote again, to compare with that"
                )
            if aliases.get(CHAMPION) != number:
                champions = [*self._champions(name, aliases.get(CHAMPION)), number]
                self._remember(name, champions)
                self.client.set_registered_model_alias(name, CHAMPION, number)
            if aliases.get(CHALLENGER) == number:
                self.client.delete_registered_model_alias(name, CHALLENGER)

    def challenge(self, version: "ModelVersion") -> None:
        """Make a version the challenger: it is there, and not good enough."""
        name, number = version.name, str(version.version)
        with self._told(), alone(self.address):
            if self._aliases(name).get(CHALLENGER) != number:
                self.client.set_registered_model_alias(name, CHALLENGER, number)

    def roll_back(self, name: str) -> tuple[str, str]:
        """Make the champion before the present one the champion; return both, the present first.

        Raises
        ------
        InputError
            If there is no champion, or none before.
        """
        with self._told(), alone(self.address):
            now = self._aliases(name).get(CHAMPION)
            if now is None:
                raise InputError(f"{name}: has no champion in {shown(self.address)}")
            *before, _ = self._champions(name, now)
            there = {str(one.version) for one in self._versions(name)}
            before = [number for number in before if number in there and number != now]
            if not before:
                raise InputError(
                    f"{name}: version {now} is the first champion, and there is none before; "
                    "promote another run with --force"
                )
            self.client.set_registered_model_alias(name, CHAMPION, before[-1])
            self._remember(name, before)
            return now, before[-1]

    def _champions(self, name: str, now: str | None) -> list[str]:
        """Return the champions so far, the last of which is `now`."""
        text = self.client.get_registered_model(name).tags.get(CHAMPIONS, "[]")
        try:
            known = [str(number) for number in json.loads(text)]
        except (ValueError, TypeError):
            known = []
        if now is None:
            return []
        while known and known[-1] != now:
            known.pop()
        return known or [now]

    def _remember(self, name: str, champions: list[str]) -> None:
        told = json.dumps(champions[-_REMEMBERED:])
        self.client.set_registered_model_tag(name, CHAMPIONS, told)

    def _aliases(self, name: str) -> dict[str, str]:
        """Return the versions by alias; none where there is no such model."""
        found = self.client.search_registered_models(f"name = '{name}'")
        return {alias: str(number) for one in found for alias, number in one.aliases.items()}

    def _versions(self, name: str) -> list["ModelVersion"]:
        versions, token = [], None
        while True:
            page = self.client.search_model_versions(f"name = '{name}'", page_token=token)
            versions += page
            if not (token := page.token):
                return sorted(versions, key=lambda one: int(one.version))

    def _version_of(self, name: str, sha256: str) -> "ModelVersion | None":
        found = (one for one in self._versions(name) if one.tags.get(SHA256) == sha256)
        return next(found, None)

    def _check_kind(self, name: str, kind: str) -> None:
        for one in self._versions(name):
            if (other := one.tags.get(KIND, kind)) != kind:
                words = {"two_stage": "detector of two stages"}
                raise InputError(
                    f"{name}: version {one.version} in {shown(self.address)} is a "
                    f"{words.get(other, other)}, and this is a {words.get(kind, kind)}, which is "
                    "not compared with it, nor can it take its place; name it otherwise with --name"
                )

    def _make(self, name: str) -> None:
        error_of_mlflow: Any = mlflow("exceptions").MlflowException
        try:
            self.client.create_registered_model(name)
        except error_of_mlflow as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
