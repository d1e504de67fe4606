#!/usr/bin/env python3
"""Tests of the peers in other languages: who takes part, what they are told, what is made of their rows."""

import contextlib
import dataclasses
import importlib.util
import io
import json
import sys
import unittest
from pathlib import Path
from unittest import mock

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import bench
import host
import peers
import report
import rows

PAIR = {"variant": "1_pair", "operations": 9, "answer": 18, "pairs": 1, "rounds": 9}
# Sizes for the programs in Python: small ones of each problem.
TINY = {
    "channel": "pairs=2,rounds=3,answer=12",
    "hand_off": "pairs=2,rounds=3,answer=12",
    "lateness": "sleepers=3,turns=2,busy_per_worker=1,busy_us=50,answer=6",
    "sleepers": "tasks=3,at_least_ms=1,answer=3",
    "spawn_join": "at_once=1,tasks=4,answer=6",
    "spider": "sites=2,pages=3,delay_ms=1,answer=6",
    "timeout": "tasks=2,turns=3,limit_s=30,answer=6",
    "wake_up": "calls=2,idle_us=100,answer=2",
    "yield": "tasks=2,turns=3,answer=6",
}


def named(name):
    return next(peer for peer in peers.PEERS if peer.name == name)


def row(runtime, seconds, compiler, **more):
    printed = {
        "variant": "39",
        "workers": 2,
        "operations": 1_000,
        "seconds": [seconds],
        "cpu_s": 0.5,
        "allocations_per_operation": None,
        "bytes_per_operation": 100.0,
        "max_rss_kib": 2_048,
        **more,
    }
    return rows.row_of("fib", runtime, compiler, [printed])


class Sources(unittest.TestCase):
    def files(self):
        for peer in peers.PEERS:
            for file in sorted((peers.SOURCES / peer.folder).glob(f"*{peer.suffix}")):
                yield peer, file

    def test_are_each_of_a_problem_that_main_knows(self):
        helpers = {"main", "session", "histogram", "harness", "sha1"}
        for peer, file in self.files():
            if file.stem in helpers:
                continue
            self.assertIn(file.stem, bench.known_problems(), file)
            main = file.with_name(f"main{peer.suffix}")
            if main.exists():
                self.assertIn(f'"{file.stem}"', main.read_text(encoding="utf-8"), file)

    def test_are_no_longer_than_those_in_cpp_may_be(self):
        for _, file in self.files():
            self.assertLessEqual(len(file.read_text(encoding="utf-8").splitlines()), 500, file)


class TakingPart(unittest.TestCase):
    def names(self, *arguments):
        return [peer.name for peer in bench.peers_of(bench.parse(arguments))]

    def test_is_asked_for(self):
        self.assertEqual(self.names("channel"), [])
        self.assertEqual(self.names("channel", "--peers"), ["tokio", "go", "asyncio", "uvloop"])
        self.assertEqual(self.names("fib", "--peers"), ["rayon"])
        self.assertEqual(self.names("--peers"), [peer.name for peer in peers.PEERS])

    def test_names_the_packages_to_install(self):
        planned = bench.plan(bench.parse(["fib", "--peers"]))
        self.assertEqual(planned, ["release bench_fib", "peer rayon rustc cargo librust-rayon-dev"])

    def test_needs_the_packages(self):
        lost = dataclasses.replace(named("uvloop"), needs={"python3": "/", "python3-gone": "/gone/*"})
        said = io.StringIO()
        with mock.patch.object(peers, "PEERS", [lost]), contextlib.redirect_stdout(said):
            self.assertEqual(bench.ready_peers(bench.parse(["channel", "--peers"])), [])
        self.assertEqual(said.getvalue(), "left out, since not installed: uvloop (python3-gone)\n\n")

    def test_ends_the_run_when_the_packages_are_there_and_the_peer_is_not_built(self):
        broken = dataclasses.replace(named("go"), needs={})
        failure = peers.BuildFailure("no such thing")
        with mock.patch.object(peers, "PEERS", [broken]), mock.patch.object(
            peers.Go, "build", side_effect=failure
        ), self.assertRaisesRegex(bench.Failure, "no such thing"):
            bench.ready_peers(bench.parse(["channel", "--peers"]))


