// The finished results of a comparison, and the file from which a killed run goes on.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/comparison/detail/fold_data.h"
#include "tenbin/comparison/result.h"

namespace tenbin::detail {

// What is found in a fold before the methods are trained.
struct FoldStart {
  ChosenNetwork chosen;
  std::vector<LeakStep> leak;
  std::size_t duplicates = 0;
};

// What a method found in a fold.
struct MethodInFold {
  std::string left_out;  // why it was not possible: then the rest is empty
  MethodSettings settings;
  std::vector<double> values;  // of `comparison_metrics()`
  FoundRows found;
  std::vector<LeakStep> leak;
  Array probabilities;  // float32 (N, K), in pooled folds only
  Array decisions;      // int32 (N)
};

// What the results of this comparison must look like.
struct StateShape {
  std::string key;  // a hash of everything that results depend on, but the methods
  std::size_t n_class = 0;
  std::vector<std::size_t> test_rows;  // of each fold
  std::size_t n_pooled_folds = 0;
  NetworkSearch search;
};

// Any number of threads may use it. References stay valid.
class RunState {
 public:
  // Reads the file if there is one. Errors: those of NpzReader; the file is of another comparison; contents
  // that a run cannot have written.
  RunState(StateShape shape, std::string path, double interval);

  // nullptr: not yet.
  const FoldStart* start(std::size_t fold) const;
  const MethodInFold* result(std::size_t fold, const ComparisonMethod& method) const;

  void add(std::size_t fold, FoldStart start);
  void add(std::size_t fold, const ComparisonMethod& method, MethodInFold result);

  // Writes the file, unless there is none or nothing is new. Errors: those of `save_npz`.
  void save();

  // What another process with the same comparison adds to its own results by `merge`.
  std::string to_bytes();
  void merge(const std::string& bytes);
  // The same from a file that a RunState has written. Errors: those of the constructor.
  void merge_file(const std::string& path);

 private:
  using Clock = std::chrono::steady_clock;
  // The fold; the name and the settings of the method.
  using Key = std::pair<std::size_t, std::string>;

  void load(const std::string& path);
  void write(const std::string& path) const;
  void save_locked();
  void save_if_due();

  StateShape shape_;
  std::string path_;
  std::chrono::duration<double> interval_;
  mutable std::mutex mutex_;
  std::map<std::size_t, FoldStart> starts_;
  std::map<Key, MethodInFold> results_;
  bool changed_ = false;
  Clock::time_point saved_ = Clock::now();
  Clock::duration took_ = {};
};

}  // namespace tenbin::detail
