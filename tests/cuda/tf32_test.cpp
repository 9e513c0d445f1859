// The TF32 mode of cuBLAS. For builds with CUDA.
#include "tenbin/core/config.h"
#include "tenbin/cuda/context.cuh"
#include "tenbin/functions/math/matmul.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

TEST_CASE("cuBLAS multiplies in TF32 while an AllowTF32 exists, and not otherwise", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const Array x = Array::ones({2, 2}, Dtype::float32, device);
    const auto mode_of_product = [&] {
      matmul(x, x);
      cublasMath_t mode;
      REQUIRE(cublasGetMathMode(gpu::Context::of(x).cublas(), &mode) == CUBLAS_STATUS_SUCCESS);
      return mode;
    };
    CHECK(mode_of_product() == CUBLAS_DEFAULT_MATH);
    {
      const AllowTF32 on;
      CHECK(mode_of_product() == CUBLAS_TF32_TENSOR_OP_MATH);
    }
    CHECK(mode_of_product() == CUBLAS_DEFAULT_MATH);
  });
}
