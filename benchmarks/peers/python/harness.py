"""What every program here does: read the command line, time the work, check the answer, and print one
line of JSON, as the programs in C++ do. Calls of the allocator are not counted."""

import argparse
import asyncio
import collections
import json
import re
import sys
import time
from pathlib import Path
from types import SimpleNamespace

now_ns = time.monotonic_ns


class Histogram:
    """How late things were; a bucket is an eighth of a power of two wide."""

    def __init__(self):
        self.buckets = collections.Counter()  # by their largest value
        self.count = self.total_ns = self.early = 0

    def add(self, deadline_ns, at_ns):
        late = at_ns - deadline_ns
        if late < 0:
            self.early += 1
            late = 0
        shift = max(late.bit_length() - 4, 0)
        self.buckets[((late >> shift) + 1 << shift) - 1] += 1
        self.count += 1
        self.total_ns += late

    def told(self):
        return [[upper / 1e3, count] for upper, count in sorted(self.buckets.items())]


async def sum_of(tasks):
    """What coroutines give that run at the same time, added up."""
    return sum([await task for task in [asyncio.create_task(each) for each in tasks]])


def main(solve, timed_by_lateness=False):
    """Warms up with the small sizes, then does the work until it was done often or long enough."""
    wish = _parse()
    before_kib = _peak_kib()
    with asyncio.Runner(loop_factory=_loop_factory(wish.loop)) as runner:

        def repeat(sizes, late):
            total_before, cpu_before = late.total_ns, time.process_time()
            began = time.perf_counter()
            answer = runner.run(solve(sizes, late))
            elapsed, cpu = time.perf_counter() - began, time.process_time() - cpu_before
            if answer != sizes.answer:
                sys.exit(f"{wish.variant}: wrong answer, {answer}")
            took = (late.total_ns - total_before) / 1e9 if timed_by_lateness else elapsed
            return took, elapsed, cpu

        repeat(wish.warm_up, Histogram())
        late, runs = Histogram(), []
        while not runs or (
            len(runs) < wish.repetitions and sum(run[1] for run in runs) < wish.enough
        ):
            runs.append(repeat(wish.sizes, late))
    print(json.dumps(_told(wish, runs, late, before_kib)))


def _told(wish, runs, late, before_kib):
    peak_kib, operations = _peak_kib(), wish.sizes.operations
    told = {
        "variant": wish.variant,
        "workers": wish.workers,
        "operations": operations,
        "seconds": [took for took, _, _ in runs],
        "cpu_s": sum(cpu for _, _, cpu in runs) / len(runs),
        "allocations_per_operation": None,
        "max_rss_kib": peak_kib,
        "bytes_per_operation": (peak_kib - before_kib) * 1024 / operations,
    }
    if late.count:
        told |= {"late_us": late.told(), "early": late.early}
    return told


def _parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--loop", choices=["asyncio", "uvloop"], default="asyncio")
    parser.add_argument("--variant", required=True)
    parser.add_argument("--workers", type=int, default=1, help="told only: there is one")
    parser.add_argument("--repetitions", type=int, default=1)
    parser.add_argument("--enough", type=float, default=5, help="seconds; then no more repetitions")
    parser.add_argument("--warm-up", type=_sizes, required=True, metavar="NAME=NUMBER,...")
    parser.add_argument("--sizes", type=_sizes, required=True, metavar="NAME=NUMBER,...")
    return parser.parse_args()


def _sizes(text):
    pairs = (pair.split("=") for pair in text.split(","))
    return SimpleNamespace(**{name: int(number) for name, number in pairs})


def _loop_factory(name):
    if name == "uvloop":
        import uvloop  # may be missing

        return uvloop.new_event_loop
    return asyncio.new_event_loop


def _peak_kib():
    """The most memory that was resident so far."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1])
