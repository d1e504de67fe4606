#!/usr/bin/env python3
"""Doxygen's filter: a header as users see it, line for line. Usage: public.py HEADER.

Blank are the namespaces `detail` but for documented classes in them, private and protected members, friends, moves, and functions that
are deleted or defaulted: they need no documentation. What a verb promises becomes a list, and what is
indented in a comment becomes code, as Doxygen wants them.
"""

import re
import sys
from pathlib import Path

DETAIL = re.compile(r"^namespace detail \{\n(.*?)^\}  // namespace detail$", re.MULTILINE | re.DOTALL)
# A base of public classes.
DOCUMENTED = re.compile(r"^///[^\n]*\n(?:///[^\n]*\n)*template [^;{]*\{\n.*?^\};\n", re.MULTILINE | re.DOTALL)
# From the label to that of the next section, or to the end of the class.
HIDDEN = re.compile(
    r"^(?P<outer> *) (?:private|protected):\n.*?(?=^(?P=outer) public:\n|^(?P=outer)\};\n)",
    re.MULTILINE | re.DOTALL,
)
UNUSABLE = re.compile(
    r"^ *(?:template <[^;{}]*?)?[\w ~:<>,]*\([^;{}]*\)[^;{}()]*= (?:delete|default);[^\n]*$", re.MULTILINE
)
MOVE = re.compile(
    r"^( +)(?:(\w+)\(\2&& \w+\)|(\w+)& operator=\(\3&& \w+\))[^\n]*(?:[;}]|\{\n.*?^\1\})\n",
    re.MULTILINE | re.DOTALL,
)
FRIEND = re.compile(r"^ *friend [^;{]*;$", re.MULTILINE)
SPECIALISED = re.compile(r"^template <>\n.*$|^ *using [\w:<>, ]*::\w+;$", re.MULTILINE)
PROMISE = re.compile(
    r"^( *///) (Starts|Finishes|Fails|Cancelled|Threads|Lifetime) +(?=\S)", re.MULTILINE
)
SAMPLE = re.compile(r"(?<=///\n)(?: *///   +\S[^\n]*\n)+", re.MULTILINE)


def blank(match):
    return "\n" * match[0].count("\n")


def documented_only(match):
    kept, end = [], 0
    for each in DOCUMENTED.finditer(match[1]):
        kept += ["\n" * match[1].count("\n", end, each.start()), each[0]]
        end = each.end()
    if not kept:
        return blank(match)
    rest = "\n" * match[1].count("\n", end)
    return "".join(["namespace detail {\n", *kept, rest, "}  // namespace detail"])


def public(text):
    text = DETAIL.sub(documented_only, text)
    for hidden in (HIDDEN, UNUSABLE, MOVE, FRIEND, SPECIALISED):
        text = hidden.sub(blank, text)
    text = SAMPLE.sub(lambda sample: sample[0].replace("///", "///    "), text)
    return PROMISE.sub(r"\1 - **\2** ", text)


if __name__ == "__main__":
    sys.stdout.write(public(Path(sys.argv[1]).read_text(encoding="utf-8")))
