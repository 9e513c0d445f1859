// The emulator's memory and devices: owners of addresses, detected errors.
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "emulator_test.h"

using namespace emulator_test;

namespace {

__global__ void fill(float* x, int n, float value) {
  const int i = int(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) x[i] = value;
}

}  // namespace

TEST_CASE("fresh memory is NaN and aligned") {
  const Device<float> x(3);
  CHECK(reinterpret_cast<std::uintptr_t>(x.get()) % 256 == 0);
  for (const float value : x.read()) CHECK(std::isnan(value));
  float* pinned = nullptr;
  REQUIRE(cudaMallocHost(&pinned, 12) == cudaSuccess);
  CHECK(std::isnan(pinned[2]));
  CHECK(cudaFreeHost(pinned) == cudaSuccess);
}

TEST_CASE("freeing null, a block twice, or what is not a block") {
  float *device = nullptr, *pinned = nullptr;
  REQUIRE(cudaMalloc(&device, 8) == cudaSuccess);
  REQUIRE(cudaHostAlloc(&pinned, 8, cudaHostAllocDefault) == cudaSuccess);
  CHECK(cudaFree(nullptr) == cudaSuccess);
  CHECK(cudaFree(pinned) == cudaErrorInvalidValue);
  CHECK(cudaFreeHost(device) == cudaErrorInvalidValue);
  CHECK(cudaFree(device + 1) == cudaErrorInvalidValue);
  CHECK(cudaFree(device) == cudaSuccess);
  CHECK(cudaFree(device) == cudaErrorInvalidValue);
  CHECK(cudaFreeHost(pinned) == cudaSuccess);
  CHECK(cudaFreeHost(pinned) == cudaErrorInvalidValue);
  CHECK_THAT(text(cudaFreeHost(pinned)), ContainsSubstring("freed before"));
  CHECK(cudaMalloc(&device, 0) == cudaSuccess);
  CHECK(device == nullptr);
  cudaGetLastError();
}

// A bug for which AddressSanitizer would end the program.
#if !defined(__SANITIZE_ADDRESS__)
TEST_CASE("a kernel that writes beyond its block is detected at the next synchronisation") {
  const Device<float> x(100);
  REQUIRE(launch(fill, 1, 128, x.get(), 101, 1.0f) == cudaSuccess);
  const cudaError_t error = cudaDeviceSynchronize();
  CHECK(error == cudaErrorIllegalAddress);
  CHECK_THAT(text(error),
             ContainsSubstring("a device block of 400 bytes was written past its end, at byte 400"));
  CHECK(cudaDeviceSynchronize() == cudaSuccess);
}

TEST_CASE("a kernel that writes beyond its block is detected when the block is freed") {
  float* x = nullptr;
  REQUIRE(cudaMalloc(&x, 400) == cudaSuccess);
  REQUIRE(launch(fill, 1, 256, x, 200, 1.0f) == cudaSuccess);
  CHECK(cudaFree(x) == cudaSuccess);  // as in a destructor, where the error is ignored
  CHECK(cudaDeviceSynchronize() == cudaErrorIllegalAddress);
}
#endif

