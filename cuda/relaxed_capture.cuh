// What a thread that records a graph does beside it. For .cu files.
#pragma once

#include "tenbin/cuda/check.cuh"

namespace tenbin::gpu {

/// While it lives, calls such as cudaMalloc, which a thread that records a graph must not make by accident,
/// are what the thread means.
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
