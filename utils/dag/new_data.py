"""New photographs and videos as they travel: photographs in shards, videos as they are.

A video is one job's from its beginning to its end, because who is seen in the middle of it is known
by what came before. So it is videos that are dealt to jobs, and within a job the checkpoint holds
how far each of them is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from utils.dag.options.table import Options
from utils.dataset.intake.kinds import unread_photograph


@dataclass(frozen=True)
class VideoShard:
    """The videos of one job.

    Attributes
    ----------
    files
        Their names as they travel, sorted.
    seconds
        How long they last together.
    mib
        How large they are together.
    """

    files: tuple[str, ...]
    seconds: float = 0.0
    mib: int = 0


@dataclass(frozen=True)
class NewData:
    """What a run predicts on besides its own data.

    Attributes
    ----------
    photos
        Names of the shards of photographs.
    videos
        By the jobs that watch them.
    """

    photos: tuple[str, ...] = ()
    videos: tuple[VideoShard, ...] = ()

    @property
    def lists(self) -> list[str]:
        """The names of the records that say what the videos of each job are called."""
        return [f"videos_{p}.json" for p in range(len(self.videos))]

    @property
    def files(self) -> list[str]:
        """The names of all files, records included."""
        return [*self.photos, *(name for one in self.videos for name in one.files), *self.lists]


def travel_name(number: int, name: str) -> str:
    """Return what a video is called while it travels, from its number and its own name."""
    stem, _, suffix = name.rpartition("/")[2].rpartition(".")
    kept = "".join(char if char.isascii() and char.isalnum() else "_" for char in stem)[:40]
    return f"video_{number:05d}_{kept}.{suffix.lower()}"


def annotated_name(file: str) -> str:
    """Return what the annotated video of one that travels is called."""
    return f"annotated_{file.rpartition('.')[0]}.webm"


def photo_shards(options: Options, photos: int) -> tuple[str, ...]:
    """Return the names of the shards of so many photographs."""
    return tuple(f"predict_{p}.tar" for p in range(min(photos, options.predict_shards)))


def dealt(videos: Sequence[tuple[str, float, int]], shards: int) -> tuple[VideoShard, ...]:
    """Deal videos to jobs that take about as long as each other.

    The longest come first, each to whom has least to do yet.

    Parameters
    ----------
    videos
        Name, seconds and bytes of each.
    shards
        The most jobs; fewer where there are fewer videos.
    """
    jobs: list[list[tuple[str, float, int]]] = [[] for _ in range(min(shards, len(videos)))]
    for video in sorted(videos, key=lambda one: (-one[1], one[0])):
        min(jobs, key=lambda job: (sum(one[1] for one in job), len(job))).append(video)
    return tuple(
        VideoShard(
            tuple(sorted(name for name, _, _ in job)),
            sum(seconds for _, seconds, _ in job),
            -(-sum(size for _, _, size in job) // 2**20),
        )
        for job in jobs
    )


def as_named(options: Options) -> NewData:
    """Return what options name, as far as names tell: folders and archives hold photographs."""
    finds_faces = options.task == "detect" or options.faces
    if not options.predict:  # the photographs of the sample show many faces each
        there = not options.data and finds_faces
        return NewData(photo_shards(options, options.predict_shards) if there else ())
    moving = [p for p in options.predict if unread_photograph(p.name.lower()) == "video"]
    others = len(options.predict) > len(moving)
    named = [(travel_name(n, path.name), 0.0, 0) for n, path in enumerate(moving)]
    photos = photo_shards(options, options.predict_shards) if others else ()
    return NewData(photos, dealt(named, options.predict_shards))
