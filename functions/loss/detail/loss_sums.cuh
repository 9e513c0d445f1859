// The launches of a loss on a GPU: forward computes the terms of all positions, adds them up in an order that
// never changes, divides, and reports invalid labels and weights; backward computes the gradient, unless
// forward already has. Internal.
#pragma once

#include <limits>

#include "tenbin/cuda/deferred_error.cuh"
#include "tenbin/cuda/grid_reduce.cuh"
#include "tenbin/functions/loss/detail/weighted_sums.h"

namespace tenbin::detail {

using gpu::Index;

// ---- the sums of some positions --------------------------------------------------------------------------

inline constexpr Index no_position = std::numeric_limits<Index>::max();

// The sum of the losses, and the first position with an invalid label or sample weight.
struct LossSums {
  double loss;
  Index wrong_label;
  Index wrong_sample_weight;

  static constexpr LossSums zero() { return {0, no_position, no_position}; }
};

// What the divisor of a mean is made of: the number of the valid targets, and their weights.
struct TargetSums {
  double weight;
  Index valid;

  static constexpr TargetSums zero() { return {0, 0}; }
};

struct AddSums {
  __device__ LossSums operator()(const LossSums& a, const LossSums& b) const {
    const gpu::Smaller smaller;
    return {a.loss + b.loss, smaller(a.wrong_label, b.wrong_label),
            smaller(a.wrong_sample_weight, b.wrong_sample_weight)};
  }
  __device__ TargetSums operator()(const TargetSums& a, const TargetSums& b) const {
    return {a.weight + b.weight, a.valid + b.valid};
  }
};

// For the `reduce` of a group (cuda/group.cuh).
inline __device__ LossSums shuffle_xor(unsigned lanes, const LossSums& sums, int with) {
  using gpu::detail::shuffle_xor;
  return {shuffle_xor(lanes, sums.loss, with), shuffle_xor(lanes, sums.wrong_label, with),
          shuffle_xor(lanes, sums.wrong_sample_weight, with)};
}
inline __device__ TargetSums shuffle_xor(unsigned lanes, const TargetSums& sums, int with) {
  using gpu::detail::shuffle_xor;
  return {shuffle_xor(lanes, sums.weight, with), shuffle_xor(lanes, sums.valid, with)};
}

template <class T>
constexpr bool is_weight(T weight) {
  return weight >= T{0} && weight <= std::numeric_limits<T>::max();
}

// The sample weight of position p; without weights 1. An invalid one is taken as 0, and recorded in `sums`.
template <class T>
__device__ T sample_weight_at(const T* sample_weight, Index p) {
  if (sample_weight == nullptr) return T{1};
  return is_weight(sample_weight[p]) ? sample_weight[p] : T{0};
}
template <class T>
__device__ T sample_weight_at(const T* sample_weight, Index p, LossSums& sums) {
  if (sample_weight != nullptr && !is_weight(sample_weight[p]))
    sums.wrong_sample_weight = gpu::Smaller()(sums.wrong_sample_weight, p);
  return sample_weight_at(sample_weight, p);
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

  // One over the divisor. The sums matter only if `counts_targets`.
  __device__ double coefficient(const TargetSums& sums) const {
    return loss_coefficient(reduce, normalize, static_cast<std::size_t>(batch_size),
                            static_cast<std::size_t>(sums.valid), sums.weight);
  }
  bool counts_targets() const { return reduce == Reduce::mean && normalize != Normalize::batch_size; }

  template <class LabelAt>
  __device__ void operator()(const LossSums& sums, double coefficient, LabelAt label_at) const {
    const Index wrong_class = first_wrong_class_weight();
    if (threadIdx.x != 0) return;
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

// ---- the divisor -----------------------------------------------------------------------------------------

// The gradient leaves with the loss, so the divisor has to be known before. If it is made of targets, every
// block counts them all, as long as this takes less time than another launch would: each thread reads at most
// 16 numbers, from the cache. Above that a launch of its own counts them. (Blocks that wait for each other
// within a launch would have to run all at once, which no limit of registers can promise.)
enum class Divisor { known, counted_by_every_block, counted_before };

inline constexpr std::size_t most_counted_by_every_block = 16 * gpu::block_threads;

// What this thread adds to the sums of the targets first, first + step, ...
template <class Group, class Part>
__device__ TargetSums count_targets(Index first, Index step, Index count, const Part& part) {
  TargetSums sums = TargetSums::zero();
  for (Index p = first; p < count; p += step) part.count_target(Group(), p, sums);
  return sums;
}

template <class Group, class Part, class T>
__global__ void __launch_bounds__(gpu::block_threads, 1)
    divisor_kernel(Index count, Part part, LossEpilogue<T> epilogue, gpu::GridScratch<TargetSums> scratch) {
  const Index step = static_cast<Index>(gridDim.x) * Group::lines_per_block;
  TargetSums sums = count_targets<Group>(Group::line(), step, count, part);
  if (gpu::reduce_grid(sums, TargetSums::zero(), AddSums(), scratch) && threadIdx.x == 0)
    epilogue.totals->coefficient = epilogue.coefficient(sums);
}

// One over the divisor, in all threads of every block.
template <class Group, class Part, class T>
__device__ double coefficient_of(Divisor divisor, Index count, const Part& part,
                                 const LossEpilogue<T>& epilogue) {
  if (divisor == Divisor::counted_before) return epilogue.totals->coefficient;
  TargetSums sums = TargetSums::zero();
  if (divisor == Divisor::counted_by_every_block)
    sums = gpu::Block<>::reduce(
        count_targets<Group>(threadIdx.x / Group::width, Group::lines_per_block, count, part), AddSums());
  return epilogue.coefficient(sums);
}

// ---- the launches ----------------------------------------------------------------------------------------

// float64: at least 1 resident block. With the register limit for 4 the compiler spills.
template <class Group, class Part, class T>
__global__ void __launch_bounds__(gpu::block_threads, sizeof(T) == sizeof(float) ? 4 : 1)
    loss_kernel(Index count, Part part, LossEpilogue<T> epilogue, Divisor divisor,
                gpu::GridScratch<LossSums> scratch) {
  const double coefficient =
      coefficient_of<typename Part::template TargetGroup<Group>>(divisor, count, part, epilogue);
  LossSums sums = LossSums::zero();
  const Index step = static_cast<Index>(gridDim.x) * Group::lines_per_block;
  for (Index p = Group::line(); p < count; p += step) part(Group(), p, coefficient, sums);
  if (gpu::reduce_grid(sums, LossSums::zero(), AddSums(), scratch))
    epilogue(sums, coefficient, [&part](Index p) { return part.label(p); });
}

// Calls `part(group, p, coefficient, sums)` for every position p in all threads of its group, and `epilogue`
// with the sum of what they have added to `sums`. `part.label(p)` is the label there, for an error.
// `part.count_target(group, p, sums)` adds the target to the sums of the divisor; a target consists of
// `part.target_size()` numbers, and is read by a `Part::TargetGroup<Group>`.
template <class Group, class Part, class T>
void launch_loss(gpu::Context& context, Group, std::size_t count, const Part& part,
                 const LossEpilogue<T>& epilogue) {
  const auto positions = static_cast<Index>(count);
  Divisor divisor = Divisor::known;
  if (epilogue.counts_targets())
    divisor = count * part.target_size() <= most_counted_by_every_block ? Divisor::counted_by_every_block
                                                                        : Divisor::counted_before;
  if (divisor == Divisor::counted_before) {
    using TargetGroup = typename Part::template TargetGroup<Group>;
    const dim3 grid = gpu::resident_grid(context, gpu::ceil_div(positions, TargetGroup::lines_per_block));
    gpu::GridMemory<TargetSums> memory(context, grid);
    gpu::Launch(context, grid, gpu::block_threads)(divisor_kernel<TargetGroup, Part, T>, positions, part,
                                                   epilogue, memory.scratch());
  }
  const dim3 grid = gpu::resident_grid(context, gpu::ceil_div(positions, Group::lines_per_block));
  gpu::GridMemory<LossSums> memory(context, grid);
  gpu::Launch(context, grid, gpu::block_threads)(loss_kernel<Group, Part, T>, positions, part, epilogue,
                                                 divisor, memory.scratch());
}

// 1 resident block is enough: otherwise the compiler spills rather than use more than 64 registers.
template <class Group, class Part>
__global__ void __launch_bounds__(gpu::block_threads, 1) gradient_kernel(Index count, Part part) {
  if (part.is_done()) return;
  const Index step = static_cast<Index>(gridDim.x) * Group::lines_per_block;
  for (Index p = Group::line(); p < count; p += step) part(Group(), p);
}

// Calls `part(group, p)` for every position p in all threads of its group, unless `part.is_done()`: forward
// has computed the gradient for gy = 1, and gy is 1. That is decided on the device, where gy is.
template <class Group, class Part>
void launch_gradient(gpu::Context& context, Group, std::size_t count, const Part& part) {
  if (count == 0) return;
  const auto positions = static_cast<Index>(count);
  const dim3 grid = gpu::resident_grid(context, gpu::ceil_div(positions, Group::lines_per_block));
  gpu::Launch(context, grid, gpu::block_threads)(gradient_kernel<Group, Part>, positions, part);
}

// ---- a loss of each element ------------------------------------------------------------------------------

// Of `Elements` as in detail/element_loss.h, with is_wrong(i) and labels t. A thread for each element.
template <class Elements>
struct ForwardElement {
  using T = typename Elements::Scalar;
  template <class Group>
  using TargetGroup = gpu::Lanes<1>;

  Elements elements;
  const T* sample_weight;  // null: ones
  T* each_loss;            // null unless Reduce::no
  T* gx;                   // null, or the gradient for gy = 1

  template <class Group>
  __device__ void operator()(Group, Index index, double coefficient, LossSums& total) const {
    const auto i = static_cast<std::size_t>(index);
    const auto sample = static_cast<double>(sample_weight_at(sample_weight, index, total));
    const Terms<T> terms = elements.terms(i);
    const auto weight = static_cast<double>(weight_or_zero(elements, i));
    const double loss = weighted(static_cast<double>(terms.value), sample, weight);
    total.loss += loss;
    if (elements.is_wrong(i)) total.wrong_label = gpu::Smaller()(total.wrong_label, index);
    if (each_loss != nullptr) each_loss[i] = static_cast<T>(loss);
    if (gx != nullptr)
      gx[i] = static_cast<T>(weighted(static_cast<double>(terms.slope), coefficient * sample, weight));
  }

  template <class Group>
  __device__ void count_target(Group, Index index, TargetSums& total) const {
    const auto i = static_cast<std::size_t>(index);
    if (!elements.is_valid(i)) return;
    total.weight +=
        static_cast<double>(sample_weight_at(sample_weight, index)) * static_cast<double>(elements.weight(i));
    total.valid += 1;
  }
  std::size_t target_size() const { return 1; }

  __device__ Index label(Index i) const { return elements.t[i]; }
};

template <class Elements>
struct BackwardElement {
  using T = typename Elements::Scalar;

  Elements elements;
  const T* sample_weight;
  const LossTotals* totals;
  const T* gy;
  bool gy_of_each;
  bool is_kept;  // gx is the gradient for gy = 1; not with `gy_of_each`
  T* gx;

  __device__ bool is_done() const { return is_kept && *gy == T{1}; }

  template <class Group>
  __device__ void operator()(Group, Index index) const {
    const auto i = static_cast<std::size_t>(index);
    const double outer = product_or_zero(static_cast<double>(gy[gy_of_each ? i : 0]), totals->coefficient);
    const auto sample = static_cast<double>(sample_weight_at(sample_weight, index));
    gx[i] =
        static_cast<T>(weighted(static_cast<double>(elements.terms(i).slope), product_or_zero(outer, sample),
                                static_cast<double>(weight_or_zero(elements, i))));
  }
};

}  // namespace tenbin::detail
