// Stubs of GPU code for builds without CUDA.
#pragma once

#include "tenbin/core/error.h"

/// Its argument in a build without CUDA, nothing otherwise.
#if defined(TENBIN_WITH_CUDA) || defined(TENBIN_KERNELS)
#define TENBIN_WITHOUT_CUDA(...)
#else
#define TENBIN_WITHOUT_CUDA(...) __VA_ARGS__
#endif

namespace tenbin::detail {

/// Errors: `relu: this is a build without CUDA`, always.
template <class... Parts>
[[noreturn]] void no_cuda(const Parts&... what) {
  throw Error(what..., ": this is a build without CUDA");
}

}  // namespace tenbin::detail
