// For real devices, whose thread order cannot be chosen.
#include "tenbin/tests/schedules.h"

namespace tenbin::testing {

std::size_t schedule_count(Device) { return 1; }

void set_schedule(std::size_t) {}

}  // namespace tenbin::testing
