#!/usr/bin/env python3
"""House rules that no compiler checks. Usage: lint.py ROOT; prints findings, exits 1 if any.

primitives  threads, locks, atomics and futexes are named in scheduler/sync*.{hpp,cpp} only
layers      scheduler/ never includes api/; api/ includes scheduler/ in detail/engine.hpp only
orders      a memory order has its reason on its line or in a comment of the three lines above:
            a relaxed one the word "relaxed", any other an edge tag "E:name in", "out" or "in/out"
edges       each edge named anywhere has an "out" end and an "in" end
size        a source file has at most 500 lines
sleeps      tests use virtual time: real sleeps in tests/stress and tests/model only
captures    a lambda that captures by value gets a name before it is part of what is awaited: GCC 12
            destroys its captures twice
leftovers   nothing unfinished or switched off is checked in
"""

import re
import sys
from pathlib import Path

MAX_LINES = 500
LINES_ABOVE = 3

ENGINE_AND_API = ("scheduler/", "api/")
CODE_FOLDERS = ("scheduler", "api", "benchmarks", "examples", "tests", "cmake")
SEAM = "api/silk/detail/engine.hpp"

NOT_CODE = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | R"(?P<fence>[^()\s]{0,16})\(.*?\)(?P=fence)"
      | "(?:\\.|[^"\\\n])*"
      | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'""",  # the look-behind: 1'000 is a number
    re.VERBOSE | re.DOTALL,
)
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
PRIMITIVE = re.compile(
    r"\bstd::(?:atomic\w*|(?:\w+_)?mutex|j?thread|condition_variable\w*)\b"
    r"|\bSYS_futex\b|\bFUTEX_\w+"
)
PRIMITIVE_HEADERS = {"atomic", "condition_variable", "linux/futex.h", "mutex", "thread"}
ORDER = re.compile(r"\bmemory_order(?:_|::)(\w+)")
EDGE = re.compile(r"\bE:([a-z][a-z0-9_-]*) (in/out|out/in|in|out)\b")
SLEEP = re.compile(r"\b(?:sleep_for|usleep|nanosleep|this_thread::sleep_until)\b")
# The look-behind: handlers[i](x) is no lambda.
AWAITED_LAMBDA = re.compile(r"\bco_await\b[^;{]*?(?<![\w\])])\[([^\]\[]*)\]\s*(?=[({]|mutable\b|->)")
LEFTOVER = re.compile(r"\b(?:TODO|FIXME|XXX)\b|^\s*#\s*if\s+0\b")


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


class Source:
    """A file, line by line, with code and comments apart (each blank where the other is)."""

    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        self.lines = text.splitlines()
        self.code = NOT_CODE.sub(lambda m: _blank(m[0]), text).splitlines()
        comments, end = [], 0
        for match in NOT_CODE.finditer(text):
            comments += [_blank(text[end : match.start()]), match["comment"] or _blank(match[0])]
            end = match.end()
        self.comments = ("".join(comments) + _blank(text[end:])).splitlines()

    def under(self, *folders):
        return self.path.startswith(folders)

    def comments_near(self, index):
        return "\n".join(self.comments[max(0, index - LINES_ABOVE) : index + 1])


def primitives(source):
    if not source.under(*ENGINE_AND_API) or re.match(r"scheduler/sync\w*\.[hc]pp$", source.path):
        return
    for index, line in enumerate(source.code):
        include = INCLUDE.match(source.lines[index])
        if include and include[1] in PRIMITIVE_HEADERS:
            yield index, f"<{include[1]}> is included outside scheduler/sync.hpp"
        for name in PRIMITIVE.findall(line):
            yield index, f"{name} is named outside scheduler/sync.hpp; use silk::scheduler::sync"


def layers(source):
    for index, line in enumerate(source.lines):
        include = INCLUDE.match(line)
        if not include:
            continue
        target = include[1]
        if source.under("scheduler/") and re.search(r"(?:^|/)(?:silk|api)/", target):
            yield index, f"the scheduler includes {target} of the api"
        if source.under("api/") and "scheduler/" in target and source.path != SEAM:
            yield index, f"{target} is included outside {SEAM}"


def orders(source):
    if not source.under(*ENGINE_AND_API):
        return
    for index, line in enumerate(source.code):
        if line.lstrip().startswith("using "):
            continue
        named = set(ORDER.findall(line))
        near = source.comments_near(index)
        if "relaxed" in named and not re.search(r"\brelaxed\b", near):
            yield index, 'no comment with the word "relaxed" says why this order is enough'
        if named - {"relaxed"} and not EDGE.search(near):
            yield index, 'no comment names the edge ("E:name in", "out" or "in/out")'


def size(source):
    if len(source.lines) > MAX_LINES:
        yield MAX_LINES, f"{len(source.lines)} lines, more than {MAX_LINES}"


def sleeps(source):
    if not source.under("tests/") or source.under("tests/stress/", "tests/model/"):
        return
    for index, line in enumerate(source.code):
        if SLEEP.search(line):
            yield index, "a real sleep outside tests/stress and tests/model; use virtual time"


def captures(source):
    code = "\n".join(source.code)
    for match in AWAITED_LAMBDA.finditer(code):
        captured = [each.strip() for each in match[1].split(",") if each.strip()]
        if any(each != "this" and not each.startswith("&") for each in captured):
            yield code.count("\n", 0, match.start(1)), (
                f"[{match[1].strip()}] captures by value inside of what is awaited; name the lambda first"
            )


def leftovers(source):
    for index, line in enumerate(source.lines):
        if match := LEFTOVER.search(line):
            yield index, f"{match[0].strip()} is checked in"


def edges(sources):
    """Yields (source, index, message) for each edge of which one end is missing."""
    first_seen, ends = {}, {}
    for source in sources:
        if not source.under(*ENGINE_AND_API):
            continue
        for index, comment in enumerate(source.comments):
            for name, direction in EDGE.findall(comment):
                first_seen.setdefault(name, (source, index))
                ends.setdefault(name, set()).update(direction.split("/"))
    for name, found in ends.items():
        for missing in {"in", "out"} - found:
            yield *first_seen[name], f'edge E:{name} has no "{missing}" end'


FILE_RULES = (primitives, layers, orders, size, sleeps, captures, leftovers)


def findings(root):
    """All findings of the tree at root, as sorted "file:line: message" strings."""
    paths = [p for folder in CODE_FOLDERS for p in (root / folder).rglob("*.[hc]pp")]
    sources = [Source(root, path) for path in sorted(paths)]
    found = [
        (source.path, index + 1, message)
        for source in sources
        for rule in FILE_RULES
        for index, message in rule(source)
    ]
    found += [(source.path, index + 1, message) for source, index, message in edges(sources)]
    return [f"{path}:{line}: {message}" for path, line, message in sorted(found)]


def main():
    found = findings(Path(sys.argv[1]).resolve())
    for finding in found:
        print(finding)
    if found:
        print(f"lint: {len(found)} findings; the rules: {Path(__file__).name}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
