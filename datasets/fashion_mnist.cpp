#include "tenbin/datasets/fashion_mnist.h"

#include <unistd.h>

#include "tenbin/datasets/idx.h"

namespace tenbin {

namespace {

std::string find_file(const std::string& directory, const std::string& name) {
  const std::string plain = directory + '/' + name;
  for (const std::string& path : {plain + ".gz", plain})
    if (::access(path.c_str(), F_OK) == 0) return path;
  throw Error(plain, ".gz: no such file: install the data with `apt-get install dataset-fashion-mnist`, ",
              "or name their directory with --data");
}

LabeledImages load(const std::string& directory, const std::string& part) {
  const std::string image_path = find_file(directory, part + "-images-idx3-ubyte");
  const std::string label_path = find_file(directory, part + "-labels-idx1-ubyte");
  const Array images = load_idx(image_path);
  const Array labels = load_idx(label_path);
  if (images.dtype() != Dtype::uint8 || images.ndim() != 3 || images.shape()[1] != 28 ||
      images.shape()[2] != 28)
    throw Error(image_path, ": expected uint8(N, 28, 28), got ", images);
  if (labels.dtype() != Dtype::uint8 || labels.shape() != Shape{images.shape()[0]})
    throw Error(label_path, ": expected uint8(", images.shape()[0], "), got ", labels);
  const std::uint8_t* const label = labels.data<std::uint8_t>();
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (label[i] > 9) throw Error(label_path, ": label ", i, " is ", +label[i], ", expected 0 to 9");
  return {images, labels.astype(Dtype::int32)};
}

}  // namespace

FashionMnist load_fashion_mnist(const std::string& directory) {
  return {load(directory, "train"), load(directory, "t10k")};
}

}  // namespace tenbin
