// Scores of a positive and a negative class in descending order: ROC, precision-recall and gain curves all
// iterate over it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace tenbin::detail {

struct MetricRows;

// Sorts in time proportional to the number of rows: a radix sort on the bytes of the scores.
class Ranking {
 public:
  explicit Ranking(bool weighted) : weighted_(weighted) {}
  // For scores (n): rows whose label is pos_label against all others.
  explicit Ranking(const MetricRows& rows);

  // Rows of weight 0 are left out, as in scikit-learn: they give no thresholds. Precondition: the score is
  // not NaN.
  void add(double score, bool positive, double weight);
  // Call it once, after the last row.
  void sort();

  // The number, or weight, of rows of each class.
  double positives() const { return total(positive_); }
  double negatives() const { return total(negative_); }

  // Calls f(score, true positives, false positives) for every distinct score from the highest on; rows with
  // that score are counted as predicted positive.
  template <class F>
  void for_each_threshold(F f) const {
    double true_positives = 0;
    double false_positives = 0;
    std::size_t p = 0;
    std::size_t n = 0;
    while (p < positive_.keys.size() || n < negative_.keys.size()) {
      const std::uint64_t key = std::min(positive_.key(p), negative_.key(n));
      for (; positive_.key(p) == key; ++p) true_positives += positive_.weight(p);
      for (; negative_.key(n) == key; ++n) false_positives += negative_.weight(n);
      f(score_of(key), true_positives, false_positives);
    }
  }

 private:
  struct Side {
    std::vector<std::uint64_t> keys;  // ascending where the scores descend
    std::vector<double> weights;      // empty: all are 1

    void reserve(std::size_t count, bool weighted) {
      keys.reserve(count);
      if (weighted) weights.reserve(count);
    }
    // A sentinel after the last key, which no score has.
    std::uint64_t key(std::size_t i) const {
      return i < keys.size() ? keys[i] : std::numeric_limits<std::uint64_t>::max();
    }
    double weight(std::size_t i) const { return weights.empty() ? 1 : weights[i]; }
  };

  static double score_of(std::uint64_t key);
  static double total(const Side& side);
  static void sort(Side& side);

  bool weighted_;
  Side positive_;
  Side negative_;
};

}  // namespace tenbin::detail
