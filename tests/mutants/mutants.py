#!/usr/bin/env python3
"""Mutation proof: each patch beside this file is a small bug, and some test must fail because of it.

A patch is a unified diff of one change, below a header:

    invariant: D2                               as docs/design.md names it
    bug: what is wrong now
    killed by: model/deque_test.cpp deque.*     a file of tests, and a filter for GoogleTest

All happens in a copy of the working tree, build/mutants/source. For each mutant the change is made there,
the program of its one file of tests is built (programs.cmake) and run, and the change is taken back. The
same tests must pass without it. A mutant that survives, does not build or no longer applies is a failure.
What cannot be killed, and why, is in equivalent.md.
"""

import argparse
import dataclasses
import datetime
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "build" / "mutants"
COPY = WORK / "source"
BUILD = WORK / "build"

LIMIT_S = 60  # a check that takes longer hangs
# Each exploration of a model test stops after so many seconds, and that is no failure; with a mutant, without.
SECONDS_WITH, SECONDS_WITHOUT = 20, 1
QUICK = 3  # mutants of a quick run
HEADER = ("invariant", "bug", "killed by")


class Broken(Exception):
    """Something is wrong with a patch, and not with what it is to show."""


@dataclasses.dataclass(frozen=True)
class Mutant:
    name: str
    invariant: str
    bug: str
    tests: str  # a file, relative to tests/
    filter: str
    source: str  # relative to the root
    before: tuple  # lines
    after: tuple

    @property
    def program(self):
        return "mutant_" + self.tests.removesuffix(".cpp").replace("/", "_")

    @property
    def cheap(self):
        return self.tests.startswith("model/") and self.filter != "*"

    def apply(self, text):
        """Wherever in the file the lines are by now, but they must be there once."""
        lines = text.split("\n")
        size = len(self.before)
        places = [i for i in range(len(lines)) if tuple(lines[i : i + size]) == self.before]
        if len(places) != 1:
            raise Broken(f"{self.source} has its lines {len(places)} times")
        lines[places[0] : places[0] + size] = self.after
        return "\n".join(lines)


def parse(path):
    lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    start = next((i for i, line in enumerate(lines) if line.startswith("--- a/")), None)
    if start is None or len([line for line in lines if line.startswith("@@")]) != 1:
        raise Broken(f"{path.name}: not a header and a diff of one place")
    header = dict(line.split(": ", 1) for line in lines[:start] if ": " in line)
    if missing := [key for key in HEADER if key not in header]:
        raise Broken(f"{path.name}: the header lacks '{missing[0]}'")
    hunk = lines[start + 3 :]
    tests, tests_filter = header["killed by"].split(maxsplit=1)
    return Mutant(
        name=path.stem,
        invariant=header["invariant"],
        bug=header["bug"],
        tests=tests,
        filter=tests_filter,
        source=lines[start].removeprefix("--- a/"),
        before=tuple(line[1:] for line in hunk if line[:1] != "+"),
        after=tuple(line[1:] for line in hunk if line[:1] != "-"),
    )


def check_all(mutants):
    """Yields what is wrong with patches that can be told without building."""
    for mutant in mutants:
        if not (ROOT / "tests" / mutant.tests).is_file():
            yield f"{mutant.name}: there is no tests/{mutant.tests}"
        try:
            mutant.apply((ROOT / mutant.source).read_text(encoding="utf-8"))
        except (Broken, OSError) as problem:
            yield f"{mutant.name}: does not apply: {problem}"


# ---- the copy, and what is built of it ----------------------------------------------------------


def write_if_changed(path, content):
    if not path.is_file() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def refresh_copy():
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    wanted = {Path(name) for name in listed if name and (ROOT / name).is_file()}
    for path in sorted(COPY.rglob("*")):
        if path.is_file() and path.relative_to(COPY) not in wanted:
            path.unlink()
    for name in wanted:
        write_if_changed(COPY / name, (ROOT / name).read_bytes())


def run_logged(command, log, **options):
    with log.open("a") as out:
        return subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, **options).returncode


def configure(log):
    command = ["cmake", "-G", "Ninja", "-S", str(COPY), "-B", str(BUILD)]
    command += ["-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0", "-DCMAKE_CXX_COMPILER=g++"]
    command += ["-DSILK_MUTANTS=ON", "-DSILK_EXAMPLES=OFF", "-DSILK_BENCHMARKS=OFF"]
    if shutil.which("ccache"):
        command.append("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache")
        os.environ["CCACHE_SLOPPINESS"] = "pch_defines,time_macros"
    if run_logged(command, log) != 0:
        sys.exit(f"mutants: the copy cannot be configured, see {log}")


def build(programs, log):
    return run_logged(["ninja", "-C", str(BUILD), "-j2", *programs], log) == 0


def command_for(program, tests_filter):
    return [str(next(BUILD.glob(f"tests/**/{program}"))), f"--gtest_filter={tests_filter}"]


