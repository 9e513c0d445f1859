// The thread orders of an emulated GPU. A correct kernel gives the same bits in all of them. Implemented by
// cuda_emulator/schedules.cpp, and by one_schedule.cpp in builds for real devices.
#pragma once

#include <cstddef>

#include "tenbin/core/device.h"

namespace tenbin::testing {

/// The number of orders of a device; 1 if it is real.
std::size_t schedule_count(Device device);

/// Chooses an order in [0, schedule_count).
void set_schedule(std::size_t index);

}  // namespace tenbin::testing
