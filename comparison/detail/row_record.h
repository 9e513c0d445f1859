// Which rows of the table are used for what.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/comparison/leak_check.h"
#include "tenbin/core/array.h"
#include "tenbin/datasets/split.h"

namespace tenbin::detail {

// The rows that steps have seen. Any number of threads may add to it.
class RowRecord {
 public:
  explicit RowRecord(std::size_t n_rows) : n_rows_(n_rows) {}

  void fitted(const std::string& step, const std::vector<std::size_t>& rows);
  // A model that was fitted to some rows has been measured on others; counts those in both.
  void measured(const std::string& step, const std::vector<std::size_t>& fitted_rows,
                const std::vector<std::size_t>& rows);
  void merge(const RowRecord& other);
  std::size_t n_rows() const { return n_rows_; }

  // The steps, relative to the fold they belong to.
  std::vector<LeakStep> steps(const Split& split) const;

 private:
  struct Seen {
    std::vector<bool> rows;
    std::size_t own = 0;
  };
  Seen& at(const std::string& step);

  std::size_t n_rows_;
  mutable std::mutex mutex_;
  std::map<std::string, Seen> steps_;
};

// Finds rows by their values.
class RowContents {
 public:
  RowContents() = default;
  // ids: of the rows of x, float32 (N, D).
  RowContents(const Array& x, const std::vector<std::size_t>& ids);

  // Those that equal none of `other`.
  RowContents without(const RowContents& other) const;
  std::size_t size() const { return rows_.size(); }

  // The ids of the rows that equal a row of x.
  std::vector<std::size_t> ids_in(const Array& x) const;

 private:
  bool contains(std::uint64_t hash) const;

  std::vector<std::pair<std::uint64_t, std::size_t>> rows_;  // hash and id, ascending
};

// The steps of several folds or methods, the same ones combined, in the order in which they happen.
std::vector<LeakStep> combined(const std::vector<std::vector<LeakStep>>& parts);

}  // namespace tenbin::detail
