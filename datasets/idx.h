// IDX files, the format of MNIST and its successors.
#pragma once

#include <string>

#include "tenbin/core/array.h"

namespace tenbin {

/// Reads an IDX file (yann.lecun.com/exdb/mnist), plain or compressed with gzip, under any file name.
///
/// Bytes become uint8; signed bytes, shorts and ints int32; floats and doubles float32 and float64. Errors,
/// all starting with the path: not an IDX file, an unknown type, more than 8 axes, fewer or more values than
/// the header says (checked before memory is allocated), damaged compression.
///
///     Array images = load_idx("train-images-idx3-ubyte.gz");  // uint8(60000, 28, 28)
Array load_idx(const std::string& path);

}  // namespace tenbin
