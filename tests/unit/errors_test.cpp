#include <silk/errors.hpp>
#include <silk/failure.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

TEST(cancelled, is_not_caught_as_a_std_exception) {
  static_assert(!std::is_base_of_v<std::exception, silk::cancelled>);
  bool slipped_through = false;
  try {
    try {
      throw silk::cancelled("enough");
    } catch (const std::exception&) {
      ADD_FAILURE();
    }
  } catch (const silk::cancelled&) {
    slipped_through = true;
  }
  EXPECT_TRUE(slipped_through);
}

TEST(cancelled, keeps_its_reason_in_every_copy) {
  static_assert(std::is_nothrow_copy_constructible_v<silk::cancelled>);
  EXPECT_EQ(silk::cancelled().reason(), "");
  const silk::cancelled original("enough");
  const silk::cancelled copy = original;
  EXPECT_EQ(copy.reason(), "enough");
  EXPECT_EQ(&copy.reason(), &original.reason());  // shared: throwing must not allocate text
  EXPECT_EQ(silk::cancelled(std::shared_ptr<const std::string>()).reason(), "");
}

TEST(errors, say_what_happened) {
  EXPECT_STREQ(silk::timeout_error().what(), "the time is up");
  EXPECT_STREQ(silk::broken_promise().what(),
               "the promise was dropped before it was given a value");
  EXPECT_STREQ(silk::usage_error("do that instead").what(), "do that instead");
  EXPECT_STREQ(silk::closed_error("closed").what(), "closed");
}

TEST(errors, can_be_told_apart_by_kind) {
  static_assert(std::is_base_of_v<std::runtime_error, silk::timeout_error>);
  static_assert(std::is_base_of_v<std::runtime_error, silk::broken_promise>);
  static_assert(std::is_base_of_v<std::runtime_error, silk::closed_error>);
  static_assert(std::is_base_of_v<std::runtime_error, silk::exception_group>);
  static_assert(std::is_base_of_v<std::logic_error, silk::usage_error>);
}

TEST(exception_group, holds_its_exceptions_in_order) {
  std::vector<std::exception_ptr> errors;
  for (int i = 0; i < 3; ++i) errors.push_back(std::make_exception_ptr(i));
  const silk::exception_group group("three", errors);
  EXPECT_EQ(group.exceptions(), errors);
  EXPECT_STREQ(group.what(), "three (3 exceptions)");
  EXPECT_STREQ(silk::exception_group("one", {errors[0]}).what(), "one (1 exception)");
}

TEST(exception_group, is_copied_without_throwing) {
  static_assert(std::is_nothrow_copy_constructible_v<silk::exception_group>);
  const silk::exception_group group("one", {std::make_exception_ptr(1)});
  const silk::exception_group copy = group;
  EXPECT_EQ(&copy.exceptions(), &group.exceptions());
}

std::string printed(const silk::failure& what) {
  testing::internal::CaptureStderr();
  silk::print_failure(what);
  return testing::internal::GetCapturedStderr();
}

TEST(print_failure, is_one_line_with_name_place_and_error) {
  const auto here = std::source_location::current();
  const std::string line =
      printed({.error = std::make_exception_ptr(std::runtime_error("it broke")),
               .task_name = "Ann",
               .spawned_at = here});
  EXPECT_EQ(line, "silk: nobody retrieved the failure of task 'Ann' (spawned at " +
                      std::string(here.file_name()) + ":" + std::to_string(here.line()) +
                      "): it broke\n");
}

TEST(print_failure, leaves_out_what_is_not_known) {
  const std::string line =
      printed({.error = std::make_exception_ptr(std::runtime_error("it broke")),
               .task_name = {},
               .spawned_at = {}});
  EXPECT_EQ(line, "silk: nobody retrieved the failure of a future or callback: it broke\n");
}

TEST(print_failure, describes_any_exception) {
  const auto of = [](std::exception_ptr error) {
    return printed({.error = std::move(error), .task_name = {}, .spawned_at = {}});
  };
  EXPECT_NE(of(std::make_exception_ptr(silk::cancelled("enough"))).find("cancelled: enough"),
            std::string::npos);
  EXPECT_NE(of(std::make_exception_ptr(42)).find("not a std::exception"), std::string::npos);
}

}  // namespace
