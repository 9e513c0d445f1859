#include "tenbin/evaluation/accuracy.h"

#include "tenbin/cuda/group.cuh"

namespace tenbin::detail {

namespace {

using gpu::Index;

// One block is enough for the labels of a test set, and avoids a second launch.
template <class I, class J>
__global__ void __launch_bounds__(gpu::block_threads)
    count_labels(Index count, const I* guess, const J* truth, Index ignore_label, Index n_class, Index* out) {
  using Group = gpu::Block<>;
  Index counted = 0;
  Index right = 0;
  Index ones = 0;
  Index outside = count;
  Index nan = count;
  for (Index i = Group::rank(); i < count; i += Group::width) {
    const auto label = static_cast<Index>(truth[i]);
    if (label == ignore_label) continue;
    ++counted;
    const auto predicted = static_cast<Index>(guess[i]);
    right += label == predicted ? 1 : 0;
    ones += label == 1 ? 1 : 0;
    if (n_class == 0) continue;
    if ((label < 0 || label >= n_class) && i < outside) outside = i;
    if (predicted == nan_class && i < nan) nan = i;
  }
  counted = Group::reduce(counted, gpu::Plus());
  right = Group::reduce(right, gpu::Plus());
  ones = Group::reduce(ones, gpu::Plus());
  outside = Group::reduce(outside, gpu::Smaller());
  nan = Group::reduce(nan, gpu::Smaller());
  if (Group::rank() != 0) return;
  out[0] = counted;
  out[1] = right;
  out[2] = ones;
  out[3] = outside;
  out[4] = nan;
}

}  // namespace

LabelCounts count_labels_gpu(const Array& predicted, const Array& t, std::int64_t ignore_label,
                             std::size_t n_class) {
  Array counts = Array::empty({5}, Dtype::int64, t.device());
  auto* const out = static_cast<Index*>(counts.raw_data());
  const gpu::Launch launch(gpu::Context::of(t), 1, gpu::block_threads);
  visit_integer(predicted.dtype(), [&](auto guess) {
    visit_integer(t.dtype(), [&](auto truth) {
      using I = decltype(guess);
      using J = decltype(truth);
      launch(count_labels<I, J>, static_cast<Index>(t.size()), predicted.data<I>(), t.data<J>(), ignore_label,
             static_cast<Index>(n_class), out);
    });
  });
  const std::vector<std::int64_t> values = counts.to_vector<std::int64_t>();
  return {static_cast<std::size_t>(values[0]), static_cast<std::size_t>(values[1]),
          static_cast<std::size_t>(values[2]), static_cast<std::size_t>(values[3]),
          static_cast<std::size_t>(values[4])};
}

}  // namespace tenbin::detail
