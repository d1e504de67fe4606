// The seam: the one place where the API meets the engine.
#pragma once

#include "../../../scheduler/assert.hpp"
#include "../../../scheduler/blocking_pool.hpp"
#include "../../../scheduler/clock.hpp"
#include "../../../scheduler/frame_pool.hpp"
#include "../../../scheduler/job.hpp"
#include "../../../scheduler/pool.hpp"
#include "../../../scheduler/simulator.hpp"
#include "../../../scheduler/sync.hpp"
#include "../../../scheduler/timers.hpp"
#include "../../../scheduler/worker.hpp"
#include "../../../scheduler/worker_count.hpp"

namespace silk::detail {

namespace engine = ::silk::scheduler;
namespace sync = ::silk::scheduler::sync;

}  // namespace silk::detail
