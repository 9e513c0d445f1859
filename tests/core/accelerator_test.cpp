// core/accelerator.h in a build without CUDA or on a machine without a GPU.
#include "tenbin/core/accelerator.h"

#include "tenbin/core/array.h"
#include "tenbin/cuda/runtime.h"
#include "tenbin/tests/catch.h"

using namespace tenbin;

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
