#!/usr/bin/env python3
"""Runs the benchmarks, all runtimes of a problem in turn, and tells what they took: see README.md.

The programs lie in build/<preset>/benchmarks/<problem>/<runtime>; `./dev bench` builds them, then
runs this. Each round runs every program once, one after the other, so that a machine that is slow
for a while is slow for all of them.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import host
import peers
import report
import rows

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PRESETS = {"gcc": "release", "clang": "clang"}
OPTIONAL = {"onetbb", "openmp"}  # not built where their package is missing
ENOUGH_S = 5  # in a process, after which there are no more repetitions
LONG_S = 20  # a process that takes longer is the only one of its program: no more rounds
TIME_LIMIT_S = 900  # for one process; what takes longer hangs

Program = collections.namedtuple("Program", "problem runtime compiler command")


class Failure(Exception):
    """Something that makes the figures worthless; the message is for the user."""


# ---- arguments ------------------------------------------------------------------------------------


def known_problems():
    return sorted(header.parent.name for header in HERE.glob("*/problem.hpp"))


class Parser(argparse.ArgumentParser):
    def error(self, message):  # one line, without the usage
        self.exit(2, f"bench: {message}; see ./dev bench --help\n")


def _count(text):
    number = int(text)
    if not 1 <= number <= 4096:
        raise ValueError
    return number


def _counts(text):
    return [_count(each) for each in text.split(",")]


def _problem(name):
    if name not in known_problems():
        known = ", ".join(known_problems())
        raise argparse.ArgumentTypeError(f"no problem '{name}'; there are {known}")
    return name


def _typed(convert, what):
    """`convert` with an error message that says what is accepted."""

    def checked(text):
        try:
            return convert(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{text}' is not {what}") from None

    return checked


def parse(arguments):
    processors = len(os.sched_getaffinity(0))
    parser = Parser(prog="./dev bench", description=__doc__.split("\n\n", maxsplit=1)[0])
    problems = ", ".join(known_problems())
    parser.add_argument(
        "problems", nargs="*", type=_problem, metavar="PROBLEM", help=f"{problems}; all by default"
    )
    parser.add_argument("--compiler", choices=[*PRESETS, "both"], default="gcc")
    parser.add_argument(
        "--workers",
        type=_typed(_counts, "a list of numbers from 1 to 4096, such as 1,2"),
        metavar="LIST",
        help=f"such as 1,2; by default 1 and {processors}, with --quick {processors}",
    )
    count = _typed(_count, "a number from 1 to 4096")
    parser.add_argument(
        "--rounds",
        type=count,
        default=3,
        help=f"processes of each program (3); one only if it takes over {LONG_S} s",
    )
    parser.add_argument(
        "--repetitions", type=count, default=3, help=f"in each process, for {ENOUGH_S} s at most (3)"
    )
    parser.add_argument(
        "--peers",
        action="store_true",
        help="tokio, rayon, Go, asyncio and uvloop, too, as far as their packages are installed",
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, within three minutes")
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        default=ROOT / "build/bench/bench.json",
        help="where the rows go (build/bench/bench.json); beside it the report, .html, and an overview, .svg",
    )
    parser.add_argument(
        "--plan", action="store_true", help="print what must be built and installed, and end"
    )
    wish = parser.parse_args(arguments)
    if wish.workers is None:
        wish.workers = [processors] if wish.quick else sorted({1, processors})
    wish.compilers = [*PRESETS] if wish.compiler == "both" else [wish.compiler]
    return wish


def plan(wish):
    """Lines of a preset and the targets to build there; then of "peer", its name and its packages."""
    targets = [f"bench_{problem}" for problem in wish.problems] or ["benchmarks"]
    lines = [[PRESETS[compiler], *targets] for compiler in wish.compilers]
    lines += [["peer", peer.name, *peer.needs] for peer in peers_of(wish)]
    return [" ".join(line) for line in lines]


def peers_of(wish):
    return peers.of_problems(wish.problems or known_problems()) if wish.peers else []


# ---- running --------------------------------------------------------------------------------------


def programs_of(problem, compilers):
    """The programs of a problem, and the names of those that were not built for lack of a package."""
    built, left_out = [], []
    for source in sorted((HERE / problem).glob("*.cpp")):
        for compiler in compilers:
            path = ROOT / "build" / PRESETS[compiler] / "benchmarks" / problem / source.stem
            if path.is_file():
                built.append(Program(problem, source.stem, compiler, (path,)))
            elif source.stem in OPTIONAL:
                left_out.append(f"{problem}/{source.stem} ({compiler})")
            else:
                raise Failure(f"{path} is not built; ./dev bench builds it")
    return built, left_out


def ready_peers(wish):
    """Those whose packages are installed, built; says which are left out."""
    ready = []
    for peer in peers_of(wish):
        if missing := peer.missing():
            print(f"left out, since not installed: {peer.name} ({' '.join(missing)})\n")
            continue
        try:
            peer.build()
        except peers.BuildFailure as failure:
            raise Failure(failure) from None
        ready.append(peer)
    return ready


def output_of(*command):
    """What a program prints, as JSON."""
    command = [str(word) for word in command]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise Failure(f"{' '.join(command)} did not end in {TIME_LIMIT_S} s") from None
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)} failed ({done.returncode}): {done.stderr.strip()}")
    return json.loads(done.stdout)


def size_of(wish):
    return "quick" if wish.quick else "full"


def variants_of(program, size):
    """What a program in C++ tells of the variants of its problem: {"variant": name, ...: number}."""
    return output_of(*program.command, "--list", "--size", size)


def commands_of(problem, programs, ready, wish):
    """Yields each variant's name and its programs with their commands, the peers after those in C++.

    A peer is told the numbers that a program in C++ knows, so that nobody else needs to know them.
    """
    warm_up = variants_of(programs[0], "quick")[0]
    for variant in variants_of(programs[0], size_of(wish)):
        name = variant["variant"]
        chosen = ["--size", size_of(wish), "--variant", name]
        commands = [each._replace(command=(*each.command, *chosen)) for each in programs]
        for peer in ready:
            if peer.takes_part_in(problem) and not variant.get("virtual_time"):
                command = (*peer.command(problem), *peers.arguments(variant, warm_up))
                commands.append(Program(problem, peer.name, peer.compiler, command))
        yield name, commands


def measure(programs, workers, wish, watch):
    """The rows of one variant with so many workers, the programs in turn."""
    arguments = ["--workers", workers, "--repetitions", wish.repetitions, "--enough", ENOUGH_S]
    runs = {program: [] for program in programs}
    left = list(programs)
    for _ in range(wish.rounds):
        watch.look()
        for program in tuple(left):
            start = time.monotonic()
            runs[program].append(output_of(*program.command, *arguments))
            if time.monotonic() - start > LONG_S:
                left.remove(program)
    return [rows.row_of(*program[:3], runs[program]) for program in programs]


def measure_all(wish, ready, watch):
    """All rows; prints each table when it is there."""
    chosen = wish.problems or known_problems()
    all_programs = [programs_of(problem, wish.compilers) for problem in chosen]
    found = []
    for problem, (programs, left_out) in zip(chosen, all_programs):
        for name in left_out:
            print(f"not built, since its package is missing: {name}\n")
        for variant, commands in commands_of(problem, programs, ready, wish):
            for workers in wish.workers:
                group = measure(commands, workers, wish, watch)
                print(rows.table((problem, variant, workers), group) + "\n", flush=True)
                found += group
    return found


def write(wish, machine, ready, found):
    """Writes rows, report and, where there is matplotlib, an overview beside them; tells where."""
    versions = {peer.name: peer.versions() for peer in ready}
    recorded = {"host": machine, "quick": wish.quick, "peers": versions, "rows": found}
    as_page = wish.json.with_suffix(".html")
    wish.json.parent.mkdir(parents=True, exist_ok=True)
    wish.json.write_text(json.dumps(recorded, indent=1) + "\n", encoding="utf-8")
    as_page.write_text(report.page(recorded), encoding="utf-8")
    print(f"rows: {wish.json}\nreport: {as_page}")
    if report.plots:
        as_picture = wish.json.with_suffix(".svg")
        as_picture.write_text(report.plots.overview(found), encoding="utf-8")
        print(f"overview: {as_picture}")


def main():
    wish = parse(sys.argv[1:])
    if wish.plan:
        print("\n".join(plan(wish)))
        return 0
    try:
        ready = ready_peers(wish)
        watch = host.Watch()
        found = measure_all(wish, ready, watch)
    except Failure as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    machine = watch.report()
    print(host.sentence(machine))
    write(wish, machine, ready, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
