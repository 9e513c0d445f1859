#include "tenbin/cuda/constant.h"

#include <utility>

#include "tenbin/cuda/capture.h"
#include "tenbin/cuda/fault.cuh"
#include "tenbin/cuda/relaxed_capture.cuh"

namespace tenbin::gpu {

namespace {

template <class T>
struct IsFinite {
  bool not_negative;
  __device__ bool operator()(T value) const {
    return value <= std::numeric_limits<T>::max() &&
           value >= (not_negative ? T{0} : std::numeric_limits<T>::lowest());
  }
};

template <class T>
void require_finite_as(const Fault& fault, const Array& values, bool not_negative) {
  require_each(Context::of(values), fault, values.size(), values.data<T>(), IsFinite<T>{not_negative});
}

// In a stream of its own: the device's is being recorded.
void copy_aside(void* to, const Array& from) {
  const RelaxedCapture relaxed;
  cudaStream_t stream = nullptr;
  TENBIN_CUDA_CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  cudaError_t status = cudaMemcpyAsync(to, from.raw_data(), from.nbytes(), cudaMemcpyHostToDevice, stream);
  if (status == cudaSuccess) status = cudaStreamSynchronize(stream);
  cudaStreamDestroy(stream);
  TENBIN_CUDA_CHECK(status);
}

}  // namespace

Array constant(const Array& values, Device device, Dtype dtype) {
  if (!values || !is_capturing() || values.device() == device || device.is_cpu())
    return values.astype(dtype).to(device);
  const Array converted = values.to(Device::cpu()).astype(dtype);
  Array copy = detail::empty_beside_graph(converted.shape(), dtype, device);
  if (copy.size() > 0) copy_aside(copy.raw_data(), converted);
  return copy;
}

void require_finite(const std::string& function, const char* argument, const Array& values, Dtype dtype,
                    bool not_negative) {
  const Array used = values.astype(dtype);
  const Fault fault = finite_fault(function, argument, values.shape(), not_negative);
  if (dtype == Dtype::float32) {
    require_finite_as<float>(fault, used, not_negative);
  } else {
    require_finite_as<double>(fault, used, not_negative);
  }
}

}  // namespace tenbin::gpu
