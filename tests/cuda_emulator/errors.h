// How the emulator's functions fail: internally they throw, the API returns CUDA's error codes.
#pragma once

#include <cuda_runtime_api.h>

#include <mutex>
#include <stdexcept>
#include <string>

namespace cuda_emulator {

struct Failure : std::runtime_error {
  Failure(cudaError_t code_, const std::string& text) : std::runtime_error(text), code(code_) {}
  cudaError_t code;
};

inline void require(bool condition, cudaError_t code, const char* text) {
  if (!condition) throw Failure(code, text);
}

/// Makes it the calling thread's last error, with the text for cudaGetErrorString.
cudaError_t remember(cudaError_t code, const char* text);

/// Protects all state; recursive, for work that runs within a call.
std::recursive_mutex& mutex();

/// The common frame of every API function.
template <class Body>
cudaError_t call(Body body) {
  const std::lock_guard<std::recursive_mutex> lock(mutex());
  try {
    body();
    return cudaSuccess;
  } catch (const Failure& failure) {
    return remember(failure.code, failure.what());
  } catch (const std::bad_alloc&) {
    return remember(cudaErrorMemoryAllocation, "the host's memory is full");
  }
}

}  // namespace cuda_emulator
