// Observation and report: the values that a step or an evaluation reports, by key.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/core/variable.h"

namespace tenbin {

class StateReader;

/// The values that were reported in one iteration, by Chainer's keys: `main/loss`, `validation/main/loss`.
/// Each has a weight, the number of rows it is the mean of: means over iterations and batches are weighted.
///
/// A value on a GPU is read when it is asked for, so that a step does not wait for the device. After the
/// first iteration, setting the same keys allocates nothing on the CPU.
class Observation {
 public:
  struct Entry {
    std::string key;
    double value;     // if `on_device` is empty
    Array on_device;  // float64, one element
    double weight;
    bool is_set;

    double read() const { return on_device ? on_device.item() : value; }
  };

  /// Sets a value; an earlier one of the same key is replaced.
  void set(const std::string& key, double value, double weight = 1);
  /// The same for an array with one element, which is copied. Errors: another size.
  void set(const std::string& key, const Array& value, double weight = 1);

  /// Empty if no value has this key.
  std::optional<double> get(const std::string& key) const;
  /// Calls `visit(entry)` for every value, in the order in which the keys were first set.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Entry& entry : entries_)
      if (entry.is_set) visit(entry);
  }
  /// Removes all values.
  void clear();

 private:
  Entry& entry(const std::string& key);

  std::vector<Entry> entries_;  // those of earlier iterations are kept, for their memory
};

/// While one exists, `report` of this thread writes to an observation. (Chainer: `Reporter.scope`.)
class [[nodiscard]] ReportScope {
 public:
  /// Keys get the prefix, such as `main/`; values the weight. `observation` must outlive the scope.
  [[nodiscard]] ReportScope(Observation& observation, std::string prefix, double weight = 1);
  ~ReportScope();
  ReportScope(const ReportScope&) = delete;
  ReportScope& operator=(const ReportScope&) = delete;

  /// Changes the weight of the values that follow.
  void set_weight(double weight) { weight_ = weight; }
  /// The innermost scope of this thread; nullptr if there is none.
  static ReportScope* current();

 private:
  friend void report(const std::string& key, double value);
  friend void report(const std::string& key, const Array& value);

  Observation* observation_;
  std::string prefix_;
  std::string key_;  // for the memory
  double weight_;
  ReportScope* outer_;
};

/// Reports a value from inside a loss function, a model or an extension. In a trainer's updater it becomes
/// `main/<key>`, in an Evaluator `validation/main/<key>`, in another extension `<key>`; elsewhere it has no
/// effect, as in Chainer. value: a number, or an Array
/// or Variable with one element, on any device.
///
///     const auto loss = [&](const Array& x, const Array& t) {
///       const Variable y = model(x);
///       report("accuracy", accuracy(y.data(), t));
///       return softmax_cross_entropy(y, t);
///     };
void report(const std::string& key, double value);
void report(const std::string& key, const Array& value);
inline void report(const std::string& key, const Variable& value) { report(key, value.data()); }

namespace detail {

// Weighted means of reported values by key, in the order in which keys were first added. Values on a GPU are
// added there, by weight: nothing waits for the device before a mean is read.
class Means {
 public:
  void add(const Observation& observation);
  void add(const Observation::Entry& entry);
  void clear();
  // Those of the keys that have a value.
  std::vector<std::pair<std::string, double>> values() const;
  std::optional<double> value(const std::string& key) const;
  // All that were ever added, also before `clear`.
  std::vector<std::string> keys() const;
  bool has_key(const std::string& key) const;

  NamedArrays save_state() const;
  std::function<void()> prepare_load(StateReader& reader);

 private:
  struct Mean {
    std::string key;
    double sum = 0;
    double weight = 0;
    std::vector<std::pair<double, Array>> on_device = {};  // weight, and the sum of the values of that weight
    double value() const;
  };

  std::vector<Mean> means_;
};

}  // namespace detail

}  // namespace tenbin