class Commands(unittest.TestCase):
    def made(self, variants):
        """The commands for a problem whose program in C++ tells of these variants."""
        told = f"echo '{json.dumps(variants)}' #"
        programs = [bench.Program("channel", "silk_queue", "gcc", ("/bin/sh", "-c", told))]
        wish = bench.parse(["channel", "--quick"])
        ready = [named("go"), named("rayon")]
        return dict(bench.commands_of("channel", programs, ready, wish))

    def test_tell_peers_the_sizes_that_the_program_in_cpp_knows(self):
        of_cpp, of_go = self.made([PAIR])["1_pair"]
        self.assertEqual(of_cpp.command[-4:], ("--size", "quick", "--variant", "1_pair"))
        sizes = "operations=9,answer=18,pairs=1,rounds=9"
        told = ("--variant", "1_pair", "--warm-up", sizes, "--sizes", sizes)
        self.assertEqual((of_go.runtime, of_go.command[1:]), ("go", ("channel", *told)))

    def test_let_peers_warm_up_with_the_first_variant(self):
        made = self.made([PAIR, {**PAIR, "variant": "100_pairs", "pairs": 100}])
        self.assertIn("pairs=1,", made["100_pairs"][1].command[5])
        self.assertIn("pairs=100,", made["100_pairs"][1].command[7])

    def test_leave_peers_out_where_time_is_virtual(self):
        made = self.made([{**PAIR, "virtual_time": 1}])
        self.assertEqual([each.runtime for each in made["1_pair"]], ["silk_queue"])


@unittest.skipIf(named("asyncio").missing(), "Debian's python3 is not installed")
class Python(unittest.TestCase):
    def run_tiny(self, problem, sizes):
        told = ["--variant", "tiny", "--warm-up", sizes, "--sizes", sizes]
        return bench.output_of(*named("asyncio").command(problem), *told, "--repetitions", 2)

    def test_gives_rows_of_right_answers(self):
        for problem, sizes in TINY.items():
            printed = self.run_tiny(problem, f"operations=6,{sizes}")
            made = rows.row_of(problem, "asyncio", "python", [printed])
            self.assertEqual((made["samples"], made["operations"]), (2, 6), problem)
            self.assertGreater(made["max_rss_kib"], 0)
            late = {"lateness", "sleepers", "spider", "wake_up"}
            self.assertEqual("late_us" in made, problem in late, problem)

    def test_takes_part_in_these_only(self):
        taking_part = [each for each in bench.known_problems() if named("asyncio").takes_part_in(each)]
        self.assertEqual(taking_part, sorted(TINY))

    def test_ends_the_run_when_the_answer_is_wrong(self):
        with self.assertRaisesRegex(bench.Failure, "wrong answer"):
            self.run_tiny("yield", "operations=6,tasks=2,turns=3,answer=7")


class Histogram(unittest.TestCase):
    def test_of_python_has_the_buckets_of_cpp(self):
        spec = importlib.util.spec_from_file_location("harness", peers.SOURCES / "python/harness.py")
        harness = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(harness)
        late = harness.Histogram()
        for ns in (-1, 0, 7, 8, 15, 16, 17, 1_000_000):
            late.add(10, 10 + ns)
        upper_ns = [0, 7, 8, 15, 17, 1_048_575]  # as histogram::upper_ns has them
        self.assertEqual([upper * 1e3 for upper, _ in late.told()], upper_ns)
        self.assertEqual((late.count, late.early, late.total_ns), (8, 1, 1_000_063))


class Row(unittest.TestCase):
    def test_has_no_allocations_where_nobody_counts_them(self):
        made = row("asyncio", 1.0, "python")
        self.assertIsNone(made["allocs_per_op"])
        self.assertNotIn("allocs/op", rows.cells([made])[0])

    def test_tells_how_many_were_early(self):
        made = row("uvloop", 1.0, "python", late_us=[[1.0, 2]], early=1)
        self.assertEqual(made["early"], 1)
        self.assertIn("early", rows.cells([made])[0])
        self.assertNotIn("early", rows.cells([row("go", 1.0, "go", late_us=[[1.0, 2]])])[0])

    def test_has_a_ratio_to_the_first_onetbb(self):
        group = [row("onetbb", 4.0, "gcc"), row("onetbb", 2.0, "clang"), row("rayon", 1.0, "rustc")]
        self.assertEqual(rows.ratio_to_reference(group[2], group), 0.25)
        self.assertIsNone(rows.ratio_to_reference(group[2], group[2:]))


class Report(unittest.TestCase):
    def test_tells_what_the_peers_are_made_of(self):
        watch = host.Watch()
        watch.look()
        recorded = {
            "host": watch.report(),
            "quick": True,
            "peers": {"rayon": "librust-rayon-dev 1.6.1-1"},
            "rows": [row("rayon", 1.0, "rustc"), row("silk_gather", 1.0, "gcc")],
        }
        self.assertIn("<p>rayon: librust-rayon-dev 1.6.1-1.</p>", report.page(recorded))

    @unittest.skipIf(report.plots is None, "matplotlib is not installed")
    def test_names_the_compiler_in_plots_only_where_two_compile_cpp(self):
        group = [row("silk_gather", 1.0, "gcc"), row("rayon", 1.0, "rustc")]
        plot = "".join(report.plots.of_problem(group))
        self.assertNotIn("gcc", plot)
        self.assertIn("rayon", plot)
        both = [*group, row("silk_gather", 1.0, "clang")]
        plot = "".join(report.plots.of_problem(both))
        self.assertIn("silk_gather, gcc", plot)
        self.assertNotIn("rayon, rustc", plot)


if __name__ == "__main__":
    unittest.main()
