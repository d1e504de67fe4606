#!/usr/bin/env python3
"""What silk would do on more cores than there are at hand: a simulation of its thieves, sleepers and fences.

usage: model.py MACHINE.json BENCH.json [--workers LIST] [--set NAME=NS]... [--seed N]

MACHINE.json is what build/release/benchmarks/scaling/machine prints: the costs of dealings between cores.
BENCH.json is what ./dev bench writes: how long each problem takes one worker. --set changes a cost, to ask
what another machine would do. Printed is, for each problem and number of workers, the speed-up, and where
the processors' time goes: the largest of these is the bottleneck.

What is simulated is what the engine does (scheduler/worker.cpp, idle.hpp, deque.hpp): a worker runs its
newest fork, a thief takes the oldest of a victim that it draws; at most half of the workers search; who
has swept in vain a few times parks, with a heavy fence; who finds work wakes one more if nobody searches;
the first thief in a while runs a heavy fence, which interrupts all who work. Trees are cut off below a
grain, and their shapes are told by `SHAPES`; they are not the computations themselves.
"""

import argparse
import heapq
import json
import pathlib
import random
import sys

SEARCH_ROUNDS = 8  # of more than two workers, scheduler/pool.cpp
PAUSE_NS = 1_000  # 32 times cpu_relax, between two rounds
POPS_UNTIL_CALM = 1_024  # scheduler/sync.hpp
FENCED_POP_NS = 2  # docs/decisions/002-asymmetric-fences.md
PER_CORE_NS = 100  # that a heavy fence takes longer for each further core that it interrupts: assumed
SHARES = ("work", "ramp", "idle", "search", "steal", "fence", "interrupt", "wake")


# ---- trees ----------------------------------------------------------------------------------------


def fib(size, _draw):
    return (size * 0.618, size * 0.382)


def skynet(size, _draw):
    return (size / 10,) * 10


def uneven(size, draw):
    """As many children as a row has free squares, of which most lead nowhere."""
    weights = [draw.expovariate(1) ** 2 for _ in range(draw.randint(2, 10))]
    return tuple(size * weight / sum(weights) for weight in weights)


def matmul(size, _draw):
    return (size / 8,) * 8


SHAPES = {"fib": fib, "skynet": skynet, "nqueens": uneven, "uts": uneven, "matmul": matmul}
# What is not cut any further: the multiplication of two blocks, in ns.
LEAF_NS = {"matmul": 20_000}


# ---- the simulation -------------------------------------------------------------------------------


class Worker:
    def __init__(self, index):
        self.index = index
        self.forks = []  # subtrees in ns of work, the oldest first
        self.lost = 0.0  # by interrupts, not yet added to what it is at
        self.rounds = 0
        self.state = "parked"
        self.since = 0.0  # when that state began
        self.last_theft = float("-inf")  # from it


class Simulation:
    """One computation, from the moment when its first task runs on the first of the workers."""

    def __init__(self, shape, total_ns, op_ns, leaf_ns, workers, costs, seed):
        self.split = shape
        self.draw = random.Random(seed)
        self.op_ns = op_ns
        self.costs = costs
        self.workers = [Worker(i) for i in range(workers)]
        self.grain = max(leaf_ns, total_ns / workers / 2_000, 4 * op_ns)
        self.left = total_ns
        self.events = []
        self.order = 0
        self.searching = 0
        self.spent = dict.fromkeys(SHARES, 0.0)
        self.counts = {"steals": 0, "parks": 0, "fences": 0, "wakes": 0}
        self.end = None
        self.all_began = None  # when the last worker first had work
        self.have_begun = set()
        self.start(self.workers[0], total_ns, 0.0)

    def run(self):
        while self.end is None:
            time, _, worker, step = heapq.heappop(self.events)
            step(worker, time)
        for worker in self.workers:
            if worker.state == "parked":
                self.spent["ramp" if worker.index not in self.have_begun else "idle"] += self.end - worker.since
        return self

    def at(self, time, worker, step):
        self.order += 1
        heapq.heappush(self.events, (time, self.order, worker, step))

    def spend(self, what, ns):
        self.spent[what] += ns
        return ns

    # -- what a worker does

    def start(self, worker, size, time):
        """Goes down to a piece that is not cut any further; its siblings may be stolen meanwhile."""
        worker.state = "working"
        self.have_begun.add(worker.index)
        if self.all_began is None and len(self.have_begun) == len(self.workers):
            self.all_began = time
        while size > self.grain:
            first, *others = self.split(size, self.draw)
            worker.forks += reversed(others)
            size = first
            time += self.notify(time)
        if time - worker.last_theft < POPS_UNTIL_CALM * self.op_ns:
            time += self.spend("fence", FENCED_POP_NS * size / self.op_ns)
        self.spend("work", size)
        self.left -= size
        self.at(time + size, worker, self.piece_done)

    def piece_done(self, worker, time):
        if worker.lost > 0:
            later = self.spend("interrupt", worker.lost)
            worker.lost = 0.0
            return self.at(time + later, worker, self.piece_done)
        if worker.forks:
            return self.start(worker, worker.forks.pop(), time)
        if self.left <= 1e-6 * self.grain and all(each.state != "working" or each is worker for each in self.workers):
            self.end = time
            return None
        if 2 * self.searching >= len(self.workers):
            return self.park(worker, time)
        self.searching += 1
        return self.search(worker, time)

    def search(self, worker, time):
        worker.state = "searching"
        worker.rounds = 0
        self.sweep(worker, time)

    def sweep(self, worker, time):
        others = [each for each in self.workers if each is not worker]
        start = self.draw.randrange(len(others)) if others else 0
        for looked, i in enumerate(range(start, start + len(others)), 1):
            victim = others[i % len(others)]
            if victim.forks:
                time += self.spend("search", looked * self.costs["line_ns"])
                return self.steal(worker, victim, time)
        time += self.spend("search", len(others) * self.costs["line_ns"])
        worker.rounds += 1
        if worker.rounds < (SEARCH_ROUNDS if len(self.workers) > 2 else 1):
            return self.at(time + self.spend("search", PAUSE_NS), worker, self.sweep)
        self.searching -= 1
        return self.park(worker, time)

    def steal(self, worker, victim, time):
        self.counts["steals"] += 1
        taken = victim.forks.pop(0)
        time += self.spend("steal", self.costs["steal_ns"] + 2 * self.costs["line_ns"])  # and the way back
        if time - victim.last_theft > POPS_UNTIL_CALM * self.op_ns:
            time += self.fence(worker)
        victim.last_theft = time
        self.searching -= 1
        if any(each.state == "parked" for each in self.workers):
            time += self.fence(worker)
            time += self.notify(time)
        self.start(worker, taken, time)

    def park(self, worker, time):
        self.counts["parks"] += 1
        time += self.fence(worker)
        if any(each.forks for each in self.workers):
            self.searching += 1
            worker.rounds = 0
            worker.state = "searching"
            return self.at(time, worker, self.sweep)
        worker.state = "parked"
        worker.since = time
        return None

    def notify(self, time):
        """What the caller spends on waking somebody, if nobody searches."""
        if self.searching:
            return 0.0
        sleeper = next((each for each in self.workers if each.state == "parked"), None)
        if sleeper is None:
            return 0.0
        self.counts["wakes"] += 1
        self.searching += 1
        self.spend("idle" if sleeper.index in self.have_begun else "ramp",
                   time - sleeper.since + self.costs["wake_ns"])
        sleeper.state = "waking"
        self.at(time + self.costs["wake_ns"], sleeper, self.search)
        return self.spend("wake", self.costs["wake_call_ns"])

    def fence(self, worker):
        """A heavy fence: interrupts all who work."""
        self.counts["fences"] += 1
        running = [each for each in self.workers if each.state in ("working", "searching") and each is not worker]
        if not running:
            return self.spend("fence", self.costs["alone_ns"])
        for each in running:
            each.lost += self.costs["interrupt_ns"]
        return self.spend("fence", self.costs["fence_ns"] + PER_CORE_NS * (len(running) - 1))


