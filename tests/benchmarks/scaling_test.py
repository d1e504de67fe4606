#!/usr/bin/env python3
"""Tests of benchmarks/scaling/model.py: what must hold of a simulation whatever the machine."""

import contextlib
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS / "scaling"))

import model

FREE = dict.fromkeys(
    ("line_ns", "steal_ns", "fence_ns", "interrupt_ns", "alone_ns", "wake_call_ns", "wake_ns"), 0
)
DEAR = dict(FREE, line_ns=40, steal_ns=150, fence_ns=2_000, interrupt_ns=500, alone_ns=350, wake_call_ns=2_000, wake_ns=9_000)
SECOND = 1e9


def run(problem, workers, costs, total_ns=SECOND, operations=50_000_000):
    return model.simulate(problem, total_ns, operations, workers, costs, seed=1)


class Simulation(unittest.TestCase):
    def test_one_worker_takes_what_was_measured(self):
        for problem in model.SHAPES:
            done = run(problem, 1, DEAR)
            self.assertAlmostEqual(done.end / SECOND, 1, places=6, msg=problem)
            self.assertEqual(done.counts["steals"], 0)

    def test_all_work_is_done_once_however_many_do_it(self):
        for problem in model.SHAPES:
            for workers in (2, 7, 64):
                done = run(problem, workers, DEAR)
                self.assertAlmostEqual(done.spent["work"] / SECOND, 1, places=6, msg=problem)

    def test_a_machine_that_costs_nothing_scales(self):
        model.PAUSE_NS, pause = 1, model.PAUSE_NS
        self.addCleanup(setattr, model, "PAUSE_NS", pause)
        model.FENCED_POP_NS, fenced = 0, model.FENCED_POP_NS
        self.addCleanup(setattr, model, "FENCED_POP_NS", fenced)
        for workers in (2, 8, 32):
            self.assertGreater(SECOND / run("fib", workers, FREE).end, 0.98 * workers)

    def test_what_is_dear_makes_it_slower(self):
        for name in ("interrupt_ns", "fence_ns", "wake_ns"):
            dearer = dict(DEAR, **{name: 100 * DEAR[name]})
            self.assertGreater(run("fib", 32, dearer).end, run("fib", 32, DEAR).end, name)

    def test_the_time_of_all_workers_is_accounted_for(self):
        for problem in ("fib", "uts"):
            for workers in (2, 16):
                done = run(problem, workers, DEAR)
                share = sum(done.spent.values()) / (done.end * workers)
                self.assertAlmostEqual(share, 1, delta=0.02, msg=(problem, workers))

    def test_the_same_seed_is_the_same_run(self):
        first, second = (run("uts", 16, DEAR) for _ in range(2))
        self.assertEqual((first.end, first.counts), (second.end, second.counts))


class Program(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.machine = Path(folder.name, "machine.json")
        self.machine.write_text(json.dumps(DEAR), encoding="utf-8")
        self.bench = Path(folder.name, "bench.json")
        row = {"problem": "fib", "variant": "39", "runtime": "silk_gather", "compiler": "gcc", "workers": 1,
               "median_s": 1.0, "operations": 50_000_000}
        rows = [row, dict(row, workers=2), dict(row, runtime="onetbb"), dict(row, problem="yield")]
        self.bench.write_text(json.dumps({"rows": rows}), encoding="utf-8")

    def test_prints_a_table_for_each_problem_that_it_knows(self):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            model.main([str(self.machine), str(self.bench), "--workers", "1,4"])
        lines = printed.getvalue().splitlines()
        self.assertEqual(lines[0], "fib 39, gcc: 1.000 s, 20.0 ns an operation")
        self.assertEqual([line.split()[0] for line in lines[2:4]], ["1", "4"])
        self.assertEqual(len(lines), 5)

    def test_a_cost_that_does_not_exist_is_refused(self):
        for change in ("magic=1", "line_ns=dear", "line_ns"):
            with self.assertRaisesRegex(SystemExit, f"'{change}' is not NAME=NS; names are line_ns, "):
                model.main([str(self.machine), str(self.bench), "--set", change])

    def test_says_what_it_accepts(self):
        for wrong, says in ((["--workers", "0"], "numbers from 1 to 4096"), (["none.json"], "is no file with JSON")):
            with contextlib.redirect_stderr(io.StringIO()) as told, self.assertRaises(SystemExit):
                model.main([str(self.machine), *wrong, str(self.bench)])
            self.assertIn(says, told.getvalue())
            self.assertEqual(told.getvalue().count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
