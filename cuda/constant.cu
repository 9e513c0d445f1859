// Options that are arrays, such as class weights, on a device: their copies, and their checks.
#include <limits>

#include "tenbin/core/detail/accelerator.h"
#include "tenbin/cuda/capture.h"
#include "tenbin/cuda/deferred_error.cuh"
#include "tenbin/cuda/relaxed_capture.cuh"

namespace tenbin::accelerator {

namespace {

template <class T>
struct IsFinite {
  detail::Sign sign;
  __device__ bool operator()(T value) const {
    return value <= std::numeric_limits<T>::max() &&
           value >= (sign == detail::Sign::not_negative ? T{0} : std::numeric_limits<T>::lowest());
  }
};

// In a stream of its own: the device's is being recorded.
void copy_aside(void* to, const Array& from) {
  const gpu::RelaxedCapture relaxed;
  cudaStream_t stream = nullptr;
  TENBIN_CUDA_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  cudaError_t status = cudaMemcpyAsync(to, from.raw_data(), from.nbytes(), cudaMemcpyHostToDevice, stream);
  if (status == cudaSuccess) status = cudaStreamSynchronize(stream);
  cudaStreamDestroy(stream);
  TENBIN_CUDA_CHECK(status);
}

}  // namespace

Array constant(const Array& values, Device device, Dtype dtype) {
  if (!values || !gpu::is_capturing() || values.device() == device || device.is_cpu())
    return values.astype(dtype).to(device);
  const Array converted = values.to(Device::cpu()).astype(dtype);
  Array copy = gpu::detail::empty_beside_graph(converted.shape(), dtype, device);
  if (copy.size() > 0) copy_aside(copy.raw_data(), converted);
  return copy;
}

void require_finite(const std::string& function, const char* argument, const Array& values, Dtype dtype,
                    detail::Sign sign) {
  const Array used = values.astype(dtype);
  const DeferredError error = detail::not_finite_error(function, argument, values.shape(), sign);
  visit_floating(dtype, [&](auto zero) {
    using T = decltype(zero);
    gpu::require_each(gpu::Context::of(used), error, used.size(), used.data<T>(), IsFinite<T>{sign});
  });
}

}  // namespace tenbin::accelerator
