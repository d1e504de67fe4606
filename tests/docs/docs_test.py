#!/usr/bin/env python3
"""Each rule of docs.py passes what is right and finds what is wrong."""

import tempfile
import unittest
from pathlib import Path

import docs

EXAMPLE = "int before;\n//! [part]\n  int x;\n\n    int y;\n//! [part]\nint after;\n"
PART = "int x;\n\n  int y;\n"
RECORD = "Status: adopted\n\n# A title\n\n## What would change our mind\n\nA number.\n"


class DocsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.add("examples/a.cpp", EXAMPLE)

    def add(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def accepts(self, path, text):
        self.add(path, text)
        self.assertEqual(docs.findings(self.root), [])

    def finds(self, path, text, line, message):
        self.add(path, text)
        found = docs.findings(self.root)
        self.assertEqual(len(found), 1, found)
        self.assertRegex(found[0], f"^{path}:{line}: .*{message}")

    def test_quotes_are_what_is_in_the_file(self):
        self.accepts("README.md", f"<!-- examples/a.cpp#part -->\n```cpp\n{PART}```\n")
        self.accepts("README.md", f"<!-- examples/a.cpp#part -->\n\n```cpp\n{PART}```\n")
        self.accepts("README.md", "```sh\n./dev test\n```\n")
        self.add("examples/b.cpp", "int b;\n")
        self.accepts("docs/b.md", "<!-- examples/b.cpp -->\n```cpp\nint b;\n```\n")
        self.finds("docs/b.md", "\n<!-- examples/b.cpp -->\n```cpp\nint c;\n```\n", 2, "not what")

    def test_marks_are_no_part_of_a_quote(self):
        whole = "int before;\n  int x;\n\n    int y;\nint after;\n"
        self.accepts("README.md", f"<!-- examples/a.cpp -->\n```cpp\n{whole}```\n")

    def test_every_cpp_block_is_a_quote(self):
        self.finds("README.md", "Text.\n\n```cpp\nint x;\n```\n", 3, "names its file")

    def test_python_is_quoted_as_cpp_is(self):
        self.add("examples/b.py", "b = 1\n")
        self.accepts("docs/b.md", "<!-- examples/b.py -->\n```python\nb = 1\n```\n")
        self.finds("docs/b.md", "<!-- examples/b.py -->\n```python\nb = 2\n```\n", 1, "not what")
        self.finds("docs/b.md", "```python\nb = 1\n```\n", 1, "a python block")

    def test_quotes_name_something_that_exists(self):
        block = "```cpp\nint x;\n```\n"
        self.finds("README.md", f"<!-- examples/no.cpp -->\n{block}", 1, "does not exist")
        self.finds("README.md", f"<!-- examples/a.cpp#no -->\n{block}", 1, "0 marks")

    def test_write_brings_quotes_up_to_date(self):
        self.add("README.md", "A\n<!-- examples/a.cpp#part -->\n```cpp\nold\n```\nB\n")
        docs.write(self.root)
        self.assertEqual(docs.findings(self.root), [])
        self.assertTrue((self.root / "README.md").read_text().endswith("int y;\n```\nB\n"))

    def test_links_lead_somewhere(self):
        self.accepts("docs/a.md", "[a](../examples/a.cpp) [b](https://example.org/x) [c](#c)\n")
        self.accepts("docs/a.md", "```text\n[a](no.md)\n```\n")
        self.finds("docs/a.md", "\n[a](no.md#x)\n", 2, "no.md leads nowhere")

    def test_records_have_their_form(self):
        self.accepts("docs/decisions/001-a-title.md", RECORD)
        self.finds("docs/decisions/002-b.md", "# B\n" + RECORD, 1, "first line")
        self.accepts("docs/decisions/002-b.md", RECORD)
        self.finds("docs/decisions/002-b.md", RECORD + "\n## More\n", 9, "last section")

    def test_record_numbers_are_used_once(self):
        self.add("docs/decisions/001-a.md", RECORD)
        self.add("docs/decisions/001-b.md", RECORD)
        self.assertEqual(len(docs.findings(self.root)), 2)

    def test_cited_records_exist(self):
        self.add("docs/decisions/001-a.md", RECORD)
        self.accepts("scheduler/a.hpp", "// docs/decisions/001-a.md\n")
        self.finds("api/silk/a.hpp", "\n// docs/decisions/002-b.md\n", 2, "does not exist")

    def test_ties_are_cited_by_tests(self):
        page = "docs/cancellation.md"
        rows = "| | await | a: now | b: later |\n|---|---|---|---|\n| w1 | `x` | c | d |\n"
        rules = "1. A rule.\n   More.\n\n| | who | wins |\n|---|---|---|\n| k1 | x | y |\n\n"
        self.add("tests/a_test.cpp", "// docs/cancellation.md: r1 k1 w1b\nTEST(a, b) {\n")
        self.finds(page, rules + rows, 10, "no test cites w1a")
        self.add("tests/b_test.cpp", "// docs/cancellation.md: w1a\n// More.\nROW(a, c) {\n")
        self.accepts(page, rules + rows)
        self.finds(page, rules + rows + "| | `y` | c | d |\n", 11, "without an id")

    def test_ties_that_are_cited_exist(self):
        self.add("docs/cancellation.md", "1. A rule.\n")
        self.add("tests/a_test.cpp", "// docs/cancellation.md: r1\nTEST_F(a, b) {\n")
        wrong = "\n// docs/cancellation.md: r1 r2\nTEST_P(a, b) {\n"
        self.finds("tests/b_test.cpp", wrong, 2, "has no r2")
        self.finds("tests/b_test.cpp", "// docs/cancellation.md: r1\n\nint x;\n", 1, "above a test")

    def test_ties_have_one_id_each(self):
        self.add("tests/a_test.cpp", "// docs/cancellation.md: k1\nTEST(a, b) {\n")
        rows = "| | who |\n|---|---|\n| k1 | x |\n| k1 | y |\n"
        self.finds("docs/cancellation.md", rows, 4, "more than once")

    def test_design_lists_every_invariant_with_its_home(self):
        self.add("scheduler/a.hpp", "// I1: x\n// I2 (short), a part: y\n// I3 / F1: z\n")
        rows = "| I1 | `scheduler/a.hpp` | x |\n| I2 | `scheduler/a.hpp` | y |\n"
        self.finds("docs/design.md", rows, 1, "lacks F1 of scheduler/a.hpp")
        self.accepts("docs/design.md", rows + "| F1 | `scheduler/a.hpp` | z |\n")
        more = "| F1 | `scheduler/a.hpp` | z |\n| F2 | `scheduler/a.hpp` | w |\n"
        self.finds("docs/design.md", rows + more, 1, "a.hpp has no invariant F2")


if __name__ == "__main__":
    unittest.main()
