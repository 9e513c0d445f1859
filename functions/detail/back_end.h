// For a .cpp file that computes on both devices. CMake compiles it twice: as C++, for the CPU, and as
// kernels, for the GPU. Such files are listed in CMakeLists.txt as COMPILED_TWICE or UPDATE_RULES. Internal.
//
//     Arrays Square::TENBIN_FORWARD(const Arrays& xs) { return {back_end::map(Multiply(), xs[0], xs[0])}; }
//
//     #ifndef TENBIN_KERNELS  // compiled once, for both devices
//     void Square::check(const Arrays& xs) const { require_floating(*this, "x", xs[0]); }
//     TENBIN_NO_GPU(Square);
//     #endif
//
// `back_end` is `cpu` or `gpu`. What both have: `map`, `map_last` (elementwise), `sum_to`, `mean_to`,
// `max_to`, `min_to`, `broadcast_to`, `sum_middle`, `repeat_middle` (reduce), `join`, `read_slice`,
// `read_view`, `write_view`, `gather_rows`, `add_rows` (gather), `gemm` and `gemm_with_bias`; for update
// rules `update_each` and `step_value`. Formulas are structs with a constexpr operator(), which both
// compilers accept, and lambdas are not; their exponentials are in functions/formula_math.h.
#pragma once

#ifdef TENBIN_KERNELS
#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/cuda/gather.h"
#include "tenbin/cuda/gemm.cuh"
#include "tenbin/cuda/reduce.h"
#define TENBIN_FORWARD forward_gpu
#define TENBIN_BACKWARD backward_gpu
#else
#include "tenbin/cpu/elementwise.h"
#include "tenbin/cpu/gather.h"
#include "tenbin/cpu/gemm.h"
#include "tenbin/cpu/reduce.h"
#define TENBIN_FORWARD forward_cpu
#define TENBIN_BACKWARD backward_cpu
#endif

namespace tenbin {

#ifdef TENBIN_KERNELS
namespace back_end = gpu;
#else
namespace back_end = cpu;
#endif

}  // namespace tenbin
