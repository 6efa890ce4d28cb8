#!/usr/bin/env python3
"""Where the time of a training step and of a detection goes, against the floor of its arithmetic.

A part's time is its own, without the parts within it. Its floor is what the multiplications and
additions (MAC) of its convolutions and linear layers would take at the fastest rate that a large
matrix product or a usual convolution reached in the same run, in the part's own precision. The step
is that of `utils.detector.fit`, the detection that of `Detector.predict`; both run as they are,
with clocks in the modules, but that chips are made within the step rather than beside it.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import nn

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.common import machine, pack, parser, print_table, timed_steps, untrained_detector
from benchmarks.parts import Macs, Parts, watched
from utils.dataset.shards import read_shard
from utils.detector.names import ARCHITECTURES
from utils.detector.pretrained import choose_weights
from utils.networks.devices import has_bfloat16
from utils.training.plan import Plan
from utils.training.recipe import Recipe

NAMES = {torch.float32: "float32", torch.bfloat16: "bfloat16"}


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--arch", default=ARCHITECTURES[0])
    options.add_argument("--image-size", type=int, default=400, help="longer side in pixels")
    args = options.parse_args(argv)
    size = 64 if args.quick else args.image_size
    steps = args.rounds or (1 if args.quick else 10)
    print(machine())
    rates = peak_rates(quick=args.quick)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        shard = pack(args.data, scratch, args.photos or (16 if args.quick else 96))
        start = choose_weights(args.arch, "none" if args.quick else "auto").file
        plan = Plan(args.arch, Recipe(), 2, 0, [shard], [shard], size, weights=start)

        def train(begin: Callable[[], None], end: Callable[[], None], steps: int) -> None:
            timed_steps(plan, scratch / "checkpoint.pth", steps, begin, end)

        report(f"training step, batch {plan.recipe.batch_size}", train, steps, rates)
        operations(train, max(1, steps // 3))

        detector = untrained_detector(args.arch, shard, size)
        images = [photo.decode() for photo in read_shard(shard)][:steps]

        def detect(begin: Callable[[], None], end: Callable[[], None], steps: int) -> None:
            detector.predict(images[:steps])
            begin()
            detector.predict(images[:steps])
            end()

        report("detection on one photograph", detect, len(images), rates)
        operations(detect, max(1, len(images) // 3))


def report(what: str, work: Callable, steps: int, rates: dict[torch.dtype, float]) -> None:
    """Print the parts of `work`, in one of so many steps."""
    timed, counted = Parts(), Parts()
    with watched(timed):
        work(lambda: timed.switch(True), lambda: timed.switch(False), steps)
    with watched(counted), counted:
        work(lambda: counted.switch(True), lambda: counted.switch(False), steps)
    total = sum(timed.seconds.values())
    rows, floors = [], 0.0
    for part, seconds in sorted(timed.seconds.items(), key=lambda item: -item[1]):
        macs = counted.macs[part]
        floor = sum(number / rates[dtype] for dtype, number in macs.items())
        floors += floor
        rows.append(_row(part, seconds, total, macs, floor, steps))
    every = {dtype: sum(m[dtype] for m in counted.macs.values()) for dtype in rates}
    rows.append(_row("all", total, total, every, floors, steps))
    print(f"\n{what}, mean of {steps}\n")
    print_table(("", "ms", "share", "GMAC", "in", "floor, ms"), rows)


def _row(
    part: str, seconds: float, total: float, macs: Macs, floor: float, steps: int
) -> tuple[str, ...]:
    used = [NAMES[dtype] for dtype, number in macs.items() if number]
    return (
        part,
        f"{1000 * seconds / steps:.1f}",
        f"{100 * seconds / total:.0f} %",
        f"{sum(macs.values()) / steps / 1e9:.2f}" if used else "",
        "+".join(used),
        f"{1000 * floor / steps:.1f}" if used else "",
    )


def operations(work: Callable, steps: int, most: int = 10) -> None:
    """Print the operations that `work` spends most time in, as `torch.profiler` sees them."""
    profiler = torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU])
    work(profiler.start, profiler.stop, steps)
    events = sorted(profiler.key_averages(), key=lambda event: -event.self_cpu_time_total)
    total = sum(event.self_cpu_time_total for event in events)
    rows = [
        (
            event.key,
            f"{event.self_cpu_time_total / 1000 / steps:.1f}",
            f"{100 * event.self_cpu_time_total / total:.0f} %",
            f"{event.count / steps:.0f}",
        )
        for event in events[:most]
    ]
    print()
    print_table(("operation", "ms", "share", "calls"), rows)


def peak_rates(quick: bool) -> dict[torch.dtype, float]:
    """Measure and print the MAC/s of a product and of a convolution; return the faster one's."""
    side, tries = (256, 2) if quick else (2048, 8)
    rates, rows = {}, []
    for dtype, name in NAMES.items():
        if dtype is torch.bfloat16 and not has_bfloat16("cpu"):
            continue  # emulated: nothing of ours computes in it, and its products take minutes
        matrix = torch.rand(side, side, dtype=dtype)
        image = torch.rand(4, 64, side // 20, side // 20, dtype=dtype)
        image = image.contiguous(memory_format=torch.channels_last)
        layer = nn.Conv2d(64, 64, 3, padding=1, bias=False, dtype=dtype)
        layer = layer.to(memory_format=torch.channels_last)
        with torch.inference_mode():
            product = _fastest(lambda m=matrix: m @ m, tries)
            convolution = _fastest(lambda c=layer, i=image: c(i), 10 * tries)
        reached = (side**3 / product, 9 * 64 * image.numel() / convolution)
        rates[dtype] = max(reached)
        rows.append((name, *(f"{rate / 1e9:.0f}" for rate in reached)))
    size = f"64 to 64 channels, 3 x 3, {side // 20} x {side // 20}"
    print_table(("GMAC/s", f"product of {side} x {side}", f"convolution, {size}"), rows)
    return rates


def _fastest(work: Callable[[], object], tries: int) -> float:
    times = []
    for _ in range(tries):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
