#!/usr/bin/env python3
"""Runs an example and compares what it prints with the comment at the end of its source.

Usage: check_output.py SOURCE PROGRAM [ARGUMENT...]. The comment starts with the line "// Prints:"; without one
the program only has to succeed.
"""

import subprocess
import sys
from pathlib import Path

TITLE = "// Prints:\n"


def expected(source):
    _, title, comment = source.partition(TITLE)
    if not title:
        return None
    return [line.removeprefix("//").removeprefix(" ") for line in comment.splitlines()]


def main():
    source, *command = sys.argv[1:]
    wanted = expected(Path(source).read_text(encoding="utf-8"))
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout, end="")
    if done.returncode != 0:
        print(f"{command[0]} ended with {done.returncode}")
        return 1
    if wanted is not None and done.stdout.splitlines() != wanted:
        print(f"{source} promises:", *wanted, sep="\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
