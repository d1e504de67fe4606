#!/usr/bin/env python3
"""What the spider promises its users. Usage: spider_test.py SPIDER [arguments of unittest...]"""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

SPIDER = "spider"

ELAPSED = re.compile(r"\d+\.\d\d")
SUMMARY = re.compile(r"(\d+) finished, (\d+) cancelled, (\d+) pages")
KEYS = (
    "sites pages_per_site pages finished cancelled workers wall_s cpu_s max_rss_kib"
    " late_p50_us late_p99_us late_max_us"
).split()


def crawl(*arguments, **options):
    """Runs the spider to its end."""
    return subprocess.run(
        [SPIDER, *arguments], capture_output=True, text=True, timeout=100, check=False, **options
    )


def start(*arguments, **options):
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.Popen([SPIDER, *arguments], **options)


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.001)


def signals_in(field, process):
    """A signal mask of /proc/PID/status as a number; all ones when the process has ended."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        return int(re.search(rf"^{field}:\s*(\w+)", status, re.MULTILINE)[1], 16)
    except (FileNotFoundError, ProcessLookupError, TypeError):
        return ~0


def wait_until_claimed(process):
    """Waits until the spider has claimed SIGINT; before that, it is the system that ends it."""
    bit = 1 << (signal.SIGINT - 1)
    wait_until(lambda: signals_in("SigBlk", process) & bit)


class Output(unittest.TestCase):
    def assert_pages(self, lines, sites, pages):
        self.assertEqual(len(lines), len(sites) * pages, lines)
        for site in sites:
            mine = [line for line in lines if line.startswith(site + " ")]
            self.assertEqual(mine, [f"{site} {page + 1}" for page in range(pages)])

    def test_three_sites_three_pages_three_seconds(self):
        done = crawl()
        *lines, elapsed = done.stdout.splitlines()
        self.assertEqual(done.returncode, 0)
        self.assert_pages(lines, ["Blog", "News", "Forum"], 3)
        self.assertRegex(elapsed, ELAPSED)
        self.assertGreaterEqual(float(elapsed), 3)
        self.assertEqual(done.stderr, "")

    def test_virtual_time_prints_the_same(self):
        done = crawl("--virtual-time")
        *lines, elapsed = done.stdout.splitlines()
        self.assert_pages(lines, ["Blog", "News", "Forum"], 3)
        self.assertEqual(elapsed, "3.00")

    def test_named_sites(self):
        done = crawl("A", "B b", "--pages", "5", "--delay", "60000", "--virtual-time")
        *lines, elapsed = done.stdout.splitlines()
        self.assert_pages(lines, ["A", "B b"], 5)
        self.assertEqual(elapsed, "300.00")

    def test_after_two_dashes_come_sites(self):
        done = crawl("--pages", "1", "--virtual-time", "--", "--sites", "7")
        self.assertEqual(sorted(done.stdout.splitlines()), ["--sites 1", "1.00", "7 1"])

    def test_pages_come_one_after_the_other(self):
        lines = crawl("--virtual-time", "--pages", "9").stdout.splitlines()[:-1]
        self.assertEqual([line.split()[1] for line in lines], [str(1 + i // 3) for i in range(27)])

    def test_a_page_shows_in_a_pipe_when_it_comes(self):
        with start("A", "--pages", "2", "--delay", "600") as process:
            first = process.stdout.readline()
            self.assertIsNone(process.poll())
        self.assertEqual(first, b"A 1\n")

    def test_numbered_sites_are_quiet(self):
        done = crawl("--sites", "10", "--virtual-time")
        summary, *_, elapsed = done.stdout.splitlines()
        self.assertEqual(summary, "10 finished, 0 cancelled, 30 pages")
        self.assertEqual(elapsed, "3.00")

    def test_quiet_leaves_the_elapsed_time(self):
        for arguments in (["A", "B"], ["--sites", "10"]):
            done = crawl("--quiet", "--virtual-time", *arguments)
            self.assertEqual(done.stdout, "3.00\n")

    def test_no_delay(self):
        done = crawl("--sites", "50", "--pages", "100", "--delay", "0", "--json")
        self.assertEqual(json.loads(done.stdout)["pages"], 5000)

    def test_json(self):
        done = crawl("--sites", "1000", "--workers", "3", "--json", "--virtual-time")
        result = json.loads(done.stdout)
        self.assertEqual(list(result), KEYS)
        self.assertEqual(len(done.stdout.splitlines()), 1)
        wanted = {"sites": 1000, "pages_per_site": 3, "pages": 3000, "finished": 1000}
        wanted |= {"cancelled": 0, "workers": 3, "wall_s": 3.0}
        wanted |= {"late_p50_us": 0, "late_p99_us": 0, "late_max_us": 0}
        self.assertEqual({key: result[key] for key in wanted}, wanted)
        self.assertGreaterEqual(result["cpu_s"], 0)
        self.assertGreater(result["max_rss_kib"], 1000)

    def test_json_of_a_real_crawl(self):
        result = json.loads(crawl("--sites", "100", "--delay", "50", "--json").stdout)
        self.assertGreaterEqual(result["wall_s"], 0.15)
        self.assertGreater(result["late_p50_us"], 0)
        self.assertLessEqual(result["late_p50_us"], result["late_p99_us"])
        self.assertLessEqual(result["late_p99_us"], result["late_max_us"])

    def test_help(self):
        done = crawl("--help")
        self.assertEqual(done.returncode, 0)
        for option in ("--sites", "--pages", "--delay", "--workers", "--until", "--virtual-time"):
            self.assertIn(option, done.stdout)


class UntilFirst(unittest.TestCase):
    def test_the_rest_is_cancelled(self):
        done = crawl("--sites", "100", "--until", "first", "--json", "--virtual-time")
        result = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(result["finished"] + result["cancelled"], 100)
        self.assertGreaterEqual(result["finished"], 1)
        self.assertEqual(result["pages"], 200 + result["finished"])
        self.assertEqual(result["wall_s"], 3.0)

    def test_says_what_came(self):
        done = crawl("A", "B", "--until", "first", "--virtual-time")
        *pages, summary, elapsed = done.stdout.splitlines()
        finished, cancelled, count = map(int, SUMMARY.fullmatch(summary).groups())
        self.assertEqual(finished + cancelled, 2)
        self.assertEqual(count, len(pages))
        self.assertEqual(elapsed, "3.00")

    def test_all_is_the_default(self):
        self.assertEqual(
            sorted(crawl("--until", "all", "--virtual-time").stdout.splitlines()),
            sorted(crawl("--virtual-time").stdout.splitlines()),
        )


class BadInput(unittest.TestCase):
    def assert_refused(self, arguments, *mentions):
        done = crawl(*arguments)
        self.assertEqual(done.returncode, 2, done)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for mention in mentions:
            self.assertIn(mention, done.stderr)

    def test_numbers(self):
        texts = ["abc", "-1", "0", "", " 3", "3 ", "+3", "3x", "3.0", "1e3", "0x10"]
        texts += ["99999999999999999999", "-99999999999999999999", "3\n4"]
        for option in ("--sites", "--pages", "--workers"):
            for text in texts:
                with self.subTest(option=option, text=text):
                    self.assert_refused([option, text], option, " 1 to ")

    def test_delay(self):
        for text in ["-1", "abc", "86400001", "99999999999999999999"]:
            self.assert_refused(["--delay", text], "--delay", " 0 to 86400000")
        # 100 years in all
        self.assert_refused(["--delay", "9999", "--pages", "1000000000"], "--delay", " 0 to 3155")

    def test_ranges(self):
        self.assert_refused(["--workers", "4097"], "--workers", "1 to 4096")
        self.assert_refused(["--pages", "1000000001"], "--pages", "1 to 1000000000")

    def test_more_sites_than_memory(self):
        self.assert_refused(["--sites", "99999999999"], "--sites", "memory")

    def test_until(self):
        self.assert_refused(["--until", "sometimes"], "--until", "first", "all", "sometimes")

    def test_unknown_option(self):
        for option in ("--site", "--frobnicate", "-x", "--Sites=3"):
            self.assert_refused([option], option.partition("=")[0], "--sites", "--pages")

    def test_missing_value(self):
        self.assert_refused(["--sites"], "--sites")

    def test_twice(self):
        self.assert_refused(["--pages", "1", "--pages", "2"], "--pages")

    def test_names_and_a_number(self):
        self.assert_refused(["Blog", "--sites", "3"], "--sites", "SITE")


class Interrupt(unittest.TestCase):
    LONG = ["--pages", "3", "--delay", "60000"]

    def assert_interrupted(self, process):
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, err)
        self.assertEqual(err, b"")
        return out.decode().splitlines()

    def interrupt(self, *arguments, number=signal.SIGINT):
        process = start(*arguments)
        wait_until_claimed(process)
        process.send_signal(number)
        return self.assert_interrupted(process)

    def test_prints_the_summary_so_far(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            for mode in ([], ["--until", "first"], ["--quiet"], ["--sites", "1000"]):
                with self.subTest(number=number, mode=mode):
                    names = [] if "--sites" in mode else ["A", "B"]
                    summary, *_, elapsed = self.interrupt(*names, *mode, *self.LONG, number=number)
                    sites = 1000 if "--sites" in mode else 2
                    self.assertEqual(summary, f"0 finished, {sites} cancelled, 0 pages")
                    self.assertRegex(elapsed, ELAPSED)

    def test_prints_json(self):
        for mode in ([], ["--until", "first"]):
            (line,) = self.interrupt("--sites", "1000", "--json", *self.LONG, *mode)
            result = json.loads(line)
            self.assertEqual(list(result), KEYS)
            self.assertEqual((result["finished"], result["cancelled"]), (0, 1000))

    def test_counts_the_pages_that_came(self):
        process = start("A", "B", "--pages", "1000000", "--delay", "1")
        while process.stdout.readline() != b"A 20\n":
            pass
        process.send_signal(signal.SIGINT)
        *pages, summary, elapsed = self.assert_interrupted(process)
        finished, cancelled, count = map(int, SUMMARY.fullmatch(summary).groups())
        self.assertEqual((finished, cancelled), (0, 2))
        self.assertGreaterEqual(count, 20)
        self.assertLess(len(pages), count)

    def test_stops_a_crawl_that_never_waits(self):
        summary, *_ = self.interrupt("--sites", "5", "--pages", "1000000000", "--delay", "0")
        self.assertRegex(summary, r"0 finished, 5 cancelled")

    def test_twice(self):
        process = start("--sites", "20000", *self.LONG)
        wait_until_claimed(process)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        summary, *_ = self.assert_interrupted(process)
        self.assertEqual(summary, "0 finished, 20000 cancelled, 0 pages")

    def test_at_any_moment(self):
        for i in range(60):
            process = start("--sites", "20", "--pages", "2", "--delay", "10", "--json")
            wait_until_claimed(process)
            time.sleep(i * 0.0006)  # from the start to some time after the end
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
            self.assertIn(process.returncode, (0, 130), err)
            result = json.loads(out)
            self.assertEqual(result["finished"] + result["cancelled"], 20)
            if process.returncode == 0:
                self.assertEqual(result["pages"], 40)

    def test_the_third_one_does_not_wait_for_a_stuck_reader(self):
        process = start("A", "--pages", "1000000000", "--delay", "0")
        wait_until_claimed(process)
        bit = 1 << (signal.SIGINT - 1)
        for _ in range(3):  # each on its own: two pending ones would be one
            process.send_signal(signal.SIGINT)
            wait_until(lambda: not signals_in("ShdPnd", process) & bit or process.poll() is not None)
        self.assertEqual(process.wait(timeout=60), 130)
        process.communicate()


class Pipe(unittest.TestCase):
    def test_a_reader_that_goes_away_ends_it_quietly(self):
        for mode in ([], ["--until", "first"]):
            process = start("A", "B", "--pages", "1000000000", "--delay", "1", *mode)
            process.stdout.readline()
            process.stdout.close()
            process.stdout = None
            _, err = process.communicate(timeout=60)
            self.assertEqual((process.returncode, err), (1, b""))

    def test_says_why_it_cannot_write(self):
        for mode in (["A", "B"], ["A", "B", "--until", "first"], ["--sites", "3"], ["--json"]):
            with open("/dev/full", "w", encoding="ascii") as full:
                process = start("--virtual-time", *mode, stdout=full)
            _, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 1)
            self.assertRegex(err.decode(), r"\Aspider: .*No space left on device\n\Z")


class Terminal(unittest.TestCase):
    ERASE = "\r\033[K"

    def on_terminal(self, *arguments, stdout=None):
        """What a terminal gets that is the spider's stderr, and its stdout unless told."""
        ours, theirs = pty.openpty()
        with start(*arguments, stdout=stdout or theirs, stderr=theirs):
            os.close(theirs)
            text = b""
            try:
                while chunk := os.read(ours, 4096):
                    text += chunk
            except OSError:  # the other end is closed
                pass
        os.close(ours)
        return text.decode()

    def test_progress_bar(self):
        text = self.on_terminal(
            "--sites", "10", "--pages", "30", "--delay", "50", stdout=subprocess.DEVNULL
        )
        bars = [bar.strip("\r") for bar in text.split("\033[K") if "[" in bar]
        self.assertGreater(len(bars), 1, text)
        for bar in bars:
            self.assertRegex(bar, r"\[#*\.*\] \d+/300 pages, \d+ sites alive, \d+ pages/s")
            self.assertLess(len(bar), 80)
        self.assertTrue(text.endswith(self.ERASE))

    def test_the_bar_gives_way_to_page_lines(self):
        text = self.on_terminal("A", "B", "--pages", "6", "--delay", "250")
        self.assertIn("pages/s", text)
        lines = [line.rpartition("\033[K")[2] for line in text.split("\r\n") if line]
        self.assertEqual(sorted(lines[:-1]), sorted(f"{s} {p + 1}" for s in "AB" for p in range(6)))
        self.assertRegex(lines[-1], ELAPSED)

    def test_no_bar_in_the_first_second(self):
        self.assertNotIn("\033", self.on_terminal("--sites", "10", "--delay", "10"))

    def test_ctrl_c_takes_the_bar_away(self):
        ours, theirs = pty.openpty()
        process = start("--sites", "10", "--delay", "60000", stderr=theirs)
        os.close(theirs)
        shown = os.read(ours, 4096).decode()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        shown += os.read(ours, 4096).decode()
        os.close(ours)
        self.assertEqual(process.returncode, 130)
        self.assertTrue(out.startswith(b"0 finished, 10 cancelled, 0 pages\n"))
        self.assertTrue(shown.endswith(self.ERASE))


if __name__ == "__main__":
    SPIDER = sys.argv.pop(1)
    unittest.main()
