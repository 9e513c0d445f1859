// The GPU runtime of a build without CUDA: there is no device, and asking for one is an error that says why.
#include "tenbin/core/error.h"
#include "tenbin/cuda/runtime.h"

namespace tenbin::gpu {

bool is_available() { return false; }

void* allocate(std::size_t, int device) {
  throw Error("cuda:", device, " is not available: this is a build without CUDA");
}

void release(void*, std::size_t, int) noexcept {}

void copy(void*, Device to, const void*, Device from, std::size_t) {
  throw Error("copy from ", from, " to ", to, ": this is a build without CUDA");
}

void add(Array&, const Array&) { throw Error("Array::add: this is a build without CUDA"); }

}  // namespace tenbin::gpu
