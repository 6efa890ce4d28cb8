"""What `utils.drift.watching` found, in lines for a person."""

from collections.abc import Mapping
from typing import Any

from utils.analysis.report.shift import WORDS
from utils.dataset.labels import CLASSES
from utils.errors import number_of

WAY_OUT = (
    "Annotate some of them, and the answer is corrected by these: `python detect.py PHOTOGRAPHS "
    "--suggest 30` deals them, or `python workflow.py suggest RUN_DIR` after a run"
)
_SPREAD = 0.1
"""Standard deviations; distributions whose means are no farther apart differ in their spread."""

_TRUST = {
    "yes": "The answer may be trusted: nothing that its correction takes for alike differs beyond "
    "chance. Another mix of classes is corrected for.",
    "with care": "The answer is to be taken with care: it is wrong by more than its interval says "
    f"where these faces are harder, or easier, to see. {WAY_OUT}.",
    "no": "THE ANSWER SHOULD NO LONGER BE TRUSTED: most of these photographs are beyond what the "
    f"model was tested on. {WAY_OUT}.",
    "unknown": "Whether the answer may be trusted cannot be told from so few photographs.",
}


def lines(record: Mapping[str, Any]) -> list[str]:
    """Return what a record of `watch` says, a sentence or more a line."""
    photos = record["photos"]
    what = number_of(photos["new"], "new photograph")
    if videos := record.get("videos"):
        what += f", of which {number_of(sum(one['frames'] for one in videos), 'frame')} of "
        what += f"{number_of(len(videos), 'video')}, each one observation at most,"
    told = [
        f"Compared: {what} ({photos['groups']:,} apart from near-duplicates and bursts) with "
        f"{number_of(photos['test'], 'photograph')} of the model's test "
        f"({photos['test_groups']:,}).",
        _difference(record),
        *(f"  {_feature(one)}" for one in record["features"] if one["p"] < record["level"]),
        _since(record),
    ]
    if record["least_alike"]:
        told.append("Least like the test:")
        told += [f"  {_unlike(one)}" for one in record["least_alike"]]
    return [*told, _TRUST[record["trust"]]]


def feature_words(name: str, high: bool) -> str:
    """Return in words that a feature is higher or lower."""
    if name in CLASSES:
        return f"a {'larger' if high else 'smaller'} share of {name}"
    return WORDS[name][high]


def _difference(record: Mapping[str, Any]) -> str:
    chance = (
        f"(p = {record['p']:.3f}; of photographs like those of the test, "
        f"{100 * record['level']:.0f} in 100 such sets are called different)"
    )
    if record["differ"]:
        return f"They differ beyond chance {chance}:"
    return f"No difference beyond chance was seen {chance}. Few photographs show large ones alone."


def _feature(one: Mapping[str, Any]) -> str:
    words = feature_words(one["name"], one["deviations"] > 0)
    if one["distance"] is not None and abs(one["deviations"]) < _SPREAD:
        words = f"another spread of {one['name']}"
    apart, chance = f"by {abs(one['deviations']):.1f} standard deviations", f"p = {one['p']:.3f}"
    if one["distance"] is None:  # few are compared by their means
        return f"{words}: {apart} ({chance})"
    distance = f"the distributions are {one['distance']:.2f} apart (0 to 1; {chance})"
    return f"{words}: {apart}; {distance}"


def _since(record: Mapping[str, Any]) -> str:
    since, timed, new = record["since"], record["timed"], record["photos"]["new"]
    if since is None:
        if not timed:
            return "Since when: no photograph tells when it was taken."
        return f"Since when: no change over time beyond chance ({timed:,} of {new:,} have a time)."
    changed = ", ".join(since["features"])
    before = "unlike the test, too" if since["before"]["differ"] else "like those of the test"
    after = "unlike the test" if since["after"]["differ"] else "like those of the test"
    return (
        f"Since {since['time'].replace('T', ' ')} ({since['photograph']}) they are others than "
        f"before, in {changed} (p = {since['p']:.3f}): {since['before']['photos']:,} before were "
        f"{before}, {since['after']['photos']:,} from then on are {after}."
    )


def _unlike(one: Mapping[str, Any]) -> str:
    told = ", ".join(
        f"{feature_words(it['name'], it['high'])} (as far: {100 * it['share']:.1f} % of the test)"
        for it in one["features"][:3]
    )
    return f"{one['photograph']}: {told}"
