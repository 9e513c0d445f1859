#include "tenbin/resampling/neighbors.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tenbin/cpu/parallel.h"
#include "tenbin/resampling/detail/screen.h"

namespace tenbin {

namespace {

using Rows = std::vector<std::size_t>;

constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

template <class T>
double squared_distance(const T* a, const T* b, std::size_t columns) {
  double sums[4] = {};  // independent of each other, so that the additions overlap
  const auto square = [&](std::size_t c) {
    const double difference = static_cast<double>(a[c]) - static_cast<double>(b[c]);
    return difference * difference;
  };
  std::size_t c = 0;
  for (; c + 4 <= columns; c += 4)
    for (std::size_t i = 0; i < 4; ++i) sums[i] += square(c + i);
  for (; c < columns; ++c) sums[0] += square(c);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// The best k rows of every query so far. The final result does not depend on the order of offers.
class Best {
 public:
  Best(std::size_t queries, std::size_t k, double scale)
      : k_(k),
        half_square_(scale * scale / 2),
        distance_(queries * k, std::numeric_limits<double>::infinity()),
        row_(queries * k, none),
        // One extra panel holds the queries that fill up the last panel.
        reach_(queries + detail::panel_rows, std::numeric_limits<float>::max()) {}

  // The largest lower bound that can still matter to the query.
  const float* reach(std::size_t query) const { return &reach_[query]; }

  void offer(std::size_t query, double distance, std::size_t row) {
    double* const distances = &distance_[query * k_];
    std::size_t* const rows = &row_[query * k_];
    const auto precedes = [&](std::size_t i) {
      return distance < distances[i] || (distance == distances[i] && row < rows[i]);
    };
    std::size_t i = k_ - 1;
    if (!precedes(i)) return;
    for (; i > 0 && precedes(i - 1); --i) {
      distances[i] = distances[i - 1];
      rows[i] = rows[i - 1];
    }
    distances[i] = distance;
    rows[i] = row;
    reach_[query] = rounded_up(distances[k_ - 1] * half_square_);
  }

  Rows rows() && { return std::move(row_); }

 private:
  static float rounded_up(double value) {
    return static_cast<float>(
        std::min(value * (1 + 0x1p-22) + 1e-36, double{std::numeric_limits<float>::max()}));
  }

  std::size_t k_;
  double half_square_;
  std::vector<double> distance_;
  Rows row_;
  std::vector<float> reach_;
};

// The number of panels that one task compares with each other: together they fit into the level 2 cache.
std::size_t panels_per_block(std::size_t columns) {
  constexpr std::size_t floats = std::size_t{1} << 15;
  return std::clamp<std::size_t>(floats / (detail::panel_rows * columns + 1), 1, 32);
}

template <class T>
class Search {
 public:
  Search(const Array& x, const detail::Frame& frame, std::size_t k, const Rows& queries,
         const Rows& candidates)
      : x_(x.data<T>()),
        columns_(frame.center.size()),
        queries_(queries),
        candidates_(candidates),
        within_(queries == candidates),
        query_panels_(x, queries, frame),
        candidate_panels_(within_ ? query_panels_ : detail::Panels(x, candidates, frame)),
        best_(queries.size(), k, frame.scale) {}

  Rows run() && {
    const std::size_t block = panels_per_block(columns_);
    const std::size_t blocks = (query_panels_.count() + block - 1) / block;
    if (within_) {
      // Every pair of blocks once, for both sides. In one round i is paired with round - i, so that no two
      // tasks use the same block.
      for (std::size_t round = 0; round < blocks; ++round)
        parallel_for(blocks, [&](std::size_t i) {
          const std::size_t j = (round + blocks - i) % blocks;
          if (i <= j) compare(i * block, (i + 1) * block, j * block, (j + 1) * block);
        });
    } else {
      parallel_for(blocks, [&](std::size_t i) {
        for (std::size_t j = 0; j < candidate_panels_.count(); j += block)
          compare(i * block, (i + 1) * block, j, j + block);
      });
    }
    return std::move(best_).rows();
  }

 private:
  void compare(std::size_t i_begin, std::size_t i_end, std::size_t j_begin, std::size_t j_end) {
    detail::Bounds bounds;
    i_end = std::min(i_end, query_panels_.count());
    j_end = std::min(j_end, candidate_panels_.count());
    for (std::size_t i = i_begin; i < i_end; ++i)
      for (std::size_t j = within_ ? std::max(i, j_begin) : j_begin; j < j_end; ++j)
        for (std::size_t first = 0; first < detail::panel_rows; first += 4) {
          const std::size_t query = i * detail::panel_rows + first;
          const std::size_t candidate = j * detail::panel_rows;
          const float* const reach = within_ ? best_.reach(candidate) : no_reach_.data();
          if (query < queries_.size() && detail::screen(query_panels_, i, first, candidate_panels_, j,
                                                        best_.reach(query), reach, bounds))
            look_closer(query, candidate, bounds);
        }
  }

  void look_closer(std::size_t query_begin, std::size_t candidate_begin, const detail::Bounds& bounds) {
    const std::size_t rows = std::min<std::size_t>(4, queries_.size() - query_begin);
    const std::size_t columns = std::min(detail::panel_rows, candidates_.size() - candidate_begin);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t c = 0; c < columns; ++c) {
        const std::size_t query = query_begin + r, candidate = candidate_begin + c;
        const float bound = bounds.values[r][c];
        const bool near = bound <= *best_.reach(query);
        const bool near_back = within_ && bound <= *best_.reach(candidate);
        if (!near && !near_back) continue;
        // In a block on the diagonal both halves have the same pairs: only the upper one is used.
        if (within_ ? query >= candidate : queries_[query] == candidates_[candidate]) continue;
        const double distance = squared_distance(x_ + queries_[query] * columns_,
                                                 x_ + candidates_[candidate] * columns_, columns_);
        if (near) best_.offer(query, distance, candidates_[candidate]);
        if (near_back) best_.offer(candidate, distance, queries_[query]);
      }
  }

  const T* x_;
  std::size_t columns_;
  const Rows& queries_;
  const Rows& candidates_;
  bool within_;
  detail::Panels query_panels_;
  detail::Panels candidate_panels_;
  Best best_;
  // Candidates that are not queries: no bound matters to them.
  const std::vector<float> no_reach_ =
      std::vector<float>(detail::panel_rows, -std::numeric_limits<float>::infinity());
};

// Centred at the candidates' mean. Errors: values whose squares overflow.
template <class T>
detail::Frame frame_of(const char* function, const T* x, std::size_t columns, const Rows& queries,
                       const Rows& candidates) {
  detail::Frame frame{std::vector<double>(columns, 0), 1};
  constexpr double limit = 1e140;
  for (const Rows* rows : {&queries, &candidates}) {
    for (const std::size_t row : *rows)
      for (std::size_t c = 0; c < columns; ++c) {
        const double value = static_cast<double>(x[row * columns + c]);
        if (!(std::abs(value) <= limit))
          throw Error(function, ": expected finite values up to ", limit, ", got x[", row, ", ", c,
                      "] = ", value);
        if (rows == &candidates) frame.center[c] += value;
      }
    if (&queries == &candidates) break;
  }
  for (double& center : frame.center) center /= static_cast<double>(candidates.size());
  double largest = 0;
  for (const Rows* rows : {&queries, &candidates})
    for (const std::size_t row : *rows)
      for (std::size_t c = 0; c < columns; ++c)
        largest = std::max(largest, std::abs(static_cast<double>(x[row * columns + c]) - frame.center[c]));
  // Differences below 1e-146, whose squares underflow in float64, must underflow in float32 too.
  constexpr int largest_exponent = 400;
  if (largest > 0) frame.scale = std::ldexp(1.0, std::min(-std::ilogb(largest) - 1, largest_exponent));
  return frame;
}

void require_rows(const Rows& rows, std::size_t n) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i] >= n)
      throw Error("nearest_neighbors: row ", rows[i], " at position ", i, " is out of range for ", n,
                  " rows");
}

}  // namespace

