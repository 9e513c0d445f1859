// How the losses add up on a GPU: one launch goes over all positions, adds up their losses in an order that
// never changes, divides, and reports what is wrong with labels and weights. Internal.
#pragma once

#include <algorithm>
#include <limits>

#include "tenbin/cuda/constant.h"
#include "tenbin/cuda/fault.cuh"
#include "tenbin/cuda/grid_reduce.cuh"
#include "tenbin/functions/loss/loss_support.h"

namespace tenbin::detail {

using gpu::Index;

inline constexpr Index nowhere = std::numeric_limits<Index>::max();

// What the losses of some positions add up to, and the first ones with something wrong.
struct LossSums {
  double loss;
  double weight;
  Index valid;
  Index wrong_label;
  Index wrong_sample_weight;

  static constexpr LossSums none() { return {0, 0, 0, nowhere, nowhere}; }
};

struct Together {
  __device__ LossSums operator()(const LossSums& a, const LossSums& b) const {
    const gpu::Smaller smaller;
    return {a.loss + b.loss, a.weight + b.weight, a.valid + b.valid, smaller(a.wrong_label, b.wrong_label),
            smaller(a.wrong_sample_weight, b.wrong_sample_weight)};
  }
};

inline __device__ LossSums shuffle_xor(unsigned lanes, const LossSums& sums, int with) {
  using gpu::detail::shuffle_xor;
  return {shuffle_xor(lanes, sums.loss, with), shuffle_xor(lanes, sums.weight, with),
          shuffle_xor(lanes, sums.valid, with), shuffle_xor(lanes, sums.wrong_label, with),
          shuffle_xor(lanes, sums.wrong_sample_weight, with)};
}

template <class T>
constexpr bool is_weight(T weight) {
  return weight >= T{0} && weight <= std::numeric_limits<T>::max();
}

// The numbers that forward leaves for backward on the device.
struct LossTotals {
  double coefficient;  // one over the divisor
  double loss;
};

// What becomes of the sums.
template <class T>
struct LossEnd {
  Reduce reduce;
  Normalize normalize;
  Index batch_size;
  T* loss;  // null for Reduce::no
  LossTotals* totals;

  const T* class_weight;  // null, or n_class of them
  Index n_class;
  const T* sample_weight;  // null, or one per position

  gpu::Fault* slot;
  gpu::Fault wrong_class_weight;
  gpu::Fault wrong_sample_weight;
  gpu::Fault wrong_label;

  // The last block.
  template <class LabelAt>
  __device__ void operator()(const LossSums& sums, LabelAt label_at) const {
    Index wrong_class = n_class;
    if (class_weight != nullptr)
      for (Index c = threadIdx.x; c < n_class; c += gpu::block_threads)
        if (!is_weight(class_weight[c])) wrong_class = gpu::Smaller()(wrong_class, c);
    wrong_class = gpu::Block<>::reduce(wrong_class, gpu::Smaller());
    if (threadIdx.x != 0) return;

    const double coefficient = loss_coefficient(reduce, normalize, static_cast<std::size_t>(batch_size),
                                                static_cast<std::size_t>(sums.valid), sums.weight);
    const double total = coefficient == 0 ? 0 : sums.loss * coefficient;
    *totals = {coefficient, total};
    if (loss != nullptr) *loss = static_cast<T>(total);

    if (wrong_class < n_class)
      gpu::report(slot, wrong_class_weight, wrong_class, static_cast<double>(class_weight[wrong_class]), 0);
    if (sums.wrong_sample_weight != nowhere)
      gpu::report(slot, wrong_sample_weight, sums.wrong_sample_weight,
                  static_cast<double>(sample_weight[sums.wrong_sample_weight]), 0);
    if (sums.wrong_label != nowhere)
      gpu::report(slot, wrong_label, sums.wrong_label, 0, label_at(sums.wrong_label));
  }
};

// A position's s, 1 without. One that is no weight is noted, and counts as 0.
template <class T>
__device__ T sample_weight_at(const T* sample_weight, Index p, LossSums& sums) {
  if (sample_weight == nullptr) return T{1};
  if (is_weight(sample_weight[p])) return sample_weight[p];
  sums.wrong_sample_weight = gpu::Smaller()(sums.wrong_sample_weight, p);
  return T{0};
}

// In float64 the compiler is told that one block at a time would do: it would rather spill than take more
// registers than four can have.
template <class Group, class Part, class T>
__global__ void __launch_bounds__(gpu::block_threads, sizeof(T) == sizeof(float) ? 4 : 1)
    loss_kernel(Index count, Part part, LossEnd<T> end, gpu::GridScratch<LossSums> scratch) {
  LossSums sums = LossSums::none();
  const Index step = static_cast<Index>(gridDim.x) * Group::rows_per_block;
  for (Index p = Group::row(); p < count; p += step) part(Group(), p, sums);
  if (gpu::reduce_grid(sums, LossSums::none(), Together(), scratch))
    end(sums, [&part](Index p) { return part.label(p); });
}

// Calls `part(group, p, sums)` for every position p in all threads of its group, and `end` with what they
// have added to `sums` together. `part.label(p)` is the label there, for a complaint.
template <class Group, class Part, class T>
void launch_loss(gpu::Context& context, Group, std::size_t count, const Part& part, const LossEnd<T>& end) {
  const auto positions = static_cast<Index>(count);
  const dim3 grid = gpu::resident_grid(context, gpu::ceil_div(positions, Group::rows_per_block));
  gpu::GridMemory<LossSums> memory(context, grid);
  gpu::Launch(context, grid, gpu::block_threads)(loss_kernel<Group, Part, T>, positions, part, end,
                                                 memory.scratch());
}

// The pointer, or null for none.
template <class T>
const T* data_or_null(const Array& array) {
  return array ? array.data<T>() : nullptr;
}

// Memory for LossTotals.
inline Array new_totals(const Array& x) { return Array::empty({2}, Dtype::float64, x.device()); }
inline LossTotals* totals_of(Array& totals) { return reinterpret_cast<LossTotals*>(totals.data<double>()); }
inline const LossTotals* totals_of(const Array& totals) {
  return reinterpret_cast<const LossTotals*>(totals.data<double>());
}

}  // namespace tenbin::detail