def simulate(problem, total_ns, operations, workers, costs, seed):
    leaf = LEAF_NS.get(problem, 0)
    return Simulation(SHAPES[problem], total_ns, total_ns / operations, leaf, workers, costs, seed).run()


# ---- the table ------------------------------------------------------------------------------------


def problems_of(rows):
    """What one worker took for each problem that has a shape, by runtime and variant; in ns."""
    for row in rows:
        if row["problem"] in SHAPES and row["runtime"] == "silk_gather" and row["workers"] == 1:
            yield row["problem"], row["variant"], row["compiler"], row["median_s"] * 1e9, row["operations"]


def line(done, total_ns, workers):
    all_time = done.end * workers
    shares = {name: ns / all_time for name, ns in done.spent.items() if name != "work"}
    worst = max(shares, key=shares.get)
    loss = f"{worst} {shares[worst]:.1%}" if workers > 1 else ""
    counts = "  ".join(f"{name} {count:,}" for name, count in done.counts.items())
    return f"{workers:>7}  {total_ns / done.end:>8.2f}  {total_ns / done.end / workers:>10.0%}  {loss:<18}  {counts}"


class Parser(argparse.ArgumentParser):
    def error(self, message):  # one line, without the usage
        self.exit(2, f"model.py: {message}; see --help\n")


def _json_file(path):
    try:
        return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as why:
        raise argparse.ArgumentTypeError(f"{path} is no file with JSON ({why})") from None


def _counts(text):
    if not all(each.isdigit() and 1 <= int(each) <= 4096 for each in text.split(",")):
        raise argparse.ArgumentTypeError(f"'{text}' is not a list of numbers from 1 to 4096, such as 1,2")
    return [int(each) for each in text.split(",")]


def parse(arguments):
    parser = Parser(prog="model.py", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("machine", type=_json_file)
    parser.add_argument("bench", type=_json_file)
    parser.add_argument("--workers", type=_counts, default="1,2,4,8,16,32,64", help="such as 1,2,4")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=NS", help="another cost")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def main(arguments):
    wish = parse(arguments)
    costs = wish.machine
    for change in wish.set:
        name, _, ns = change.partition("=")
        if name not in costs or not ns.replace(".", "", 1).isdigit():
            sys.exit(f"model.py: '{change}' is not NAME=NS; names are {', '.join(costs)}")
        costs[name] = float(ns)
    for problem, variant, compiler, total_ns, operations in problems_of(wish.bench["rows"]):
        print(f"{problem} {variant}, {compiler}: {total_ns / 1e9:.3f} s, {total_ns / operations:.1f} ns an operation")
        print("workers  speed-up  efficiency  largest loss")
        for workers in wish.workers:
            done = simulate(problem, total_ns, operations, workers, costs, wish.seed)
            print(line(done, total_ns, workers), flush=True)
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
