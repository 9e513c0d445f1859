// The emulated devices: their number, the current one of each thread, and their properties.
#include <cstdlib>
#include <cstring>
#include <string>

#include "emulator.h"
#include "errors.h"
#include "memory.h"

namespace {

int& device_count() {
  static int count = [] {
    const char* text = std::getenv("TENBIN_EMULATOR_DEVICES");
    return text != nullptr ? std::atoi(text) : 2;
  }();
  return count;
}

thread_local int current = 0;

using cuda_emulator::call;
using cuda_emulator::Failure;
using cuda_emulator::require;

void require_a_device(int device) {
  require(device_count() > 0, cudaErrorInsufficientDriver, "");
  if (device < 0 || device >= device_count())
    throw Failure(cudaErrorInvalidDevice, std::to_string(device) + " of " + std::to_string(device_count()));
}

}  // namespace

namespace cuda_emulator {

void set_device_count(int count) {
  const std::lock_guard<std::recursive_mutex> lock(mutex());
  device_count() = count;
}

int current_device() {
  require_a_device(current);
  return current;
}

}  // namespace cuda_emulator

cudaError_t cudaGetDeviceCount(int* count) {
  return call([&] {
    require(device_count() > 0, cudaErrorInsufficientDriver, "");
    *count = device_count();
  });
}

cudaError_t cudaGetDevice(int* device) {
  return call([&] { *device = cuda_emulator::current_device(); });
}

cudaError_t cudaSetDevice(int device) {
  return call([&] {
    require_a_device(device);
    current = device;
  });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  return call([&] {
    require_a_device(device);
    *properties = {};
    std::strcpy(properties->name, "emulated");
    properties->totalGlobalMem = std::size_t{16} << 30;
    properties->sharedMemPerBlock = 48 << 10;
    properties->warpSize = 32;
    properties->maxThreadsPerBlock = 1024;
    properties->maxThreadsPerMultiProcessor = 2048;
    properties->multiProcessorCount = 4;
    properties->l2CacheSize = 4 << 20;
    properties->major = 9;
    properties->minor = 0;
  });
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  cudaDeviceProp properties;
  if (const cudaError_t error = cudaGetDeviceProperties(&properties, device)) return error;
  return call([&] {
    switch (attribute) {
      case cudaDevAttrMaxThreadsPerBlock:
        *value = properties.maxThreadsPerBlock;
        return;
      case cudaDevAttrMaxSharedMemoryPerBlock:
        *value = int(properties.sharedMemPerBlock);
        return;
      case cudaDevAttrWarpSize:
        *value = properties.warpSize;
        return;
      case cudaDevAttrMultiProcessorCount:
        *value = properties.multiProcessorCount;
        return;
      case cudaDevAttrL2CacheSize:
        *value = properties.l2CacheSize;
        return;
      case cudaDevAttrMaxThreadsPerMultiProcessor:
        *value = properties.maxThreadsPerMultiProcessor;
        return;
      case cudaDevAttrComputeCapabilityMajor:
        *value = properties.major;
        return;
      case cudaDevAttrComputeCapabilityMinor:
        *value = properties.minor;
        return;
    }
    throw Failure(cudaErrorInvalidValue, "cudaDeviceGetAttribute: not emulated");
  });
}

cudaError_t cudaDriverGetVersion(int* version) {
  return call([&] { *version = device_count() > 0 ? 13000 : 0; });
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  return call([&] { *version = 13000; });
}
