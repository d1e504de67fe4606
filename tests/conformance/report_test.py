#!/usr/bin/env python3
"""report.py counts what is proven and finds what has been lost."""

import tempfile
import unittest
from pathlib import Path

import report


class ReportTest(unittest.TestCase):
    def judge(self, passed, failed=(), missing="", deviations=""):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "asyncio.tsv").write_text(
                "id\tarea\nlock.a\tlock\nlock.b\tlock\nqueue.c\tqueue\n", encoding="utf-8"
            )
            (folder / "deviations.tsv").write_text(
                "id\treason\ttest\n" + deviations, encoding="utf-8"
            )
            (folder / "missing.txt").write_text(missing, encoding="utf-8")
            return report.judge(set(passed), set(failed), folder)

    def test_all_proven(self):
        lines, good = self.judge({"lock.a", "lock.b", "queue.c", "lock.more"})
        self.assertEqual(lines, ["3 of 3 rows proven, 0 of them as deviations"])
        self.assertTrue(good)

    def test_what_is_known_to_be_missing_is_listed(self):
        lines, good = self.judge({"lock.a"}, missing="lock.b\nqueue.c\n")
        self.assertEqual(lines[1:], ["missing in lock (1): b", "missing in queue (1): c"])
        self.assertTrue(good)

    def test_a_lost_proof_is_a_fault(self):
        lines, good = self.judge({"lock.a", "lock.b"})
        self.assertIn("queue.c is no longer proven", lines)
        self.assertFalse(good)

    def test_a_failing_test_is_a_fault(self):
        lines, good = self.judge({"lock.a", "lock.b", "queue.c"}, failed={"lock.more"})
        self.assertIn("lock.more fails", lines)
        self.assertFalse(good)

    def test_a_new_proof_must_be_recorded(self):
        lines, good = self.judge({"lock.a", "lock.b", "queue.c"}, missing="lock.a")
        self.assertIn("lock.a is proven now: take it out of missing.txt", lines)
        self.assertFalse(good)

    def test_a_deviation_counts_if_its_test_passes(self):
        table = "lock.b\tC++\tlock.instead\n"
        lines, good = self.judge({"lock.a", "lock.instead", "queue.c"}, deviations=table)
        self.assertEqual(lines[0], "3 of 3 rows proven, 1 of them as deviations")
        self.assertTrue(good)
        lines, good = self.judge({"lock.a", "lock.b", "queue.c"}, deviations=table)
        self.assertIn("lock.b is no longer proven", lines)

    def test_an_id_that_is_no_row_is_a_fault(self):
        lines, good = self.judge({"lock.a", "lock.b", "queue.c"}, missing="lock.z")
        self.assertIn("lock.z is in a table, but it is no row of asyncio.tsv", lines)
        self.assertFalse(good)


if __name__ == "__main__":
    unittest.main()
