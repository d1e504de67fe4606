#!/usr/bin/env python3
"""Tests of benchmarks/bench.py: rows, tables, the report, and what is said of wrong arguments."""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import bench
import host
import report
import rows


def run(seconds, workers=2, **more):
    """What a program prints."""
    return {
        "variant": "39",
        "workers": workers,
        "operations": 1_000,
        "seconds": seconds,
        "cpu_s": 0.5,
        "allocations_per_operation": 2.0,
        "bytes_per_operation": 100.0,
        "max_rss_kib": 2_048,
        **more,
    }


def row(runtime, seconds, compiler="gcc", **more):
    return rows.row_of("fib", runtime, compiler, [run([seconds], **more)])


class Row(unittest.TestCase):
    def test_has_the_median_of_all_repetitions_of_all_rounds(self):
        made = rows.row_of("fib", "onetbb", "gcc", [run([3.0, 1.0]), run([2.0]), run([9.0, 8.0])])
        self.assertEqual((made["median_s"], made["min_s"], made["max_s"]), (3.0, 1.0, 9.0))
        self.assertEqual((made["samples"], made["ns_per_op"]), (5, 3e6))

    def test_has_the_largest_peak_of_memory(self):
        made = rows.row_of("fib", "onetbb", "gcc", [run([1.0]), run([1.0], max_rss_kib=4_096)])
        self.assertEqual(made["max_rss_kib"], 4_096)

    def test_has_what_the_workers_did_where_a_runtime_tells(self):
        made = rows.row_of("fib", "silk_gather", "gcc", [run([1.0], steals=2.0, parks=n) for n in (1.0, 9.0, 4.0)])
        self.assertEqual((made["steals"], made["parks"]), (2.0, 4.0))
        self.assertNotIn("steals", row("onetbb", 1.0))

    def test_adds_up_the_histograms_of_its_rounds(self):
        runs = [run([1.0], late_us=[[1, 2], [8, 1]]), run([1.0], late_us=[[4, 1], [8, 3]])]
        made = rows.row_of("lateness", "silk_sleep", "gcc", runs)
        self.assertEqual(made["late_us"], [[1, 2], [4, 1], [8, 4]])


class Rounds(unittest.TestCase):
    def test_a_program_that_takes_long_runs_in_the_first_only(self):
        clock = [0.0]

        def process(name, *_):
            clock[0] += {"quick": 1.0, "slow": bench.LONG_S + 1}[name]
            return run([1.0])

        programs = [bench.Program("fib", name, "gcc", (name,)) for name in ("quick", "slow")]
        wish = bench.parse(["fib", "--rounds", "3"])
        with mock.patch.multiple(bench, output_of=process, time=mock.Mock(monotonic=lambda: clock[0])):
            quick, slow = bench.measure(programs, 2, wish, mock.Mock())
        self.assertEqual((quick["samples"], slow["samples"]), (3, 1))


class Quantile(unittest.TestCase):
    HISTOGRAM = [[1, 50], [10, 49], [100, 1]]

    def test_is_a_bound_that_the_share_is_not_above(self):
        found = [rows.quantile(self.HISTOGRAM, share) for share in (0.5, 0.51, 0.99, 1)]
        self.assertEqual(found, [1, 10, 10, 100])


class Ratio(unittest.TestCase):
    def test_is_told_of_onetbb_by_the_same_compiler(self):
        group = [row("silk_gather", 1.0), row("onetbb", 4.0), row("onetbb", 2.0, "clang")]
        self.assertEqual(rows.ratio_to_reference(group[0], group), 0.25)

    def test_is_not_told_without_onetbb(self):
        group = [row("silk_gather", 1.0)]
        self.assertIsNone(rows.ratio_to_reference(group[0], group))

    def test_to_the_best_leaves_out_what_is_no_runtime(self):
        group = [row("silk_gather", 2.0), row("openmp", 6.0), row("calls", 0.5)]
        self.assertEqual(rows.ratio_to_best(group[1], group), 3.0)


class Table(unittest.TestCase):
    def test_begins_with_the_fastest(self):
        group = [row("openmp", 6.0), row("silk_gather", 2.0)]
        names = [line[0] for line in rows.cells(group)]
        self.assertEqual(names, ["runtime", "silk_gather", "openmp"])

    def test_tells_lateness_only_where_all_have_it(self):
        late = [row("silk_sleep", 1.0, late_us=[[5, 1]])]
        self.assertIn("late us p50", rows.cells(late)[0])
        self.assertNotIn("late us p50", rows.cells([*late, row("std_async", 1.0)])[0])

    def test_tells_ratios_to_onetbb_only_where_it_takes_part(self):
        self.assertIn("x oneTBB", rows.cells([row("silk_gather", 1.0), row("onetbb", 1.0)])[0])
        self.assertNotIn("x oneTBB", rows.cells([row("silk_gather", 1.0)])[0])

    def test_keeps_apart_what_cannot_be_compared(self):
        made = [row("silk_gather", 1.0), row("silk_gather", 2.0, workers=1)]
        self.assertEqual(list(rows.groups(made)), [("fib", "39", 2), ("fib", "39", 1)])

    def test_tells_times_with_three_digits(self):
        times = [rows.time_text(each) for each in (12.34, 1.234, 0.1234, 0.00001234, 1e-9)]
        self.assertEqual(times, ["12.3 s", "1.23 s", "123 ms", "12.3 us", "1.00 ns"])


