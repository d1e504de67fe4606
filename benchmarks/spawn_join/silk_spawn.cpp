#include "silk.hpp"

#include <vector>

namespace {

silk::task<long> give(long number) { co_return number; }

silk::task<long> one_at_a_time(long count) {
  long sum = 0;
  for (long i = 0; i < count; ++i) {
    const auto handle = silk::spawn(give(i));
    sum += co_await handle;
  }
  co_return sum;
}

silk::task<long> all_at_once(long count) {
  std::vector<silk::join_handle<long>> handles;
  handles.reserve(static_cast<std::size_t>(count));
  for (long i = 0; i < count; ++i) handles.push_back(silk::spawn(give(i)));
  long sum = 0;
  for (const auto& handle : handles) sum += co_await handle;
  co_return sum;
}

}  // namespace

int main(int argc, char** argv) {
  return bench::measure_spawn_join(argc, argv, one_at_a_time, all_at_once);
}
