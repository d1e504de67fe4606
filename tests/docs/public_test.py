#!/usr/bin/env python3
"""What docs/public.py shows of a header, and what it leaves out. Usage: public_test.py FOLDER OF public.py"""

import sys
import unittest

sys.path.insert(0, sys.argv.pop(1))
import public  # noqa: E402

HEADER = """namespace detail {
class hidden {
};
}  // namespace detail
namespace detail {
struct helper {
};
/// Shown.
template <class T>
class base {
 public:
  void shown();
};
}  // namespace detail
class one {
 public:
  one(one&& other) noexcept : n_(other.n_) {
    other.n_ = 0;
  }
  one(const one&) = delete;
  struct inner {
    int shown;

   private:
    int hidden;
  };
  int shown;

 private:
  struct hidden {
  };
  friend hidden;

 public:
  int also_shown;
};
template <class What>
  requires wrong<What>
void hidden(What&&) = delete;  // write shown(what)
int shown(int n = 0);
"""


class Public(unittest.TestCase):
    def setUp(self):
        self.text = public.public(HEADER)

    def test_has_what_users_may_name(self):
        self.assertEqual(self.text.count("shown"), 5)
        self.assertIn("class base", self.text)

    def test_has_nothing_else(self):
        for hidden in ("hidden", "helper", "other", "requires", "friend", "delete"):
            self.assertNotIn(hidden, self.text)

    def test_keeps_the_numbers_of_lines(self):
        lines = HEADER.splitlines()
        for index, line in enumerate(self.text.splitlines()):
            self.assertIn(line, ("", lines[index]))

    def test_promises_become_a_list(self):
        self.assertEqual(public.public("/// Fails     never.\n"), "/// - **Fails** never.\n")

    def test_samples_become_code(self):
        self.assertEqual(public.public("///\n///   f();\n/// Text.\n"), "///\n///       f();\n/// Text.\n")


if __name__ == "__main__":
    unittest.main()
