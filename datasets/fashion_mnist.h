// Fashion-MNIST, as Debian packages it.
#pragma once

#include <string>

#include "tenbin/core/array.h"

namespace tenbin {

/// Grey-scale images of clothes, and the class of each, one of ten.
struct LabeledImages {
  Array images;  ///< uint8(N, 28, 28)
  Array labels;  ///< int32(N), 0 to 9
};

struct FashionMnist {
  LabeledImages train;  ///< 60000
  LabeledImages test;   ///< 10000
};

/// Where the Debian package `dataset-fashion-mnist` puts its files.
inline constexpr const char* fashion_mnist_directory = "/usr/share/datasets/fashion-mnist";

/// Loads Fashion-MNIST (Xiao, Rasul and Vollgraf 2017), or MNIST, or other data under the same four names:
/// `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-...`, each with `.gz` or without. Errors: a
/// file is missing (the message names the package), damaged, or of other shapes.
///
///     const FashionMnist data = load_fashion_mnist();
///     Array x = data.train.images.astype(Dtype::float32);
FashionMnist load_fashion_mnist(const std::string& directory = fashion_mnist_directory);

}  // namespace tenbin
