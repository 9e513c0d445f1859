// core/detail/accelerator.h in a build without CUDA or on a machine without a GPU.
#include "tenbin/core/detail/accelerator.h"

#include "tenbin/core/array.h"
#include "tenbin/cuda/runtime.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("without a GPU, what would need one is an error that says why, and changes nothing") {
  if (gpu::is_available()) return;
  CHECK_THROWS_WITH(accelerator::allocate(8, 0), ContainsSubstring("cuda:0"));
  CHECK_THROWS_AS(Array::zeros({2}, Dtype::float32, Device::cuda(0)), Error);
  const Array x = {1.f, 2.f};
  CHECK_THROWS_AS(x.to(Device::cuda(0)), Error);
  CHECK(x.to_vector<float>() == std::vector<float>{1, 2});
  accelerator::keep_for_replay(x);  // an array on the CPU: no effect
  accelerator::release(nullptr, 0, 0);
}

TEST_CASE("options become constants in the dtype and on the device of their function", "[gpu]") {
  on_every_device([](Device device) {
    for (const Device from : {Device::cpu(), device}) {
      const Array w = accelerator::constant(Array{0.5, 2.0}.to(from), device, Dtype::float32);
      CHECK(w.device() == device);
      CHECK(w.dtype() == Dtype::float32);
      CHECK(w.to_vector<float>() == std::vector<float>{0.5f, 2.f});
    }
    CHECK_FALSE(accelerator::constant(Array(), device, Dtype::float32));
  });
}

TEST_CASE("numbers on a device that are not finite are an error at the next read", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const Array w = Array{1., -1., 1e300}.to(device);
    accelerator::require_finite("f", "w", w, Dtype::float64, detail::Sign::any);
    CHECK(w.to_vector<double>().size() == 3);
    accelerator::require_finite("f", "w", w, Dtype::float64, detail::Sign::not_negative);
    CHECK_THROWS_WITH(w.to_vector<double>(), "f: w must be finite and not negative, got -1 at 1");
    accelerator::require_finite("f", "w", w, Dtype::float32, detail::Sign::any);
    CHECK_THROWS_WITH(w.to_vector<double>(), "f: w must be finite, got inf at 2");
  });
}
