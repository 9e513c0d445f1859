// Not one body for both devices: the norm stays on the GPU, where its error is deferred. The CPU reads it,
// throws at once, and does nothing more if the norm is below the threshold.
#include "tenbin/optimizers/optimizer_hooks.h"

#include "tenbin/core/random.h"
#include "tenbin/cuda/capture.h"
#include "tenbin/cuda/deferred_error.cuh"
#include "tenbin/cuda/elementwise.cuh"
#include "tenbin/cuda/group.cuh"

namespace tenbin {

namespace {

using gpu::Block;
using gpu::block_threads;
using gpu::Index;

// Each block sums one part of the gradients. Where it ends depends on the size alone, so that the bits do not
// depend on the device.
template <class T>
__global__ void __launch_bounds__(block_threads)
    sum_of_squares_kernel(Index count, Index part, const T* grad, double* sums) {
  const Index begin = blockIdx.x * part;
  const Index end = begin + part < count ? begin + part : count;
  double sum = 0;
  for (Index i = begin + threadIdx.x; i < end; i += block_threads) {
    const auto g = static_cast<double>(grad[i]);
    sum += g * g;
  }
  sum = Block<>::reduce(sum, gpu::Plus());
  if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

// Every block adds up the sums of all parts again: they are few, and a launch of its own would cost more.
template <class T>
__global__ void __launch_bounds__(block_threads)
    clip_kernel(DeferredError* slot, DeferredError error, Index parts, const double* sums,
                gpu::StepValue<double> threshold, Index count, T* grad) {
  double sum = 0;
  for (Index i = threadIdx.x; i < parts; i += block_threads) sum += sums[i];
  const double norm = std::sqrt(Block<>::reduce(sum, gpu::Plus()));
  if (!std::isfinite(norm)) {
    if (blockIdx.x == 0 && threadIdx.x == 0) gpu::report(slot, error, 0, norm, 0);
    return;
  }
  if (norm <= threshold.get()) return;
  const detail::ClippingStep<T> clip{threshold.get(), norm};
  const bool is_direct = clip.is_direct();
  const T factor = clip.factor();
  const Index step = static_cast<Index>(gridDim.x) * block_threads;
  for (Index i = static_cast<Index>(blockIdx.x) * block_threads + threadIdx.x; i < count; i += step) {
    if (is_direct) {
      grad[i] *= factor;
    } else {
      clip(grad[i]);
    }
  }
}

[[noreturn]] void raise_norm(const DeferredError& error) {
  throw Error(error.function, ": the norm of the gradients is ", error.value);
}

constexpr Index most_parts = 512;  // of a group

Index part_size(std::size_t count) {
  constexpr Index smallest = 4096;
  return std::max(smallest, gpu::ceil_div(static_cast<Index>(count), most_parts));
}

Index part_count(std::size_t count) { return gpu::ceil_div(static_cast<Index>(count), part_size(count)); }

}  // namespace

void GradientClipping::clip_gpu(FlatGroups& groups) const {
  gpu::Context& context = gpu::Context::of(groups[0].grad);
  Index parts = 0;
  for (const FlatParameters& group : groups) parts += part_count(group.grad.size());
  Array sums = Array::empty({static_cast<std::size_t>(parts)}, Dtype::float64, groups[0].grad.device());

  double* place = sums.data<double>();
  for (const FlatParameters& group : groups) {
    const std::size_t count = group.grad.size();
    const Index blocks = part_count(count);
    if (blocks == 0) continue;
    visit_floating(group.grad.dtype(), [&](auto zero) {
      using T = decltype(zero);
      const gpu::Launch launch(context, dim3(static_cast<unsigned>(blocks)), block_threads);
      launch(sum_of_squares_kernel<T>, static_cast<Index>(count), part_size(count), group.grad.data<T>(),
             place);
    });
    place += blocks;
  }

  const DeferredError error(name(), Shape{}, raise_norm);
  const auto limit = gpu::step_value([this] { return threshold; });
  for (FlatParameters& group : groups) {
    const auto count = static_cast<Index>(group.grad.size());
    if (count == 0) continue;
    visit_floating(group.grad.dtype(), [&](auto zero) {
      using T = decltype(zero);
      const gpu::Launch launch(context, gpu::detail::grid_for(context, count), block_threads);
      launch(clip_kernel<T>, context.deferred_error(), error, parts, sums.data<double>(), limit, count,
             group.grad.data<T>());
    });
  }
}

namespace {

// The numbers of random::Generator::normal: two elements from four words. sincospi needs no range reduction.
template <class T>
__global__ void __launch_bounds__(block_threads) noise_kernel(gpu::StepValue<detail::GradientNoiseStep> noise,
                                                              std::uint64_t position, Index count, T* grad) {
  const Index i = 2 * (static_cast<Index>(blockIdx.x) * block_threads + threadIdx.x);
  if (i >= count) return;
  const auto [deviation, seed] = noise.get();
  const auto words = random::philox(seed, position + static_cast<std::uint64_t>(i) / 2);
  const double radius = std::sqrt(-2 * std::log1p(-random::uniform53(words[0], words[1])));
  double sine = 0, cosine = 0;
  sincospi(2 * random::uniform53(words[2], words[3]), &sine, &cosine);
  grad[i] += static_cast<T>(deviation * radius * cosine);
  if (i + 1 < count) grad[i + 1] += static_cast<T>(deviation * radius * sine);
}

}  // namespace

void GradientNoise::add_gpu(Array& grad, std::uint64_t position) const {
  if (grad.size() == 0) return;
  const auto step = gpu::step_value([this] { return noise(updates_done()); });
  visit_floating(grad.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto count = static_cast<Index>(grad.size());
    const Index blocks = gpu::ceil_div(count, 2 * block_threads);
    const gpu::Launch launch(gpu::Context::of(grad), dim3(static_cast<unsigned>(blocks)), block_threads);
    launch(noise_kernel<T>, step, position, count, grad.data<T>());
  });
}

}  // namespace tenbin
