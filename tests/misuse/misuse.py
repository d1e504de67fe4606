#!/usr/bin/env python3
"""A program that must not compile, and what the compiler says of it.

Usage: misuse.py SOURCE COMPILER [FLAG...]. The first line of SOURCE is "// message: TEXT". Without
more flags SOURCE must fail, with TEXT in the first error or the notes that belong to it; with
-DFIXED it must compile, or it would fail for another reason.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

TITLE = "// message: "
ERROR = re.compile(r"^[^\n]*\b(?:fatal )?error: ", re.MULTILINE)
GUTTER = re.compile(r"^ *\d* *\| ?", re.MULTILINE)


def wanted_message(source):
    first, _, _ = source.partition("\n")
    if not first.startswith(TITLE):
        raise ValueError(f'the first line is not "{TITLE}..."')
    return first.removeprefix(TITLE)


def first_error(output):
    """The first error with its notes, in one line; empty if there is none."""
    starts = [match.start() for match in ERROR.finditer(output)] + [len(output)]
    return " ".join(GUTTER.sub("", output[starts[0] : starts[min(1, len(starts) - 1)]]).split())


def problem(message, wrong, fixed):
    """What is wrong with two (status, output) of a compiler, or nothing."""
    if fixed[0] != 0:
        return f"with -DFIXED it does not compile:\n{fixed[1]}"
    if wrong[0] == 0:
        return "it compiles"
    if message not in first_error(wrong[1]):
        return f'the first error does not say "{message}":\n{wrong[1]}'
    return None


def compiled(command):
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=os.environ | {"LC_ALL": "C"},
    )
    return done.returncode, done.stdout


def main():
    source, *command = sys.argv[1:]
    message = wanted_message(Path(source).read_text(encoding="utf-8"))
    command += ["-fsyntax-only", source]
    found = problem(message, compiled(command), compiled([*command, "-DFIXED"]))
    if found:
        print(f"{source}: {found}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
