#include "tenbin/tests/schedules.h"

#include "emulator.h"

namespace tenbin::testing {

namespace {

constexpr cuda_emulator::Order orders[] = {cuda_emulator::Order::first, cuda_emulator::Order::last,
                                           cuda_emulator::Order::random};

}  // namespace

std::size_t schedule_count(Device device) { return device.is_cpu() ? 1 : std::size(orders); }

void set_schedule(std::size_t index) { cuda_emulator::set_order(orders[index], 1); }

}  // namespace tenbin::testing
