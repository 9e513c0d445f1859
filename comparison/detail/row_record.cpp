#include "tenbin/comparison/detail/row_record.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace tenbin::detail {

namespace {

// In the order in which they happen; others follow.
std::size_t rank(const std::string& step) {
  constexpr std::array<const char*, 7> order = {"preprocessing", "network",   "settings",   "resampling",
                                                "training",      "threshold", "calibration"};
  return static_cast<std::size_t>(std::find(order.begin(), order.end(), step) - order.begin());
}

void sort_steps(std::vector<LeakStep>& steps) {
  std::sort(steps.begin(), steps.end(), [](const LeakStep& a, const LeakStep& b) {
    return std::make_pair(rank(a.step), a.step) < std::make_pair(rank(b.step), b.step);
  });
}

// The bits of one or two numbers; -0 is 0.
std::uint64_t bits_of(const float* values, std::size_t count) {
  const std::array<float, 2> numbers = {values[0] + 0.0f, count > 1 ? values[1] + 0.0f : 0.0f};
  std::uint64_t bits = 0;
  std::memcpy(&bits, numbers.data(), sizeof bits);
  return bits;
}

// A hash of each row. Unlike FNV-1a it takes 8 bytes at once; it is not stored.
std::vector<std::uint64_t> row_hashes(const Array& x) {
  const std::size_t n = x.shape()[0], columns = n == 0 ? 0 : x.size() / n;
  const float* row = x.data<float>();
  std::vector<std::uint64_t> hashes(n);
  for (std::uint64_t& hash : hashes) {
    hash = 0x9E3779B97F4A7C15u;
    for (std::size_t c = 0; c < columns; c += 2) {
      hash = (hash ^ bits_of(row + c, columns - c)) * 0xD6E8FEB86659FD93u;
      hash ^= hash >> 32;
    }
    row += columns;
  }
  return hashes;
}

}  // namespace

RowRecord::Seen& RowRecord::at(const std::string& step) {
  Seen& seen = steps_[step];
  seen.rows.resize(n_rows_);
  return seen;
}

void RowRecord::fitted(const std::string& step, const std::vector<std::size_t>& rows) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Seen& seen = at(step);
  for (const std::size_t row : rows) seen.rows[row] = true;
}

void RowRecord::measured(const std::string& step, const std::vector<std::size_t>& fitted_rows,
                         const std::vector<std::size_t>& rows) {
  std::vector<bool> is_fitted(n_rows_);
  for (const std::size_t row : fitted_rows) is_fitted[row] = true;
  const auto own = std::count_if(rows.begin(), rows.end(), [&](std::size_t row) { return is_fitted[row]; });
  const std::lock_guard<std::mutex> lock(mutex_);
  at(step).own += static_cast<std::size_t>(own);
}

void RowRecord::merge(const RowRecord& other) {
  const std::scoped_lock lock(mutex_, other.mutex_);
  for (const auto& [step, theirs] : other.steps_) {
    Seen& ours = at(step);
    for (std::size_t row = 0; row < n_rows_; ++row) ours.rows[row] = ours.rows[row] || theirs.rows[row];
    ours.own += theirs.own;
  }
}

std::vector<LeakStep> RowRecord::steps(const Split& split) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<LeakStep> all;
  for (const auto& [step, seen] : steps_) {
    const auto count = [&rows = seen.rows](const std::vector<std::size_t>& among) {
      const auto is_seen = [&](std::size_t row) { return rows[row]; };
      return static_cast<std::size_t>(std::count_if(among.begin(), among.end(), is_seen));
    };
    all.push_back({step, count(split.train), count(split.test), seen.own});
  }
  sort_steps(all);
  return all;
}

RowContents::RowContents(const Array& x, const std::vector<std::size_t>& ids) {
  const std::vector<std::uint64_t> hashes = row_hashes(x);
  for (std::size_t i = 0; i < hashes.size(); ++i) rows_.emplace_back(hashes[i], ids[i]);
  std::sort(rows_.begin(), rows_.end());
}

std::vector<std::size_t> RowContents::ids_in(const Array& x) const {
  std::vector<std::size_t> ids;
  for (const std::uint64_t hash : row_hashes(x))
    for (auto at = std::lower_bound(rows_.begin(), rows_.end(), std::make_pair(hash, std::size_t{0}));
         at != rows_.end() && at->first == hash; ++at)
      ids.push_back(at->second);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

bool RowContents::contains(std::uint64_t hash) const {
  const auto at = std::lower_bound(rows_.begin(), rows_.end(), std::make_pair(hash, std::size_t{0}));
  return at != rows_.end() && at->first == hash;
}

RowContents RowContents::without(const RowContents& other) const {
  RowContents rest;
  for (const auto& row : rows_)
    if (!other.contains(row.first)) rest.rows_.push_back(row);
  return rest;
}

std::vector<LeakStep> combined(const std::vector<std::vector<LeakStep>>& parts) {
  std::vector<LeakStep> all;
  for (const std::vector<LeakStep>& part : parts)
    for (const LeakStep& step : part) {
      const auto same = std::find_if(all.begin(), all.end(),
                                     [&](const LeakStep& other) { return other.step == step.step; });
      if (same == all.end()) {
        all.push_back(step);
        continue;
      }
      same->train_rows = std::max(same->train_rows, step.train_rows);
      same->test_rows += step.test_rows;
      same->own_rows += step.own_rows;
    }
  sort_steps(all);
  return all;
}

}  // namespace tenbin::detail
