// What the call graph calls a coroutine, and what it tells of coroutines that are not recorded.
#include "at_workers.hpp"

#include <silk/detail/coroutine_name.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace {

using namespace std::chrono_literals;
using silk::detail::coroutine_name;

TEST(coroutine_name, has_no_return_type_and_no_parameters) {
  EXPECT_EQ(coroutine_name("silk::task<int> fetch(std::string)"), "fetch");
  EXPECT_EQ(coroutine_name("silk::task<std::pair<int, long> > net::client::fetch(int)"),
            "net::client::fetch");
  EXPECT_EQ(coroutine_name("task<T> net::fetch(T) [T = int]"), "net::fetch");
  EXPECT_EQ(coroutine_name("silk::task<T> net::fetch(T) [with T = int]"), "net::fetch");
  EXPECT_EQ(coroutine_name(""), "");
}

TEST(coroutine_name, is_the_same_where_a_compiler_tells_of_the_frame) {
  EXPECT_EQ(coroutine_name("void net::fetch(fetch(int)::_ZN3net5fetchEi.Frame*)"), "net::fetch");
}

TEST(coroutine_name, leaves_unnamed_namespaces_out) {
  EXPECT_EQ(coroutine_name("silk::task<> {anonymous}::fetch(int)"), "fetch");
  EXPECT_EQ(coroutine_name("silk::task<> net::(anonymous namespace)::fetch(int)"), "net::fetch");
}

TEST(coroutine_name, of_a_member_of_a_local_class_keeps_the_function) {
  EXPECT_EQ(coroutine_name("silk::task<> main()::client::fetch(int)"), "main::client::fetch");
}

TEST(coroutine_name, of_a_lambda_is_that_of_its_function) {
  EXPECT_EQ(coroutine_name("main()::<lambda(int)>"), "main::lambda");
  EXPECT_EQ(coroutine_name("void net::go(int)::<lambda()>::operator()(x::Frame*)"),
            "net::go::lambda");
  EXPECT_EQ(coroutine_name("auto net::go(int)::(anonymous class)::operator()() const"),
            "net::go::lambda");
}

class ordinary_coroutines : public silk_tests::at_workers {};
RUN_AT_1_2_AND_8_WORKERS(ordinary_coroutines);

TEST_P(ordinary_coroutines, are_left_out_of_a_call_graph_that_knows_their_tasks) {
  run([]() -> silk::task<> {
    const auto inner = silk::spawn({.name = "inner"}, []() -> silk::task<std::string> {
      co_await silk::sleep(1ms);
      co_return silk::to_string(silk::capture_call_graph().value());
    });
    const auto outer = silk::spawn({.name = "outer"}, [&]() -> silk::task<> { co_await inner; });
    co_await silk::gather(inner, outer);
    EXPECT_TRUE(inner.result().starts_with("task 'inner', running\n  awaited by task '"));
    EXPECT_NE(inner.result().find("  awaited by task 'outer', waiting\n"), std::string::npos);
  });
}

}  // namespace
