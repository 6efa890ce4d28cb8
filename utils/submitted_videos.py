"""The new videos of a run, from where they lie into the run folder."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from utils import files
from utils.dag.new_data import NewData, VideoShard, dealt, travel_name
from utils.dag.options.declared import spelled
from utils.dag.options.table import Options
from utils.dataset.intake.videos import FoundVideo
from utils.errors import InputError
from utils.records import write_record


class Videos:
    """The new videos of a run.

    Attributes
    ----------
    facts
        ``videos``: what is known of each; ``not_read``: ``{file, reason}`` of others.
    shards
        How they are dealt to jobs.
    """

    def __init__(self, options: Options, sources: ExitStack) -> None:
        self._options, self._sources = options, sources
        self._places: dict[str, Path] = {}
        self._names: dict[str, str] = {}
        self.facts: dict[str, Any] = {"videos": [], "not_read": []}
        self.shards: tuple[VideoShard, ...] = ()

    def look_at(
        self, found: Sequence[FoundVideo], alone: bool, tell: Callable[[str], None]
    ) -> None:
        """Look whether videos can be watched, deal those, and tell of all.

        Parameters
        ----------
        alone
            Whether there are no photographs.

        Raises
        ------
        InputError
            If one that was named itself cannot be watched, or all there is cannot; or if the run
            learns nothing that finds faces on frames.
        """
        if self._options.task == "classify" and not self._options.faces:
            raise InputError(
                f"{found[0].name}: is a video, and the run learns to judge pictures that are one "
                "face; --faces NAME finds faces on its frames"
            )
        from utils.video.probe import told_of_videos, watchable  # which need PyAV and NumPy

        scratch = Path(self._sources.enter_context(TemporaryDirectory()))
        good, bad = watchable(found, scratch)
        if alone and not good:
            raise InputError(bad[0]["reason"])
        for line in told_of_videos(good, bad):
            tell(line)
        self.facts = {"videos": [one.as_record() for one in good], "not_read": bad}
        named = {travel_name(number, one.name): one for number, one in enumerate(good)}
        self._places = {file: one.path for file, one in named.items()}
        self._names = {file: one.name for file, one in named.items()}
        lasting = [(file, one.seconds, one.size) for file, one in named.items()]
        self.shards = dealt(lasting, self._options.predict_shards)

    def pack(self, folder: Path) -> None:
        """Copy them to the run folder, with what those of each job are called."""
        for shard, listed in zip(self.shards, NewData(videos=self.shards).lists, strict=True):
            for file in shard.files:
                files.copy(self._places[file], folder / file)
            called = [{"file": file, "name": self._names[file]} for file in shard.files]
            write_record(folder / listed, {"videos": called})


def refuse_without_videos(options: Options) -> None:
    """Raise an `InputError` if something is asked of new videos, of which there are none."""
    for name in ("annotated_videos", "clock", "compare"):
        if getattr(options, name):
            raise InputError(
                f"{spelled(name)}: is of new videos, and there are none; name some with --predict, "
                "or drop it"
            )
