// Cases with known answers (tests/data/golden and its siblings): reads, checks and counts them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tenbin/core/variable.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/tests/function_test.h"

namespace tenbin::testing {

/// One line of a group's .tsv.
struct GoldenCase {
  std::string id;
  std::string function;
  std::map<std::string, std::string> options;
  std::map<std::string, std::string> inputs;   // role -> key
  std::map<std::string, std::string> outputs;  // role -> key
  const NpzReader* arrays;

  bool is_float32() const { return option("dtype") == "float32"; }
  std::string option(const std::string& name, const std::string& otherwise = "") const;
  double number(const std::string& name, double otherwise = 0) const;
  bool flag(const std::string& name, bool otherwise = false) const;
  /// `none` means no axis, `0,2` two axes.
  std::vector<int> axes(const std::string& name) const;

  bool has_input(const std::string& role) const { return inputs.count(role) > 0; }
  bool has_output(const std::string& role) const { return outputs.count(role) > 0; }
  Array input(const std::string& role) const { return arrays->read(inputs.at(role)); }
  Array output(const std::string& role) const { return arrays->read(outputs.at(role)); }
};

/// Why a case is not checked; empty if it is.
using LeftOut = std::string;

/// Calls `check` for every case of the group, `sce` in tests/data/golden or `pytorch/losses` in tests/data,
/// then prints how many were checked and the reasons for the others. Fails if the number of checked cases is
/// not `expected_runs`.
void run_golden(const std::string& group, std::size_t expected_runs,
                const std::function<LeftOut(const GoldenCase&)>& check);

/// Tolerances of the golden values: 1e-5 relative and 1e-6 absolute in float32, 1e-12 in float64.
void check_golden(const GoldenCase& golden, const Array& actual, const Array& expected);

/// Runs a function of named inputs on every device: `y` forward, every `g<role>` in the outputs backward from
/// `gy`.
void check_golden_function(const GoldenCase& golden, const std::vector<std::string>& roles,
                           const std::function<Variable(const Variables&)>& function);

}  // namespace tenbin::testing
