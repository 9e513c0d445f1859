// IDX files, the format of MNIST and its successors.
#pragma once

#include <string>

#include "tenbin/core/array.h"

namespace tenbin {

/// Reads an IDX file (yann.lecun.com/exdb/mnist), plain or compressed with gzip, whatever its name.
///
/// Bytes are uint8, signed bytes, shorts and ints are int32, floats and doubles float32 and float64. Errors,
/// all starting with the path: not an IDX file, an unknown type, more than 8 axes, fewer or more values than
/// announced (checked before memory is asked for them), damaged compression.
///
///     Array images = load_idx("train-images-idx3-ubyte.gz");  // uint8(60000, 28, 28)
Array load_idx(const std::string& path);

}  // namespace tenbin
