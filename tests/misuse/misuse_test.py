#!/usr/bin/env python3
"""Tests of misuse.py: what counts as the first error, and as a failure."""

import unittest

import misuse

GCC = """In file included from a.cpp:2:
a.cpp:3:1: error: use of deleted function 'void f()'
    3 |   f();
      |   ^~~
f.hpp:9:6: note: declared here
    9 | void f() = delete;  // write g()
      |      ^~~
a.cpp:4:1: error: something else
"""
WRONG, FINE = (1, GCC), (0, "")


class FirstError(unittest.TestCase):
    def test_has_the_notes_that_follow(self):
        self.assertIn("declared here void f() = delete; // write g()", misuse.first_error(GCC))

    def test_ends_where_the_next_one_begins(self):
        self.assertNotIn("something else", misuse.first_error(GCC))

    def test_is_empty_without_errors(self):
        self.assertEqual(misuse.first_error("a.cpp:1:1: warning: unused\n"), "")


class Problem(unittest.TestCase):
    def test_is_none_if_the_message_is_there(self):
        self.assertIsNone(misuse.problem("write g()", WRONG, FINE))

    def test_is_a_message_that_comes_too_late(self):
        self.assertIn("does not say", misuse.problem("something else", WRONG, FINE))

    def test_is_a_program_that_compiles(self):
        self.assertEqual(misuse.problem("write g()", FINE, FINE), "it compiles")

    def test_is_a_remedy_that_does_not_compile(self):
        self.assertIn("-DFIXED", misuse.problem("write g()", WRONG, WRONG))


class Message(unittest.TestCase):
    def test_is_on_the_first_line(self):
        self.assertEqual(misuse.wanted_message("// message: write g()\nint i;\n"), "write g()")
        with self.assertRaises(ValueError):
            misuse.wanted_message("int i;\n// message: write g()\n")


if __name__ == "__main__":
    unittest.main()
