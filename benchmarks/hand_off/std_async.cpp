// Each task is a thread here, however many workers there are to be.
#include "problem.hpp"

#include <future>
#include <vector>

namespace {

using promises = std::vector<std::promise<long>>;

void player(promises& from, promises& to) {
  for (std::size_t i = 0; i < from.size(); ++i) to[i].set_value(from[i].get_future().get() + 1);
}

long pair(std::size_t rounds) {
  promises there(rounds), back(rounds);
  const auto other = std::async(std::launch::async, player, std::ref(there), std::ref(back));
  long number = 0;
  for (std::size_t i = 0; i < rounds; ++i) {
    there[i].set_value(number + 1);
    number = back[i].get_future().get();
  }
  return number;
}

long all_pairs(const bench::hand_off& problem) {
  const auto rounds = static_cast<std::size_t>(problem.rounds);
  std::vector<std::future<long>> pairs;
  for (long i = 0; i < problem.pairs; ++i) {
    pairs.push_back(std::async(std::launch::async, pair, rounds));
  }
  long sum = 0;
  for (auto& each : pairs) sum += each.get();
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  bench::program<bench::hand_off> program(argc, argv);
  return program.measure(all_pairs);
}
