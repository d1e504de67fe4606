#!/usr/bin/env python3
"""What each verb of silk costs: instructions, locked ones among them, calls of operator new.

usage: costs.py [--record] COMPILER=PROGRAM...

Runs PROGRAM (costs.cpp) under callgrind for each verb, with two counts: the difference is what the
operations cost. These numbers do not depend on what else the machine does. Without --record they are
compared with recorded.json: what is more than 3 % above it, or allocates more, fails; what is more than
3 % below should be recorded. --record writes recorded.json and the tables of docs/costs.md, with bytes
and compile times, which are measured in the usual way. `./dev costs` builds the programs.
"""

import functools
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RECORDED = HERE / "recorded.json"
DOCUMENT = ROOT / "docs" / "costs.md"
FEW, MANY = 1_000, 6_000
ALLOWED = 0.03
COMPILERS = {"gcc": ("g++", "GCC"), "clang": ("clang++-19", "Clang")}
# Verbs of which all operations are under way at once, and wait.
HELD_AT_ONCE = ("sleep", "spawned_sleep")


def output_of(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"costs: {' '.join(map(str, command))} failed:\n{done.stderr}")
    return done.stdout


@functools.cache
def locked_addresses(binary):
    """Of the instructions that lock the bus, or the cache line."""
    locked = set()
    if not pathlib.Path(binary).exists():  # no file, but something that valgrind made
        return locked
    for line in output_of("objdump", "-d", "--no-show-raw-insn", binary).splitlines():
        match = re.match(r"\s*([0-9a-f]+):\s+(lock\b|xchg\s.*\()", line)
        if match:
            locked.add(int(match[1], 16))
    return locked


def count(program, verb, times):
    """Instructions, locked ones and allocations of a whole run."""
    with tempfile.NamedTemporaryFile() as profile:
        printed = output_of(
            "env", "LD_BIND_NOW=1",  # what the loader does is the same then, however long the run
            "valgrind", "--tool=callgrind", f"--callgrind-out-file={profile.name}", "--dump-instr=yes",
            "--compress-strings=no", "--compress-pos=no", program, verb, str(times))
        instructions = locks = 0
        locked = set()
        of_a_call = False  # the line after `calls=` holds what the callee has cost
        for line in pathlib.Path(profile.name).read_text().splitlines():
            if line.startswith("ob="):
                locked = locked_addresses(line[3:])
            elif line.startswith("calls="):
                of_a_call = True
            elif line.startswith("0x"):
                if not of_a_call:
                    address, _, cost = line.split()
                    instructions += int(cost)
                    if int(address, 16) in locked:
                        locks += int(cost)
                of_a_call = False
    return instructions, locks, int(printed.split()[0])


def costs_of(program, verb, runs):
    """Of each count the cheapest run: now and then a thread spins until another one has its turn."""
    few, many = ([min(found) for found in zip(*(count(program, verb, times) for _ in range(runs)))]
                 for times in (FEW, MANY))
    instructions, locks, allocations = (max(b - a, 0) / (MANY - FEW) for a, b in zip(few, many))
    return {"instructions": round(instructions, 1), "locked": round(locks, 1), "allocations": round(allocations, 1)}


def bytes_of(program, verb):
    few, many = 100_000, 400_000
    resident = [int(output_of(program, verb, str(times)).split()[1]) for times in (few, many)]
    return round((resident[1] - resident[0]) * 1024 / (many - few))


def measure(program, runs):
    """All verbs of a program; two at a time, since counting takes its time."""
    verbs = output_of(program).split()
    with ThreadPoolExecutor(max_workers=2) as workers:
        return dict(zip(verbs, workers.map(lambda verb: costs_of(program, verb, runs), verbs)))


def complaints(verb, now, before):
    if before is None:
        yield f"{verb}: not recorded"
        return
    for what, number in now.items():
        if number > before[what] * (1 + ALLOWED) + 0.05:
            yield f"{verb}: {number} {what}, recorded {before[what]}"


def check(program, measured, recorded):
    """Complains of what is too dear, after another look."""
    for verb, now in measured.items():
        before = recorded.get(verb)
        if any(complaints(verb, now, before)):
            measured[verb] = now = costs_of(program, verb, 3)
            yield from complaints(verb, now, before)
        if before is not None and now["instructions"] < before["instructions"] * (1 - ALLOWED):
            print(f"{verb}: {now['instructions']} instructions, recorded {before['instructions']}: record it")
    for verb in recorded.keys() - measured.keys():
        yield f"{verb}: recorded, but there is no such verb"