Neighbors detail::nearest_neighbors(const char* function, const Array& x, std::size_t k, const Rows& queries,
                                    const Rows& candidates) {
  const Array values =
      is_floating(x.dtype()) ? x.to(Device::cpu()) : x.to(Device::cpu()).astype(Dtype::float64);
  const std::size_t columns = x.size() / x.shape()[0];
  return visit_floating(values.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const Frame frame = frame_of(function, values.data<T>(), columns, queries, candidates);
    return Neighbors{k, Search<T>(values, frame, k, queries, candidates).run()};
  });
}

Neighbors nearest_neighbors(const Array& x, std::size_t k, const Rows& queries, const Rows& candidates) {
  if (x.ndim() == 0) throw Error("nearest_neighbors: expected rows, got ", x);
  require_rows(queries, x.shape()[0]);
  require_rows(candidates, x.shape()[0]);
  if (k == 0 || k >= candidates.size())
    throw Error("nearest_neighbors: expected k from 1 to one less than the number of candidates, got k = ", k,
                " and ", candidates.size(), " candidates");
  return detail::nearest_neighbors("nearest_neighbors", x, k, queries, candidates);
}

Neighbors nearest_neighbors(const Array& x, std::size_t k) {
  if (x.ndim() == 0) throw Error("nearest_neighbors: expected rows, got ", x);
  Rows all(x.shape()[0]);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return nearest_neighbors(x, k, all, all);
}

}  // namespace tenbin
