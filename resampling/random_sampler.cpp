#include "tenbin/resampling/random_sampler.h"

#include <algorithm>
#include <numeric>

#include "tenbin/core/detail/labels.h"
#include "tenbin/datasets/detail/pass_generator.h"

namespace tenbin {

namespace {

using Rows = std::vector<std::size_t>;

constexpr std::uint64_t over_stream = 0x6f766572;
constexpr std::uint64_t under_stream = 0x756e646572;

Dataset marked(Dataset data, const char* name) {
  data.resampled_by = name;
  return data;
}

}  // namespace

Rows random_over_sample(const Array& t, const RandomSampleOptions& options) {
  constexpr const char* function = "random_over_sample";
  const auto classes = detail::samples_by_class(detail::to_label_vector(function, "t", t));
  const auto wanted = options.sampling_strategy.over_sampling(function, detail::counts_of(classes));
  random::Generator generator = detail::pass_generator(options.seed, options.epoch, over_stream);
  Rows rows(t.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  for (const auto& [c, samples] : classes)
    for (std::size_t i = samples.size(); i < wanted.at(c); ++i)
      rows.push_back(samples[generator.integer(samples.size())]);
  return rows;
}

Dataset random_over_sample(const Dataset& train, const RandomSampleOptions& options) {
  return marked(train.subset(random_over_sample(train.t, options)), "random_over_sample");
}

Rows random_under_sample(const Array& t, const RandomSampleOptions& options) {
  constexpr const char* function = "random_under_sample";
  const auto classes = detail::samples_by_class(detail::to_label_vector(function, "t", t));
  const auto wanted = options.sampling_strategy.under_sampling(function, detail::counts_of(classes));
  random::Generator generator = detail::pass_generator(options.seed, options.epoch, under_stream);
  Rows rows;
  for (const auto& [c, samples] : classes) {
    const Rows order = generator.permutation(samples.size());
    for (std::size_t i = 0; i < wanted.at(c); ++i) rows.push_back(samples[order[i]]);
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

Dataset random_under_sample(const Dataset& train, const RandomSampleOptions& options) {
  return marked(train.subset(random_under_sample(train.t, options)), "random_under_sample");
}

}  // namespace tenbin
