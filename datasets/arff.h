// Tables from Weka's attribute-relation files.
#pragma once

#include <string>
#include <vector>

#include "tenbin/datasets/table.h"

namespace tenbin {

struct ArffOptions {
  /// The label: the name of its attribute, or, if no attribute has that name, its index from 0; "-1" is the
  /// last attribute, as in Weka. Empty: the attribute that KEEL's `@outputs` names; without `@outputs`, no
  /// label.
  std::string label = {};
  std::string positive = {};              ///< the name of the class that becomes class 1 of two: "fraud"
  std::vector<std::string> classes = {};  ///< all classes of the label, in the order of their numbers
  Dtype dtype = Dtype::float64;           ///< of numeric columns: float64 or float32
  /// Limit on the memory of the table: a short sparse row can stand for a very long one. 0: 16 MiB, or 256
  /// times the size of the file, whichever is larger.
  std::uint64_t max_bytes = 0;
};

/// Reads an ARFF file (Witten and Frank, "Data Mining"), plain or compressed with gzip, dense or sparse, and
/// KEEL's variant of it: `@inputs`, `@outputs`, ranges after types, `<null>` for a missing value.
///
/// `numeric`, `real` and `integer` attributes become numeric columns. Nominal attributes become categorical
/// columns in the order of their declaration, `string` and `date` attributes in ascending order; numeric
/// labels become categories too. The classes of the label are ordered as by `load_csv`, also where the file
/// declares them: if there are two and they are texts, the rarer is class 1, since declarations list the
/// class of interest first as often as last (`{positive, negative}`, `{negative, sick}`). More than two texts
/// keep the order of the declaration. `?` is missing. Names and values are quoted with ' or ", with Weka's
/// escapes \n \t \r \' \" \\ \% \u0041. A value that a sparse row omits is 0, or the first category.
///
/// Errors, as `data.arff:17:4: what` with line and character, counted from 1: a value that is not a number or
/// was not declared, too few or too many values, an unclosed quote, relational attributes, instance weights;
/// no attributes; no `@data`.
///
///     Table train = load_arff("ReutersCorn-train.arff", {.label = "class-att"});
Table load_arff(const std::string& path, const ArffOptions& options = {});

}  // namespace tenbin