# ---- the record ----

def compile_seconds(command, source):
    with tempfile.TemporaryDirectory() as folder:
        times = []
        for _ in range(3):
            began = time.monotonic()
            output_of(command, "-std=c++20", "-O0", "-foptimize-sibling-calls", f"-I{ROOT}/api", f"-I{ROOT}",
                      "-c", source, "-o", f"{folder}/object")
            times.append(time.monotonic() - began)
        return round(statistics.median(times), 2)


def header_seconds(command):
    with tempfile.NamedTemporaryFile("w", suffix=".cpp") as source:
        source.write("#include <silk/silk.hpp>\n")
        source.flush()
        return compile_seconds(command, source.name)


def stripped_kib(program):
    library = next(parent for parent in pathlib.Path(program).parents if (parent / "libsilk.a").exists())
    with tempfile.NamedTemporaryFile() as stripped:
        output_of("strip", "--strip-unneeded", "-o", stripped.name, library / "libsilk.a")
        return round(pathlib.Path(stripped.name).stat().st_size / 1024)


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|---|" + "---:|" * (len(head) - 1)
    for row in rows:
        yield "| " + " | ".join(map(str, row)) + " |"


def tables(record):
    names = [COMPILERS[compiler][1] for compiler in record]
    verbs = next(iter(record.values()))["verbs"]
    head = ["", *(f"instructions, {name}" for name in names), *(f"locked, {name}" for name in names), "allocations"]

    def row(verb):
        cells = [kept["verbs"][verb] for kept in record.values()]
        return [f"`{verb}`", *(f"{cell['instructions']:,.0f}" for cell in cells),
                *(f"{cell['locked']:g}" for cell in cells), f"{cells[0]['allocations']:g}"]
    yield from table(head, map(row, verbs))
    yield ""
    yield from table(["", *names], (
        *([f"bytes of each `{verb}`", *(kept["bytes"][verb] for kept in record.values())] for verb in HELD_AT_ONCE),
        ["`#include <silk/silk.hpp>` at -O0, s", *(kept["header_s"] for kept in record.values())],
        ["`examples/spider.cpp` at -O0, s", *(kept["spider_s"] for kept in record.values())],
        ["stripped `libsilk.a`, KiB", *(kept["library_kib"] for kept in record.values())]))


def with_tables(text, record):
    begin, end = "<!-- ./dev costs --record -->\n", "<!-- end -->"
    before, rest = text.split(begin)
    return before + begin + "\n".join(tables(record)) + "\n" + end + rest.split(end, 1)[1]


def record_all(programs, measured):
    record = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    for compiler, program in programs.items():
        command = COMPILERS[compiler][0]
        record[compiler] = {
            "verbs": measured[compiler],
            "bytes": {verb: bytes_of(program, verb) for verb in HELD_AT_ONCE},
            "header_s": header_seconds(command),
            "spider_s": compile_seconds(command, ROOT / "examples" / "spider.cpp"),
            "library_kib": stripped_kib(program)}
    RECORDED.write_text(json.dumps(record, indent=1) + "\n")
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text(), record))


def main():
    arguments = sys.argv[1:]
    recording = arguments[:1] == ["--record"]
    programs = dict(argument.split("=", 1) for argument in arguments[recording:] if "=" in argument)
    if not programs or len(programs) != len(arguments) - recording or not programs.keys() <= COMPILERS.keys():
        sys.exit(__doc__)
    measured = {compiler: measure(program, 3 if recording else 1) for compiler, program in programs.items()}
    for compiler, verbs in measured.items():
        print(f"{compiler:16} instructions  locked  allocations")
        for verb, now in verbs.items():
            print(f"{verb:16} {now['instructions']:12.1f} {now['locked']:7.1f} {now['allocations']:12.1f}")
    if recording:
        return record_all(programs, measured)
    record = json.loads(RECORDED.read_text())
    wrong = [f"{compiler} {text}" for compiler, program in programs.items()
             for text in check(program, measured[compiler], record[compiler]["verbs"])]
    if DOCUMENT.read_text() != with_tables(DOCUMENT.read_text(), record):
        wrong.append("docs/costs.md is not what recorded.json says")
    for text in wrong:
        print(f"error: {text}", file=sys.stderr)
    if wrong:
        sys.exit("costs: dearer than recorded; if that is meant: ./dev costs --record, and say why")
    print("costs: as recorded, within 3 %")


if __name__ == "__main__":
    main()
