#!/usr/bin/env python3
"""What the documentation promises of this tree. Usage: docs.py [--write] ROOT; exits 1 if broken.

quotes   a ```cpp or ```python block in README.md or docs/ stands below the comment <!-- FILE --> or
         <!-- FILE#region --> and is that file, or the lines between its two marks "//! [region]";
         --write brings the blocks up to date
links    a relative link leads to a file
ties     each id in docs/cancellation.md (a row, with each of its columns "a: ..."; r<n> for rule n) is
         cited by a test, in a comment "// docs/cancellation.md: r2 w1a" above it; no other id is
names    docs/design.md lists each invariant ("// I1: ..." in a header) with its home
records  docs/decisions/NNN-title.md begins with "Status: ", its last section says what would change
         our mind; a record that the code cites exists, and each number is used once
"""

import re
import sys
import textwrap
from pathlib import Path

CODE_FOLDERS = ("scheduler", "api", "benchmarks", "examples", "tests", "cmake")
BLOCK = re.compile(
    r"^(?:<!-- (?P<file>[\w./-]+?)(?:#(?P<region>[\w-]+))? -->\n\n?)?```(?P<language>cpp|python)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|#)([^)#\s]+)[^)]*\)")
CITED = re.compile(r"docs/[\w/-]+\.md")
INVARIANT = re.compile(r"^// (?:[A-Z]\d+ / )?([A-Z]\d+)(?: \([^)]*\))?(?:, [^:\n]+)?:", re.MULTILINE)
ROW = re.compile(r"^\| ([A-Z]\d+) \| `([^`]+)` \|", re.MULTILINE)
RULE_OR_ROW = re.compile(r"^(?:(\d+)\. |\| ([^|]*?) ?\|)")
COLUMN = re.compile(r"\| ([a-z]): ")
TIES = re.compile(r"// docs/cancellation\.md: (.*)")
TEST = re.compile(r"(?:TEST|TEST_F|TEST_P|ROW)\(")
LAST_SECTION = "## What would change our mind"


def quoted(root, file, region):
    """The lines that a quote of `file` consists of; a ValueError says what is wrong."""
    path = root / file
    if not path.is_file():
        raise ValueError(f"{file} does not exist")
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    if region:
        marks = [i for i, line in enumerate(lines) if line.strip() == f"//! [{region}]"]
        if len(marks) != 2:
            raise ValueError(f"{file} has {len(marks)} marks //! [{region}], not 2")
        lines = lines[marks[0] + 1 : marks[1]]
    return textwrap.dedent("".join(line for line in lines if not line.strip().startswith("//! [")))


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def quotes(root, page, text):
    for block in BLOCK.finditer(text):
        line = line_of(text, block.start())
        if not block["file"]:
            yield line, f"a {block['language']} block without a comment that names its file"
            continue
        try:
            if block["text"] != quoted(root, block["file"], block["region"]):
                yield line, f"not what is in {block['file']}; docs.py --write brings it up to date"
        except ValueError as wrong:
            yield line, str(wrong)


def links(root, page, text):
    for link in LINK.finditer(FENCED.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)):
        if not (page.parent / link[1]).exists():
            yield line_of(text, link.start()), f"the link to {link[1]} leads nowhere"


def records(root, page, text):
    if page.parent != root / "docs/decisions":
        return
    if not re.match(r"\d{3}-[a-z0-9-]+\.md$", page.name):
        yield 1, "a record is named NNN-title.md"
    elif len(list(page.parent.glob(page.name[:4] + "*"))) > 1:
        yield 1, f"the number {page.name[:3]} is used more than once"
    if not text.startswith("Status: "):
        yield 1, 'the first line of a record is "Status: ..."'
    sections = re.findall(r"^## .*$", text, re.MULTILINE)
    if not sections or sections[-1] != LAST_SECTION:
        yield text.count("\n"), f'the last section of a record is "{LAST_SECTION}"'


def citations(root):
    for folder in CODE_FOLDERS:
        for path in sorted((root / folder).rglob("*.[hc]pp")):
            for index, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
                for cited in CITED.findall(line):
                    if not (root / cited).is_file():
                        yield path, index + 1, f"{cited} does not exist"


def names(root):
    page = root / "docs/design.md"
    listed = set(ROW.findall(page.read_text(encoding="utf-8"))) if page.is_file() else set()
    defined = {
        (name, path.relative_to(root).as_posix())
        for folder in ("scheduler", "api")
        for path in (root / folder).rglob("*.hpp")
        for name in INVARIANT.findall(path.read_text(encoding="utf-8"))
    }
    for name, home in sorted(defined - listed):
        yield page, 1, f"the table of invariants lacks {name} of {home}"
    for name, home in sorted(listed - defined):
        yield page, 1, f"{home} has no invariant {name}"


def ties_of(text):
    """Yields the line, the name and the ids of each rule and each row of a table."""
    columns = None  # those of the table that the line is in
    for number, line in enumerate(text.splitlines(), 1):
        found = RULE_OR_ROW.match(line)
        if found and found[1]:
            yield number, "r" + found[1], ["r" + found[1]]
        elif found and columns is None:
            columns = COLUMN.findall(line)
        elif found and not found[2].startswith("-"):
            yield number, found[2], [found[2] + column for column in columns] or [found[2]]
        if not line.startswith("|"):
            columns = None


def cited_ties(root):
    """Yields path, line and ids of each citation, and whether a test is below it."""
    for path in sorted((root / "tests").rglob("*.cpp")):
        lines = path.read_text(encoding="utf-8").splitlines()
        for index, line in enumerate(lines):
            if cited := TIES.match(line):
                below = next((l for l in lines[index:] if not l.startswith("//")), "")
                yield path, index + 1, cited[1].split(), bool(TEST.match(below))


def ties(root):
    page = root / "docs/cancellation.md"
    known = {}
    for number, row, ids in ties_of(page.read_text(encoding="utf-8") if page.is_file() else ""):
        if not re.fullmatch(r"[a-z]\d+", row):
            yield page, number, "a row without an id in its first column"
        elif known.keys() & set(ids):
            yield page, number, f"the id {row} is used more than once"
        else:
            known.update(dict.fromkeys(ids, number))
    cited = set()
    for path, line, ids, above_a_test in cited_ties(root):
        for name in sorted(set(ids) - set(known)):
            yield path, line, f"docs/cancellation.md has no {name}"
        if not above_a_test:
            yield path, line, "a citation of docs/cancellation.md stands above a test"
        cited.update(ids)
    for name in sorted(set(known) - cited):
        yield page, known[name], f"no test cites {name}"


def pages_of(root):
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])


def findings(root):
    found = [
        (page, line, message)
        for page in pages_of(root)
        for rule in (quotes, links, records)
        for line, message in rule(root, page, page.read_text(encoding="utf-8"))
    ]
    found += [*citations(root), *ties(root), *names(root)]
    return [f"{path.relative_to(root)}:{line}: {message}" for path, line, message in found]


def write(root):
    def fresh(block):
        if not block["file"]:
            return block[0]
        text = quoted(root, block["file"], block["region"])
        fence = f"```{block['language']}\n"
        return block[0].replace(fence + block["text"], fence + text)

    for page in pages_of(root):
        text = page.read_text(encoding="utf-8")
        updated = BLOCK.sub(fresh, text)
        if updated != text:
            page.write_text(updated, encoding="utf-8")


def main():
    root = Path(sys.argv[-1]).resolve()
    if "--write" in sys.argv[1:-1]:
        write(root)
    found = findings(root)
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