def how_it_ends(command, model_seconds, log):
    """How the tests ended: 'passed', 'failed', 'hung'."""
    environment = {**os.environ, "SILK_MODEL_SECONDS": str(model_seconds)}
    with log.open("a") as out:
        try:
            ended = subprocess.run([*command, "--gtest_brief=1", "--gtest_fail_fast"], env=environment, timeout=LIMIT_S,
                                   stdout=out, stderr=subprocess.STDOUT)  # fmt: skip
        except subprocess.TimeoutExpired:
            return "hung"
    return "passed" if ended.returncode == 0 else "failed"


# ---- a run --------------------------------------------------------------------------------------


def prepare(mutants, log):
    """Builds everything without a mutant; exits unless all tests are there and pass."""
    refresh_copy()
    configure(log)
    if not build(sorted({mutant.program for mutant in mutants}), log):
        sys.exit(f"mutants: the tests do not build without a mutant, see {log}")
    filters = {}
    for mutant in mutants:
        listing = [*command_for(mutant.program, mutant.filter), "--gtest_list_tests"]
        if "\n  " not in subprocess.run(listing, check=True, capture_output=True, text=True).stdout:
            sys.exit(f"mutants: {mutant.name}: tests/{mutant.tests} has no {mutant.filter}")
        filters.setdefault(mutant.program, set()).add(mutant.filter)
    for program, tests in filters.items():
        command = command_for(program, ":".join(sorted(tests)))
        if (ended := how_it_ends(command, SECONDS_WITHOUT, log)) != "passed":
            sys.exit(f"mutants: {' '.join(command)} {ended} without a mutant, see {log}")


def prove(mutant):
    """Returns what happened: 'killed', 'killed (hung)', or what is wrong."""
    log = WORK / f"{mutant.name}.log"
    log.unlink(missing_ok=True)
    place = COPY / mutant.source
    original = place.read_text(encoding="utf-8")
    place.write_text(mutant.apply(original), encoding="utf-8")
    try:
        if not build([mutant.program], log):
            return f"DOES NOT BUILD, see {log}"
        ended = how_it_ends(command_for(mutant.program, mutant.filter), SECONDS_WITH, log)
    finally:
        place.write_text(original, encoding="utf-8")
    if ended == "hung" and not mutant.tests.startswith("model/"):  # those tell themselves what hangs
        return "killed (hangs)"
    return "killed" if ended == "failed" else "SURVIVES"


def table(mutants):
    """Runs them all, one at a time; the names of those that were not killed."""
    left = []
    print(f"{'mutant':<38} {'invariant':<10} {'by':<44} {'result':<14} {'s':>5}")
    for mutant in mutants:
        began = time.monotonic()
        result = prove(mutant)
        if not result.startswith("killed"):
            left.append(mutant.name)
        checked = f"{mutant.tests.removesuffix('.cpp')} {mutant.filter}"
        checked = checked if len(checked) <= 44 else checked[:41] + "..."
        seconds = time.monotonic() - began
        print(f"{mutant.name:<38} {mutant.invariant:<10} {checked:<44} {result:<14} {seconds:5.0f}", flush=True)
    return left


def chosen(mutants, arguments):
    if arguments.quick:
        cheap = [mutant for mutant in mutants if mutant.cheap]
        first = datetime.date.today().toordinal() * QUICK
        return [cheap[(first + i) % len(cheap)] for i in range(QUICK)]
    unknown = set(arguments.names) - {mutant.name for mutant in mutants}
    if unknown:
        sys.exit(f"mutants: there is no mutant {sorted(unknown)[0]}; --list tells which there are")
    return [mutant for mutant in mutants if not arguments.names or mutant.name in arguments.names]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these; all if there are none")
    parser.add_argument("--list", action="store_true", help="only tell what there is")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} of the cheap ones, other ones each day")
    arguments = parser.parse_args()

    try:
        mutants = [parse(path) for path in sorted(HERE.glob("*.patch"))]
    except Broken as problem:
        sys.exit(f"mutants: {problem}")
    if arguments.list:
        for mutant in mutants:
            print(f"{mutant.name:<38} {mutant.invariant:<10} {mutant.bug}")
        return
    if problems := list(check_all(mutants)):
        sys.exit("\n".join(f"mutants: {problem}" for problem in problems))

    WORK.mkdir(parents=True, exist_ok=True)
    log = WORK / "prepare.log"
    log.unlink(missing_ok=True)
    subjects = chosen(mutants, arguments)
    began = time.monotonic()
    prepare(subjects, log)
    left = table(subjects)
    print(f"{len(subjects) - len(left)} of {len(subjects)} killed, {len(mutants)} apply, "
          f"{time.monotonic() - began:.0f} s")  # fmt: skip
    if left:
        sys.exit(f"mutants: not killed: {', '.join(left)}")


if __name__ == "__main__":
    main()
