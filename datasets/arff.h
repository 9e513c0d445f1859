// Tables from Weka's attribute-relation files.
#pragma once

#include <string>
#include <vector>

#include "tenbin/datasets/table.h"

namespace tenbin {

struct ArffOptions {
  /// The attribute of the classes: its name, or, if none has that name, its place from 0; "-1" is the last,
  /// as Weka assumes. Empty: the one that KEEL's `@outputs` names; without that, there is none.
  std::string label = {};
  std::string positive = {};              ///< of two classes, the one that becomes class 1: "fraud"
  std::vector<std::string> classes = {};  ///< the classes in the order of their numbers, all that occur
  Dtype dtype = Dtype::float64;           ///< of numeric columns: float64 or float32
  /// Refuse to hold more bytes, which sparse rows can ask for cheaply. 0: 16 MiB, or 256 times the file.
  std::uint64_t max_bytes = 0;
};

/// Reads an ARFF file (Witten and Frank, "Data Mining"), plain or compressed with gzip, dense or sparse, and
/// KEEL's variant of it: `@inputs`, `@outputs`, ranges behind types, `<null>` for a missing value.
///
/// `numeric`, `real` and `integer` attributes are numeric columns. Nominal ones are categorical in the order
/// of their declaration, `string` and `date` ones in ascending order; numeric labels become categories too.
/// The classes of the label are ordered as by `load_csv`, also where the file declares them: of two that are
/// texts the rarer is class 1, since declarations list the class of interest first as often as last
/// (`{positive, negative}`, `{negative, sick}`). More than two texts keep the order of the declaration.
/// `?` is missing. Names and values are quoted with ' or ", with Weka's escapes \n \t \r \' \" \\ \%
/// \u0041. What a sparse row leaves out is 0, or the first category.
///
/// Errors: `data.arff:17:4: what` with line and character, counted from 1: a value that is not a number or
/// was not declared, too few or too many values, a quote that is not closed, relational attributes, weights
/// of instances; no attributes; no `@data`.
///
///     Table train = load_arff("ReutersCorn-train.arff", {.label = "class-att"});
Table load_arff(const std::string& path, const ArffOptions& options = {});

}  // namespace tenbin
