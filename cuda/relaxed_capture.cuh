// RelaxedCapture: allows calls such as cudaMalloc during a capture. For .cu files.
#pragma once

#include "tenbin/cuda/check.cuh"

namespace tenbin::gpu {

/// While one exists, a thread that records a graph may make calls that CUDA otherwise forbids it, such as
/// cudaMalloc; they are not recorded.
class RelaxedCapture {
 public:
  RelaxedCapture() { TENBIN_CUDA_CHECK(cudaThreadExchangeStreamCaptureMode(&mode_)); }
  ~RelaxedCapture() { cudaThreadExchangeStreamCaptureMode(&mode_); }
  RelaxedCapture(const RelaxedCapture&) = delete;
  RelaxedCapture& operator=(const RelaxedCapture&) = delete;

 private:
  cudaStreamCaptureMode mode_ = cudaStreamCaptureModeRelaxed;
};

}  // namespace tenbin::gpu
