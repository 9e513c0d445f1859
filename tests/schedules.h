// The orders in which an emulated GPU can run the threads of a kernel. A correct kernel gives the same bits
// in all. Implemented by cuda_emulator/schedules.cpp, and by one_schedule.cpp in a build whose devices are
// real.
#pragma once

#include <cstddef>

#include "tenbin/core/device.h"

namespace tenbin::testing {

/// How many there are for a device; 1 if it is real.
std::size_t schedule_count(Device device);

/// Chooses one of [0, schedule_count).
void set_schedule(std::size_t index);

}  // namespace tenbin::testing
