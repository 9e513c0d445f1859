// CUDA's errors: names, texts, and the last error of each thread.
#include "errors.h"

#include <cstdio>
#include <utility>

namespace cuda_emulator {
namespace {

struct Description {
  cudaError_t code;
  const char* name;
  const char* text;
};

constexpr Description descriptions[] = {
    {cudaSuccess, "cudaSuccess", "no error"},
    {cudaErrorInvalidValue, "cudaErrorInvalidValue", "invalid argument"},
    {cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory"},
    {cudaErrorInvalidConfiguration, "cudaErrorInvalidConfiguration", "invalid configuration argument"},
    {cudaErrorInvalidMemcpyDirection, "cudaErrorInvalidMemcpyDirection", "invalid copy direction for memcpy"},
    {cudaErrorInsufficientDriver, "cudaErrorInsufficientDriver",
     "CUDA driver version is insufficient for CUDA runtime version"},
    {cudaErrorNoDevice, "cudaErrorNoDevice", "no CUDA-capable device is detected"},
    {cudaErrorInvalidDevice, "cudaErrorInvalidDevice", "invalid device ordinal"},
    {cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", "invalid resource handle"},
    {cudaErrorIllegalState, "cudaErrorIllegalState",
     "the operation cannot be performed in the present state"},
    {cudaErrorNotReady, "cudaErrorNotReady", "device not ready"},
    {cudaErrorIllegalAddress, "cudaErrorIllegalAddress", "an illegal memory access was encountered"},
    {cudaErrorLaunchFailure, "cudaErrorLaunchFailure", "unspecified launch failure"},
    {cudaErrorNotSupported, "cudaErrorNotSupported", "operation not supported"},
    {cudaErrorStreamCaptureUnsupported, "cudaErrorStreamCaptureUnsupported",
     "operation not permitted when stream is capturing"},
    {cudaErrorStreamCaptureInvalidated, "cudaErrorStreamCaptureInvalidated",
     "operation failed due to a previous error during capture"},
    {cudaErrorStreamCaptureIsolation, "cudaErrorStreamCaptureIsolation",
     "dependency created on uncaptured work in another stream"},
    {cudaErrorStreamCaptureImplicit, "cudaErrorStreamCaptureImplicit",
     "operation would make the legacy stream depend on a capturing blocking stream"},
    {cudaErrorCapturedEvent, "cudaErrorCapturedEvent",
     "operation not permitted on an event last recorded in a capturing stream"},
    {cudaErrorStreamCaptureWrongThread, "cudaErrorStreamCaptureWrongThread",
     "attempt to terminate a thread-local capture sequence from another thread"},
};

const Description* find(cudaError_t code) {
  for (const Description& description : descriptions)
    if (description.code == code) return &description;
  return nullptr;
}

struct LastError {
  cudaError_t code = cudaSuccess;       // returned and cleared by cudaGetLastError
  cudaError_t described = cudaSuccess;  // the error that the text describes
  char text[2000] = {};
};
thread_local LastError last;  // trivially destroyed: a static object's destructor may still call CUDA

}  // namespace

std::recursive_mutex& mutex() {
  static auto& mutex = *new std::recursive_mutex;  // outlives every static object that uses CUDA
  return mutex;
}

cudaError_t remember(cudaError_t code, const char* text) {
  last.code = last.described = code;
  const Description* description = find(code);
  std::snprintf(last.text, sizeof last.text, "%s%s%s",
                description != nullptr ? description->text : "unknown error", *text != '\0' ? ": " : "",
                text);
  return code;
}

}  // namespace cuda_emulator

using cuda_emulator::last;

const char* cudaGetErrorName(cudaError_t error) {
  const auto* description = cuda_emulator::find(error);
  return description != nullptr ? description->name : "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
  if (error != cudaSuccess && error == last.described) return last.text;
  const auto* description = cuda_emulator::find(error);
  return description != nullptr ? description->text : "unrecognized error code";
}

cudaError_t cudaGetLastError() { return std::exchange(last.code, cudaSuccess); }

cudaError_t cudaPeekAtLastError() { return last.code; }
