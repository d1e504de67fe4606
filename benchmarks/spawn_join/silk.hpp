// What both of silk's programs have in common.
#pragma once

#include "problem.hpp"

#include <silk/silk.hpp>

namespace bench {

using spawn_join_way = silk::task<long> (*)(long count);

inline int measure_spawn_join(int argc, char** argv, spawn_join_way one_at_a_time,
                              spawn_join_way all_at_once) {
  program<spawn_join> program(argc, argv);
  silk::runtime runtime({.workers = program.workers()});
  program.watch(runtime);
  return program.measure([&](const spawn_join& problem) {
    const bool in_turn = problem.how == spawn_join::way::one_at_a_time;
    return runtime.block_on((in_turn ? one_at_a_time : all_at_once)(problem.tasks));
  });
}

}  // namespace bench
