#!/usr/bin/env python3
"""Each rule of lint.py passes what is right and finds what is wrong."""

import tempfile
import unittest
from pathlib import Path

import lint


def findings(files):
    """What lint says about a tree of {path: text}."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        return lint.findings(root)


BOTH_ENDS = "// E:slot out\n// E:slot in\n"


class LintTest(unittest.TestCase):
    def accepts(self, path, text):
        self.assertEqual(findings({path: text}), [])

    def finds(self, path, text, line, message):
        found = findings({path: text})
        self.assertEqual(len(found), 1, found)
        self.assertRegex(found[0], f"^{path}:{line}: .*{message}")

    def test_primitives_live_in_sync(self):
        self.accepts("scheduler/sync.hpp", "#include <mutex>\nusing mutex = std::mutex;\n")
        self.accepts("scheduler/sync_futex.cpp", "call(SYS_futex, FUTEX_WAIT);\n")
        self.accepts("scheduler/idle.hpp", "sync::mutex m;  // not std::mutex\n")
        self.accepts("scheduler/idle.hpp", "/* std::atomic\n   std::thread */ int x;\n")
        self.accepts("api/silk/run.hpp", 'const char* text = "std::thread";\n')
        self.accepts("examples/spider.cpp", "std::thread t;\n")
        self.finds("scheduler/idle.hpp", "\nstd::atomic<int> x;\n", 2, "std::atomic")
        self.finds("api/silk/run.hpp", "std::shared_mutex m;\n", 1, "std::shared_mutex")
        self.finds("scheduler/idle.cpp", "int n = 1'000; std::jthread t;\n", 1, "std::jthread")
        self.finds("scheduler/idle.cpp", "call(SYS_futex);\n", 1, "SYS_futex")
        self.finds("api/silk/run.hpp", "#include <atomic>\n", 1, "<atomic>")

    def test_the_layers_meet_at_one_seam(self):
        self.accepts("api/silk/detail/engine.hpp", '#include "../../../scheduler/pool.hpp"\n')
        self.accepts("scheduler/pool.hpp", '#include "idle.hpp"\n')
        self.finds("api/silk/run.hpp", '#include "../../scheduler/pool.hpp"\n', 1, "outside")
        self.finds("scheduler/pool.hpp", "#include <silk/run.hpp>\n", 1, "silk/run.hpp")
        self.finds("scheduler/pool.hpp", '#include "../api/silk/run.hpp"\n', 1, "of the api")

    def test_memory_orders_have_reasons(self):
        acquire = "x.load(memory_order_acquire);"
        self.accepts("scheduler/a.hpp", f"// E:slot out\n{acquire}  // E:slot in\n")
        self.accepts("scheduler/a.hpp", f"{BOTH_ENDS}\n{acquire}\n")
        self.accepts("scheduler/a.hpp", "x.load(memory_order_relaxed);  // relaxed: own slot\n")
        self.accepts("scheduler/sync.hpp", "using std::memory_order_seq_cst;\n")
        self.finds("scheduler/a.hpp", f"{BOTH_ENDS}\n\n\n{acquire}\n", 6, "names the edge")
        self.finds("api/silk/a.hpp", "f(std::memory_order::seq_cst);\n", 1, "names the edge")
        self.finds("scheduler/a.hpp", f"{acquire}  // an acquire\n", 1, "names the edge")
        self.finds("scheduler/a.hpp", "x.load(memory_order_relaxed);\n", 1, "relaxed")
        both_orders = "cas(memory_order_acq_rel, memory_order_relaxed);\n"
        self.finds("scheduler/a.hpp", BOTH_ENDS + both_orders, 3, "relaxed")

    def test_edges_have_two_ends(self):
        self.accepts("scheduler/a.hpp", "// E:fence in/out, pairs with itself\n")
        self.assertEqual(
            findings({"scheduler/a.hpp": "// E:job out\n", "api/silk/a.hpp": "// E:job in\n"}), []
        )
        self.finds("scheduler/a.hpp", "\n// E:job out\n", 2, 'E:job has no "in" end')
        self.finds("scheduler/a.hpp", "// E:job in\n", 1, 'E:job has no "out" end')

    def test_files_are_readable_in_one_sitting(self):
        self.accepts("tests/unit/a_test.cpp", "\n" * 500)
        self.finds("tests/unit/a_test.cpp", "\n" * 501, 501, "501 lines")

    def test_tests_do_not_sleep(self):
        self.accepts("tests/stress/a_test.cpp", "std::this_thread::sleep_for(1ms);\n")
        self.accepts("tests/unit/a_test.cpp", "co_await silk::sleep_until(t);\n")
        self.finds("tests/unit/a_test.cpp", "std::this_thread::sleep_for(1ms);\n", 1, "real sleep")
        self.finds("tests/regression/a_test.cpp", "usleep(1);\n", 1, "real sleep")

    def test_lambdas_that_own_something_are_named_before_they_are_awaited(self):
        self.accepts("tests/unit/a_test.cpp", "co_await f([&x, this] { g(x); });\n")
        self.accepts("tests/unit/a_test.cpp", "co_await handlers[i](x);\n")
        self.accepts("tests/unit/a_test.cpp", "auto body = [x] {};\nco_await f(body);\n")
        self.finds("tests/unit/a_test.cpp", "co_await f(\n    [x] { g(x); });\n", 2, "by value")
        self.finds("examples/a.cpp", "co_await f([&, y = h()]() mutable {});\n", 1, "by value")

    def test_nothing_unfinished_is_checked_in(self):
        self.accepts("scheduler/a.hpp", "#if 01\n#endif  // mkdtemp XXXXXX\n")
        self.finds("scheduler/a.hpp", "int x;  // TODO later\n", 1, "TODO")
        self.finds("examples/a.cpp", "#if 0\n#endif\n", 1, "#if 0")


if __name__ == "__main__":
    unittest.main()