class Arguments(unittest.TestCase):
    def refused(self, *arguments):
        """What is said of arguments that are wrong, after a check that it is one line and status 2."""
        said = io.StringIO()
        with contextlib.redirect_stderr(said), self.assertRaises(SystemExit) as end:
            bench.parse(arguments)
        self.assertEqual(end.exception.code, 2)
        self.assertEqual(said.getvalue().count("\n"), 1)
        return said.getvalue()

    def test_that_are_wrong_are_told_what_is_accepted(self):
        self.assertIn("fib", self.refused("fibonacci"))
        self.assertIn("1 to 4096", self.refused("--workers", "0,1"))
        self.assertIn("1,2", self.refused("--workers", "many"))
        self.assertIn("'both'", self.refused("--compiler", "icc"))
        self.assertIn("--bogus", self.refused("--bogus"))
        self.assertIn("1 to 4096", self.refused("--rounds", "0"))

    def test_choose_what_is_built(self):
        wish = bench.parse(["fib", "yield", "--compiler", "both"])
        both = ["release bench_fib bench_yield", "clang bench_fib bench_yield"]
        self.assertEqual(bench.plan(wish), both)
        self.assertEqual(bench.plan(bench.parse([])), ["release benchmarks"])

    def test_may_list_numbers_of_workers(self):
        self.assertEqual(bench.parse(["--workers", "1,2,8"]).workers, [1, 2, 8])


class Failing(unittest.TestCase):
    def script(self, text):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "program"
        path.write_text("#!/bin/sh\n" + text, encoding="utf-8")
        os.chmod(path, 0o755)
        return path

    def test_ends_the_run_with_what_the_program_said(self):
        with self.assertRaisesRegex(bench.Failure, "wrong answer"):
            bench.output_of(self.script("echo wrong answer >&2; exit 1"))

    def test_is_also_to_crash(self):
        with self.assertRaisesRegex(bench.Failure, "-6"):
            bench.output_of(self.script("kill -ABRT $$"))

    def test_is_not_to_print_rows(self):
        self.assertEqual(bench.output_of(self.script('echo "[1]"')), [1])


class Report(unittest.TestCase):
    def setUp(self):
        watch = host.Watch()
        watch.look()
        late = [[1.0, 90], [200.0, 10]]
        self.recorded = {
            "host": watch.report(),
            "quick": True,
            "peers": {},
            "rows": [
                row("silk_gather", 1.0, late_us=late),
                row("<odd>", 2.0, late_us=late),
                row("silk_gather", 2.0, workers=1, late_us=late),
            ],
        }

    def test_has_each_row_and_the_noise_of_the_machine(self):
        page = report.page(self.recorded)
        self.assertIn("<td>silk_gather</td>", page)
        self.assertIn("&lt;odd&gt;", page)
        self.assertIn("a fixed loop took", page)

    def test_has_plots_where_matplotlib_is_installed(self):
        page = report.page(self.recorded)
        plots = 0 if report.plots is None else 5  # bars and lateness for 2 and for 1 worker; scaling
        self.assertEqual(page.count("<svg"), plots)

    @unittest.skipIf(report.plots is None, "matplotlib is not installed")
    def test_has_an_overview_with_the_most_workers_and_one_compiler(self):
        by_another = row("by_another", 3.0, compiler="clang")
        picture = report.plots.overview([*self.recorded["rows"], by_another])
        self.assertEqual(picture.count("fib 39, 2 workers"), 1)
        self.assertNotIn("1 worker", picture)
        self.assertNotIn("by_another", picture)


class Problems(unittest.TestCase):
    def test_each_have_a_program_of_silk(self):
        for problem in bench.known_problems():
            self.assertTrue(list((BENCHMARKS / problem).glob("silk_*.cpp")), problem)

    def test_help_lists_them(self):
        command = [sys.executable, "-B", str(BENCHMARKS / "bench.py"), "--help"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for problem in bench.known_problems():
            self.assertIn(problem, said)


if __name__ == "__main__":
    unittest.main()
