#include "tenbin/datasets/fashion_mnist.h"

#include "tenbin/tests/catch.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

std::string labels_of(const std::string& labels) {
  return std::string("\0\0\x08\x01\0\0\0", 7) + static_cast<char>(labels.size()) + labels;
}

std::string images_of(char count, char pixel, char height = 28, char width = 28) {
  const std::string zeros(3, '\0');
  const std::string head = std::string("\0\0\x08\x03", 4) + zeros + count + zeros + height + zeros + width;
  return head + std::string(static_cast<std::size_t>(count * height * width), pixel);
}

void write_small_set(const ScratchDirectory& directory) {
  write_bytes(directory / "train-images-idx3-ubyte", images_of(3, 'a'));
  write_bytes(directory / "train-labels-idx1-ubyte", labels_of({0, 9, 4}));
  write_bytes(directory / "t10k-images-idx3-ubyte.gz", images_of(1, 'b'));
  write_bytes(directory / "t10k-labels-idx1-ubyte.gz", labels_of({7}));
}

}  // namespace

TEST_CASE("load_fashion_mnist reads the four files, whichever are compressed") {
  const ScratchDirectory directory;
  write_small_set(directory);
  const FashionMnist data = load_fashion_mnist(directory.path());
  CHECK(data.train.images.dtype() == Dtype::uint8);
  CHECK(data.train.images.shape() == Shape{3, 28, 28});
  CHECK(data.train.images.data<std::uint8_t>()[0] == 'a');
  CHECK(data.train.labels.dtype() == Dtype::int32);
  CHECK(data.train.labels.to_vector<int>() == std::vector<int>{0, 9, 4});
  CHECK(data.test.images.shape() == Shape{1, 28, 28});
  CHECK(data.test.labels.to_vector<int>() == std::vector<int>{7});
}

TEST_CASE("load_fashion_mnist names the missing file and how to get it") {
  const ScratchDirectory directory;
  CHECK_THROWS_WITH(
      load_fashion_mnist(directory.path()),
      directory / "train-images-idx3-ubyte.gz" +
          ": no such file: install the data with `apt-get install dataset-fashion-mnist`, or name "
          "their directory with --data");
}

TEST_CASE("load_fashion_mnist refuses images and labels that do not belong together") {
  const ScratchDirectory directory;
  write_small_set(directory);
  const std::string images = directory / "train-images-idx3-ubyte";
  const std::string labels = directory / "train-labels-idx1-ubyte";
  write_bytes(labels, labels_of({0, 9}));
  CHECK_THROWS_WITH(load_fashion_mnist(directory.path()), labels + ": expected uint8(3), got uint8(2)");
  write_bytes(labels, labels_of({0, 9, 10}));
  CHECK_THROWS_WITH(load_fashion_mnist(directory.path()), labels + ": label 2 is 10, expected 0 to 9");
  write_bytes(images, images_of(3, 'a', 28, 27));
  CHECK_THROWS_WITH(load_fashion_mnist(directory.path()),
                    images + ": expected uint8(N, 28, 28), got uint8(3, 28, 27)");
  write_bytes(images, images_of(3, 'a', 27, 28));
  CHECK_THROWS_WITH(load_fashion_mnist(directory.path()),
                    images + ": expected uint8(N, 28, 28), got uint8(3, 27, 28)");
}

TEST_CASE("load_fashion_mnist reads Debian's package, where it is installed") {
  if (!std::filesystem::exists(fashion_mnist_directory)) return;
  const FashionMnist data = load_fashion_mnist();
  CHECK(data.train.images.shape() == Shape{60000, 28, 28});
  CHECK(data.test.images.shape() == Shape{10000, 28, 28});
  std::vector<int> counts(10);
  for (const int label : data.train.labels.to_vector<int>()) ++counts[static_cast<std::size_t>(label)];
  CHECK(counts == std::vector<int>(10, 6000));
  CHECK(data.test.labels.slice(0, 5).to_vector<int>() == std::vector<int>{9, 2, 1, 1, 6});
}
