#include "tenbin/evaluation/detail/ranking.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "tenbin/evaluation/detail/metric_rows.h"

namespace tenbin::detail {

namespace {

constexpr std::uint64_t sign = std::uint64_t{1} << 63;
constexpr std::size_t digits = sizeof(std::uint64_t);
constexpr std::size_t digit_values = 256;

using Histogram = std::array<std::size_t, digit_values>;

std::size_t digit(std::uint64_t key, std::size_t d) { return key >> (8 * d) & (digit_values - 1); }

// A key that ascends where the score descends. The bits of nonnegative IEEE numbers ascend with the number;
// those of negative numbers descend, and lie above the others.
std::uint64_t key_of(double score) {
  const double x = score + 0.0;  // -0 equals 0
  std::uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits & sign ? bits : ~(bits ^ sign);
}

std::array<Histogram, digits> histograms(const std::vector<std::uint64_t>& keys) {
  std::array<Histogram, digits> counts{};
  for (const std::uint64_t key : keys)
    for (std::size_t d = 0; d < digits; ++d) ++counts[d][digit(key, d)];
  return counts;
}

}  // namespace

double Ranking::score_of(std::uint64_t key) {
  const std::uint64_t bits = key & sign ? key : ~key ^ sign;
  double score;
  std::memcpy(&score, &bits, sizeof score);
  return score;
}

Ranking::Ranking(const MetricRows& rows) : weighted_(rows.weight) {
  const std::int64_t* label = rows.t.data<std::int64_t>();
  const double* score = rows.y.data<double>();
  const auto positives = static_cast<std::size_t>(std::count(label, label + rows.size(), rows.pos_label));
  positive_.reserve(positives, weighted_);
  negative_.reserve(rows.size() - positives, weighted_);
  for (std::size_t i = 0; i < rows.size(); ++i) add(score[i], label[i] == rows.pos_label, rows.weight_at(i));
  sort();
}

void Ranking::add(double score, bool positive, double weight) {
  if (weight == 0) return;
  Side& side = positive ? positive_ : negative_;
  side.keys.push_back(key_of(score));
  if (weighted_) side.weights.push_back(weight);
}

void Ranking::sort() {
  sort(positive_);
  sort(negative_);
}

// Radix sort, least significant byte first; stable, so that sums of weights have the bits of scikit-learn's.
void Ranking::sort(Side& side) {
  const std::size_t count = side.keys.size();
  std::array<Histogram, digits> counts = histograms(side.keys);
  Side sorted{std::vector<std::uint64_t>(count), std::vector<double>(side.weights.size())};
  for (std::size_t d = 0; d < digits; ++d) {
    if (count == 0 || counts[d][digit(side.keys[0], d)] == count)
      continue;  // all keys have this byte in
                 // common
    Histogram next{};
    for (std::size_t value = 1; value < digit_values; ++value)
      next[value] = next[value - 1] + counts[d][value - 1];
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t to = next[digit(side.keys[i], d)]++;
      sorted.keys[to] = side.keys[i];
      if (!side.weights.empty()) sorted.weights[to] = side.weights[i];
    }
    std::swap(side, sorted);
  }
}

double Ranking::total(const Side& side) {
  if (side.weights.empty()) return static_cast<double>(side.keys.size());
  double sum = 0;
  for (const double weight : side.weights) sum += weight;
  return sum;
}

}  // namespace tenbin::detail
