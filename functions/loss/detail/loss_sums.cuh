// The sum of a loss on a GPU: one launch computes the terms of all positions, adds them up in an order that
// never changes, divides, and reports invalid labels and weights. Internal.
#pragma once

#include <limits>

#include "tenbin/cuda/deferred_error.cuh"
#include "tenbin/cuda/grid_reduce.cuh"
#include "tenbin/functions/loss/detail/weighted_sums.h"

namespace tenbin::detail {

using gpu::Index;

// ---- the sums of some positions --------------------------------------------------------------------------

inline constexpr Index no_position = std::numeric_limits<Index>::max();

// Sums over positions, and the first position with an invalid label or sample weight.
struct LossSums {
  double loss;
  double weight;
  Index valid;
  Index wrong_label;
  Index wrong_sample_weight;

  static constexpr LossSums zero() { return {0, 0, 0, no_position, no_position}; }
};

struct AddLossSums {
  __device__ LossSums operator()(const LossSums& a, const LossSums& b) const {
    const gpu::Smaller smaller;
    return {a.loss + b.loss, a.weight + b.weight, a.valid + b.valid, smaller(a.wrong_label, b.wrong_label),
            smaller(a.wrong_sample_weight, b.wrong_sample_weight)};
  }
};

// For the `reduce` of a group (cuda/group.cuh).
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

// The sample weight of position p; without weights 1. An invalid one is recorded in `sums` and taken as 0.
template <class T>
__device__ T sample_weight_at(const T* sample_weight, Index p, LossSums& sums) {
  if (sample_weight == nullptr) return T{1};
  if (is_weight(sample_weight[p])) return sample_weight[p];
  sums.wrong_sample_weight = gpu::Smaller()(sums.wrong_sample_weight, p);
  return T{0};
}

// ---- the result ------------------------------------------------------------------------------------------

// What forward stores on the device for backward.
struct LossTotals {
  double coefficient;  // one over the divisor
  double loss;
};

// Memory for LossTotals.
inline Array new_totals(const Array& x) { return Array::empty({2}, Dtype::float64, x.device()); }
inline LossTotals* totals_of(Array& totals) { return reinterpret_cast<LossTotals*>(totals.data<double>()); }
inline const LossTotals* totals_of(const Array& totals) {
  return reinterpret_cast<const LossTotals*>(totals.data<double>());
}

// Options of a loss on the device. Weights have x's dtype; empty: ones.
struct LossOptions {
  Reduce reduce;
  Normalize normalize;
  const char* class_weight_name;  // of the option, for an error
  Array class_weight;
  Array sample_weight;
};

// The end of the launch, by the last block: divides the sum, stores loss and totals, reports errors.
template <class T>
struct LossEpilogue {
  Reduce reduce;
  Normalize normalize;
  Index batch_size;
  T* loss;  // null for Reduce::no
  LossTotals* totals;

  const T* class_weight;  // null, or n_class of them
  Index n_class;
  const T* sample_weight;  // null, or one per position

  DeferredError* slot;
  DeferredError class_weight_error;
  DeferredError sample_weight_error;
  DeferredError label_error;

  template <class LabelAt>
  __device__ void operator()(const LossSums& sums, LabelAt label_at) const {
    const Index wrong_class = first_wrong_class_weight();
    if (threadIdx.x != 0) return;
    const double coefficient = loss_coefficient(reduce, normalize, static_cast<std::size_t>(batch_size),
                                                static_cast<std::size_t>(sums.valid), sums.weight);
    const double total = coefficient == 0 ? 0 : sums.loss * coefficient;
    *totals = {coefficient, total};
    if (loss != nullptr) *loss = static_cast<T>(total);

    if (wrong_class < n_class)
      gpu::report(slot, class_weight_error, wrong_class, static_cast<double>(class_weight[wrong_class]), 0);
    if (sums.wrong_sample_weight != no_position)
      gpu::report(slot, sample_weight_error, sums.wrong_sample_weight,
                  static_cast<double>(sample_weight[sums.wrong_sample_weight]), 0);
    if (sums.wrong_label != no_position)
      gpu::report(slot, label_error, sums.wrong_label, 0, label_at(sums.wrong_label));
  }

 private:
  // n_class if all are valid.
  __device__ Index first_wrong_class_weight() const {
    Index first = n_class;
    if (class_weight != nullptr)
      for (Index c = threadIdx.x; c < n_class; c += gpu::block_threads)
        if (!is_weight(class_weight[c])) first = gpu::Smaller()(first, c);
    return gpu::Block<>::reduce(first, gpu::Smaller());
  }
};

// `loss`: the result, of any shape for Reduce::no. `label_error`: of an invalid label, for a loss that checks
// labels.
template <class T>
LossEpilogue<T> make_loss_epilogue(const Function& function, const LossOptions& options, const Array& x,
                                   Array& loss, Array& totals, const DeferredError& label_error = {}) {
  const auto weight_error = [&](const char* option, const Array& weights) {
    return not_finite_error(function.name(), option, weights.shape(), Sign::not_negative);
  };
  return {options.reduce,
          options.normalize,
          x.ndim() == 0 ? 1 : static_cast<Index>(x.shape()[0]),
          options.reduce == Reduce::no ? nullptr : loss.data<T>(),
          totals_of(totals),
          data_or_null<T>(options.class_weight),
          static_cast<Index>(options.class_weight.size()),
          data_or_null<T>(options.sample_weight),
          gpu::Context::of(x).deferred_error(),
          weight_error(options.class_weight_name, options.class_weight),
          weight_error("sample_weight", options.sample_weight),
          label_error};
}

// ---- the launch ------------------------------------------------------------------------------------------

// float64: at least 1 resident block. With the register limit for 4 the compiler spills.
template <class Group, class Part, class T>
__global__ void __launch_bounds__(gpu::block_threads, sizeof(T) == sizeof(float) ? 4 : 1)
    loss_kernel(Index count, Part part, LossEpilogue<T> epilogue, gpu::GridScratch<LossSums> scratch) {
  LossSums sums = LossSums::zero();
  const Index step = static_cast<Index>(gridDim.x) * Group::lines_per_block;
  for (Index p = Group::line(); p < count; p += step) part(Group(), p, sums);
  if (gpu::reduce_grid(sums, LossSums::zero(), AddLossSums(), scratch))
    epilogue(sums, [&part](Index p) { return part.label(p); });
}

// Calls `part(group, p, sums)` for every position p in all threads of its group, and `epilogue` with the sum
// of what they have added to `sums`. `part.label(p)` is the label there, for an error.
template <class Group, class Part, class T>
void launch_loss(gpu::Context& context, Group, std::size_t count, const Part& part,
                 const LossEpilogue<T>& epilogue) {
  const auto positions = static_cast<Index>(count);
  const dim3 grid = gpu::resident_grid(context, gpu::ceil_div(positions, Group::lines_per_block));
  gpu::GridMemory<LossSums> memory(context, grid);
  gpu::Launch(context, grid, gpu::block_threads)(loss_kernel<Group, Part, T>, positions, part, epilogue,
                                                 memory.scratch());
}

}  // namespace tenbin::detail
