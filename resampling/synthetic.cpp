#include "tenbin/resampling/synthetic.h"

#include <algorithm>
#include <cstring>

#include "tenbin/core/detail/labels.h"
#include "tenbin/core/random.h"
#include "tenbin/cpu/parallel.h"

namespace tenbin::detail {

namespace {

constexpr std::uint64_t synthetic_stream = 0x736d6f7465;
constexpr std::size_t rows_per_task = 1024;

// Computed in double, so that the difference of float32's extreme values is finite.
template <class T>
void interpolate(const T* x, std::size_t columns, const Synthetic& recipe, T* out) {
  const T* const base = x + recipe.base * columns;
  const T* const neighbor = x + recipe.neighbor * columns;
  const double gap = double{recipe.gap};
  for (std::size_t c = 0; c < columns; ++c) {
    const double from = static_cast<double>(base[c]);
    out[c] = static_cast<T>(from + gap * (static_cast<double>(neighbor[c]) - from));
  }
}

Array with_more_rows(const Array& x, std::size_t more) {
  Shape shape = x.shape();
  shape[0] += more;
  Array out = Array::empty(shape, x.dtype());
  std::memcpy(out.raw_data(), x.raw_data(), x.nbytes());
  return out;
}

}  // namespace

SyntheticSource synthetic_source(const char* function, const Dataset& train, const SamplingStrategy& strategy,
                                 std::size_t k_neighbors) {
  require_rows(train.x, train.t);  // the members are public and may have been assigned
  if (!is_floating(train.x.dtype())) throw Error(function, ": x must be float32 or float64, got ", train.x);
  if (k_neighbors == 0) throw Error(function, ": expected k_neighbors above 0, got 0");
  const Array t = to_label_vector(function, "t", train.t);
  SyntheticSource source{train.x.to(Device::cpu()), t, samples_by_class(t), {}};
  source.wanted = strategy.over_sampling(function, counts_of(source.classes));
  for (const auto& [c, rows] : source.classes)
    if (source.wanted.at(c) > rows.size() && rows.size() <= k_neighbors)
      throw Error(function, ": class ", c, " has ", rows.size(), " samples, ", k_neighbors,
                  " nearest neighbours need at least ", k_neighbors + 1);
  return source;
}

void draw_synthetic(std::vector<Synthetic>& plan, std::size_t count, const std::vector<std::size_t>& bases,
                    const Neighbors& neighbors, std::uint64_t seed) {
  const std::size_t done = plan.size();
  plan.resize(done + count);
  const double n = static_cast<double>(bases.size());
  tenbin::parallel_for((count + rows_per_task - 1) / rows_per_task, [&](std::size_t task) {
    const std::size_t begin = done + task * rows_per_task;
    const std::size_t end = std::min(done + count, begin + rows_per_task);
    for (std::size_t i = begin; i < end; ++i) {
      const auto words = random::philox(seed, i, synthetic_stream);
      const auto base = static_cast<std::size_t>(random::uniform53(words[0], words[1]) * n);
      const std::size_t neighbor = std::uint64_t{words[2]} * neighbors.k >> 32;
      plan[i] = {bases[base], neighbors[base][neighbor], static_cast<float>(words[3] >> 8) * 0x1p-24f};
    }
  });
}

Dataset append_synthetic(const char* function, const Dataset& train, const std::vector<Synthetic>& plan) {
  const Array x = train.x.to(Device::cpu()), t = train.t.to(Device::cpu());
  Array new_x = with_more_rows(x, plan.size()), new_t = with_more_rows(t, plan.size());
  const std::size_t rows = train.size(), columns = x.size() / rows, label_bytes = t.nbytes() / rows;
  const auto* const labels = static_cast<const char*>(t.raw_data());
  auto* const new_labels = static_cast<char*>(new_t.raw_data());
  visit_floating(x.dtype(), [&](auto zero) {
    using T = decltype(zero);
    T* const out = new_x.data<T>();
    tenbin::parallel_for((plan.size() + rows_per_task - 1) / rows_per_task, [&](std::size_t task) {
      const std::size_t end = std::min(plan.size(), (task + 1) * rows_per_task);
      for (std::size_t i = task * rows_per_task; i < end; ++i) {
        interpolate(x.data<T>(), columns, plan[i], out + (rows + i) * columns);
        std::memcpy(new_labels + (rows + i) * label_bytes, labels + plan[i].base * label_bytes, label_bytes);
      }
    });
  });
  Dataset resampled = part_of_dataset(new_x.to(train.x.device()), new_t.to(train.t.device()));
  resampled.resampled_by = function;
  return resampled;
}

}  // namespace tenbin::detail
