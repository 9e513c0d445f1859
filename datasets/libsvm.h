// Tables from the sparse text format of libsvm and svmlight.
#pragma once

#include <string>
#include <vector>

#include "tenbin/datasets/sparse_dataset.h"
#include "tenbin/datasets/table.h"

namespace tenbin {

struct LibsvmOptions {
  std::size_t n_features = 0;    ///< 0: the largest index in the file
  bool zero_based = false;       ///< whether the first feature has index 0 rather than 1
  Dtype dtype = Dtype::float32;  ///< of the features: float32 or float64
  /// Limit on the memory of the dense columns: a short line can name a huge index. 0: 16 MiB, or 256 times
  /// the size of the file, whichever is larger.
  std::uint64_t max_bytes = 0;
  std::string positive = {};              ///< the name of the class that becomes class 1 of two: "-1"
  std::vector<std::string> classes = {};  ///< all classes of the label, in the order of their numbers
};

/// Reads a file of lines `label index:value index:value ... # comment`, plain or compressed with gzip, into
/// dense columns. (scikit-learn: `load_svmlight_file`.)
///
/// The features are named after their indices, "1", "2", ...; features that a line omits are 0. The labels
/// are the categorical column "label", its classes in ascending order unless `positive` or `classes` say
/// otherwise: -1 and +1 are classes 0 and 1. `1`, `+1` and `1.0` are one class. `qid:7` is ignored. Errors,
/// as `data.txt:17:4: what` with line and character, counted from 1: a label or value that is not a number,
/// indices that do not ascend or exceed `n_features`; more bytes than `max_bytes`; no samples.
///
///     Dataset train = load_libsvm("heart_scale");
Table load_libsvm(const std::string& path, const LibsvmOptions& options = {});

/// The same as sparse rows, without the dense columns: the values that the lines name, also if they are 0,
/// and the labels as int32, with the names of their classes. The memory is that of the values in the file,
/// and `max_bytes` is not used. Errors, also: 2^31 features or more.
///
///     const SparseDataset data = load_libsvm_sparse("news20.txt");
SparseDataset load_libsvm_sparse(const std::string& path, const LibsvmOptions& options = {});

}  // namespace tenbin
