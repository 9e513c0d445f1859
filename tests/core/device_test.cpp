// The names of devices; what is computed on them is tested with each function.
#include "tenbin/core/device.h"

#include <sstream>

#include "tenbin/tests/catch.h"

using namespace tenbin;

TEST_CASE("a Device is the CPU by default") {
  CHECK(Device() == Device::cpu());
  CHECK(Device::cpu().is_cpu());
  CHECK_FALSE(Device::cuda().is_cpu());
  CHECK(Device::cuda() == Device::cuda(0));
  CHECK(Device::cuda(0) != Device::cpu());  // the CPU's index is 0, too
  CHECK(Device::cuda(1) != Device::cuda(0));
}

TEST_CASE("a Device prints as in PyTorch") {
  const auto printed = [](Device device) {
    std::ostringstream out;
    out << device;
    return out.str();
  };
  CHECK(printed(Device::cpu()) == "cpu");
  CHECK(printed(Device::cuda()) == "cuda:0");
  CHECK(printed(Device::cuda(12)) == "cuda:12");
}
