// Shared by the emulator's own tests: launches, and RAII blocks of device memory.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "emulator.h"
#include "tenbin/tests/catch.h"

namespace emulator_test {

using cuda_emulator::Order;

inline constexpr Order orders[] = {Order::first, Order::last, Order::random};

template <class... P, class... A>
cudaError_t launch_on(cudaStream_t stream, void (*kernel)(P...), dim3 grid, dim3 block, A... arguments) {
  cudaLaunchConfig_t config;
  config.gridDim = grid;
  config.blockDim = block;
  config.stream = stream;
  return cudaLaunchKernelEx(&config, kernel, arguments...);
}

template <class... P, class... A>
cudaError_t launch(void (*kernel)(P...), dim3 grid, dim3 block, A... arguments) {
  return launch_on(nullptr, kernel, grid, block, arguments...);
}

/// Device memory for `size` values of T.
template <class T>
class Device {
 public:
  explicit Device(std::size_t size) : size_(size) {
    REQUIRE(cudaMalloc(&data_, size * sizeof(T)) == cudaSuccess);
  }
  explicit Device(const std::vector<T>& values) : Device(values.size()) {
    REQUIRE(cudaMemcpy(data_, values.data(), size_ * sizeof(T), cudaMemcpyHostToDevice) == cudaSuccess);
  }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device() { cudaFree(data_); }

  T* get() const { return data_; }
  std::size_t bytes() const { return size_ * sizeof(T); }
  /// Waits for the legacy stream only.
  std::vector<T> read() const {
    std::vector<T> values(size_);
    REQUIRE(cudaMemcpy(values.data(), data_, bytes(), cudaMemcpyDeviceToHost) == cudaSuccess);
    return values;
  }

 private:
  T* data_ = nullptr;
  std::size_t size_;
};

/// A stream that is not ordered with the legacy one.
class Stream {
 public:
  Stream() { REQUIRE(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking) == cudaSuccess); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { cudaStreamDestroy(stream_); }
  operator cudaStream_t() const { return stream_; }

 private:
  cudaStream_t stream_ = nullptr;
};

/// The text of an error that a call returned.
inline std::string text(cudaError_t error) { return cudaGetErrorString(error); }

inline std::vector<float> iota(std::size_t size, float first = 0) {
  std::vector<float> values(size);
  for (float& value : values) value = first++;
  return values;
}

}  // namespace emulator_test