TEST_CASE("copies must be in blocks of the stated kind") {
  const Device<float> x(10), y(10);
  float host[20] = {};
  CHECK(cudaMemcpy(x.get(), host, 40, cudaMemcpyHostToDevice) == cudaSuccess);
  CHECK(cudaMemcpy(x.get(), host, 40, cudaMemcpyDefault) == cudaSuccess);
  CHECK(cudaMemcpy(y.get(), x.get(), 40, cudaMemcpyDefault) == cudaSuccess);
  const cudaError_t error = cudaMemcpy(x.get() + 5, host, 40, cudaMemcpyHostToDevice);
  CHECK(error == cudaErrorInvalidValue);
  CHECK_THAT(text(error), ContainsSubstring("40 bytes at offset 20 of a device block of 40 bytes"));
  CHECK(cudaMemcpy(host, x.get(), 44, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue);
  CHECK(cudaMemcpy(host, x.get(), 40, cudaMemcpyHostToDevice) == cudaErrorInvalidValue);
  CHECK(cudaMemcpy(x.get(), host, 40, cudaMemcpyDeviceToDevice) == cudaErrorInvalidValue);
  CHECK(cudaMemcpy(host, host + 10, 40, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue);
  CHECK(cudaMemsetAsync(x.get(), 0, 44, nullptr) == cudaErrorInvalidValue);
  CHECK(cudaMemsetAsync(host, 0, 4, nullptr) == cudaErrorInvalidValue);
  CHECK(cudaMemsetAsync(x.get(), 0, 40, nullptr) == cudaSuccess);
  for (const float value : x.read()) CHECK(value == 0);
  cudaGetLastError();
}

TEST_CASE("a device has limited memory") {
  std::size_t free = 0, total = 0;
  REQUIRE(cudaMemGetInfo(&free, &total) == cudaSuccess);
  const std::size_t used = total - free;
  cuda_emulator::set_device_memory(used + 1000);
  float *x = nullptr, *y = nullptr;
  CHECK(cudaMalloc(&x, 600) == cudaSuccess);
  REQUIRE(cudaMemGetInfo(&free, &total) == cudaSuccess);
  CHECK(free == 400);
  CHECK(cudaMalloc(&y, 600) == cudaErrorMemoryAllocation);
  CHECK(y == nullptr);
  CHECK(cudaFree(x) == cudaSuccess);
  CHECK(cudaMalloc(&y, 600) == cudaSuccess);
  CHECK(cudaFree(y) == cudaSuccess);
  cuda_emulator::set_device_memory(std::size_t{16} << 30);
  cudaGetLastError();
}

TEST_CASE("two devices, each with its own memory and streams") {
  int count = 0, device = -1, processors = 0;
  REQUIRE(cudaGetDeviceCount(&count) == cudaSuccess);
  CHECK(count == 2);
  REQUIRE(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, 1) == cudaSuccess);
  CHECK(processors == 4);
  cudaDeviceProp properties;
  REQUIRE(cudaGetDeviceProperties(&properties, 0) == cudaSuccess);
  CHECK(std::string(properties.name) == "emulated");
  CHECK(cudaSetDevice(2) == cudaErrorInvalidDevice);

  const Stream first;
  const Device<float> x(iota(4));
  REQUIRE(cudaSetDevice(1) == cudaSuccess);
  REQUIRE(cudaGetDevice(&device) == cudaSuccess);
  CHECK(device == 1);
  const Device<float> y(4);
  CHECK(launch_on(first, fill, 1, 4, y.get(), 4, 1.0f) == cudaErrorInvalidResourceHandle);
  CHECK(cudaMemcpyPeerAsync(y.get(), 0, x.get(), 0, 16, nullptr) == cudaErrorInvalidValue);
  CHECK(cudaMemcpyPeerAsync(y.get(), 1, x.get(), 0, 16, nullptr) == cudaSuccess);
  CHECK(y.read() == x.read());
  REQUIRE(cudaSetDevice(0) == cudaSuccess);
  cudaGetLastError();
}

TEST_CASE("without devices, calls fail as without a driver") {
  cuda_emulator::set_device_count(0);
  int count = 7;
  CHECK(cudaGetDeviceCount(&count) == cudaErrorInsufficientDriver);
  CHECK(count == 7);
  float* x = nullptr;
  CHECK(cudaMalloc(&x, 4) == cudaErrorInsufficientDriver);
  cuda_emulator::set_device_count(2);
  cudaGetLastError();
}

TEST_CASE("names and texts of errors") {
  CHECK(std::string(cudaGetErrorName(cudaErrorStreamCaptureImplicit)) == "cudaErrorStreamCaptureImplicit");
  CHECK(std::string(cudaGetErrorString(cudaSuccess)) == "no error");
}
