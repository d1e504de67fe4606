// The counts inside std::exception_ptr order the last use of an exception before its end. ThreadSanitizer
// must know, else it reports every exception that is read by one task and dropped last by another.
#include <gtest/gtest.h>

#include <atomic>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace {

TEST(exception_pointer, counts_order_the_last_use_before_the_end) {
  std::exception_ptr error = std::make_exception_ptr(std::runtime_error("a text on the heap"));
  std::atomic<bool> read{false};
  std::string text;
  std::thread reader([&read, &text, error]() mutable {
    try {
      std::rethrow_exception(std::exchange(error, nullptr));
    } catch (const std::runtime_error& thrown) {
      text = thrown.what();
    }
    read.store(true, std::memory_order_relaxed);  // orders nothing: the counts must
  });
  while (!read.load(std::memory_order_relaxed)) std::this_thread::yield();
  error = nullptr;  // the end of the exception
  reader.join();
  EXPECT_EQ(text, "a text on the heap");
}

}  // namespace
