// The one place that knows whether there is CUDA: what stands in for .cu files where they are not compiled.
#pragma once

/// Its argument in a build without CUDA, nothing otherwise.
#ifdef TENBIN_WITH_CUDA
#define TENBIN_WITHOUT_CUDA(...)
#else
#define TENBIN_WITHOUT_CUDA(...) __VA_ARGS__
#endif
