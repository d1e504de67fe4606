#!/usr/bin/env python3
"""Which of asyncio's promises are proven. Usage: report.py silk_conformance

Runs the program and compares its tests with the tables beside this file:

asyncio.tsv     asyncio's promises, a row each; a test with the id as its full name proves a row
deviations.tsv  rows that do not hold in silk: why, and the test that proves what holds instead
missing.txt     ids of the rows that nobody has proven yet

Prints the count, and what is missing by area. Exits with 1 if a row has lost its proof, if a test
fails, or if missing.txt and the deviations are not up to date.
"""

import collections
import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def passed_and_failed(program):
    """The full names of the program's tests that passed, and of those that did not."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        subprocess.run(
            [program, f"--gtest_output=json:{report}", "--gtest_brief=1"], check=False
        )
        suites = json.loads(report.read_text(encoding="utf-8"))["testsuites"]
    passed, failed = set(), set()
    for suite in suites:
        for test in suite["testsuite"]:
            good = test["result"] == "COMPLETED" and not test.get("failures")
            (passed if good else failed).add(f'{suite["name"]}.{test["name"]}')
    return passed, failed


def rows(table, folder):
    with (folder / table).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def judge(passed, failed, folder):
    """The lines of the report, and whether all is well."""
    promises = [row["id"] for row in rows("asyncio.tsv", folder)]
    deviations = {row["id"]: row["test"] for row in rows("deviations.tsv", folder)}
    expected_missing = set((folder / "missing.txt").read_text(encoding="utf-8").split())

    proven = {row for row in promises if deviations.get(row, row) in passed}
    missing = [row for row in promises if row not in proven]
    deviating = len(proven & deviations.keys())

    lines = [f"{len(proven)} of {len(promises)} rows proven, {deviating} of them as deviations"]
    by_area = collections.defaultdict(list)
    for row in missing:
        by_area[row.split(".")[0]].append(row.split(".", 1)[1])
    for area, names in by_area.items():
        lines.append(f"missing in {area} ({len(names)}): {' '.join(names)}")

    faults = [f"{test} fails" for test in sorted(failed)]
    faults += [f"{row} is no longer proven" for row in missing if row not in expected_missing]
    faults += [
        f"{row} is proven now: take it out of missing.txt"
        for row in promises
        if row in proven and row in expected_missing
    ]
    faults += [
        f"{row} is in a table, but it is no row of asyncio.tsv"
        for row in sorted((expected_missing | deviations.keys()) - set(promises))
    ]
    return lines + faults, not faults


def main():
    lines, good = judge(*passed_and_failed(sys.argv[1]), HERE)
    print("\n".join(lines))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
