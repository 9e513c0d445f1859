// Devices, memory and copies, on every available GPU, also an emulated one.
#include "tenbin/cuda/runtime.h"

#include <numeric>

#include "tenbin/core/array.h"
#include "tenbin/cuda/get_device.h"
#include "tenbin/tests/cuda/caching.h"
#include "tenbin/tests/function_test.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

std::vector<float> ascending(std::size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 1.f);
  return values;
}

}  // namespace

TEST_CASE("a device that does not exist is an error that says so", "[gpu]") {
  const int none = 63;
  CHECK_THROWS_WITH(Array({1.f}).to(Device::cuda(none)), ContainsSubstring("cuda:63 is not available"));
  CHECK_THROWS_WITH(Array::zeros({2}, Dtype::float32, Device::cuda(-1)),
                    ContainsSubstring("cuda:-1 is not available"));
}

TEST_CASE("get_device finds the devices that exist by their names") {
  CHECK(get_device("cpu") == Device::cpu());
  const int count = gpu::device_count();
  if (count == 0) {
    CHECK_THROWS_WITH(get_device("cuda"), "get_device: there is no CUDA device, got cuda");
    CHECK_THROWS_WITH(get_device("cuda:0"), "get_device: there is no CUDA device, got cuda:0");
  } else {
    CHECK(get_device("cuda") == Device::cuda(0));
    CHECK(get_device("cuda:" + std::to_string(count - 1)) == Device::cuda(count - 1));
    for (const int index : {count, 99})
      CHECK_THROWS_WITH(get_device("cuda:" + std::to_string(index)),
                        "get_device: there are only " + std::to_string(count) +
                            " CUDA device(s), counted from 0, got cuda:" + std::to_string(index));
  }
  for (const std::string name :
       {"", "gpu", "CPU", "cuda:", "cuda:x", "cuda:-1", "cuda:1.5", "cuda0", "cuda:0 ", "cuda:99999999999"})
    CHECK_THROWS_WITH(get_device(name), "get_device: expected cpu, cuda or cuda:N, got '" + name + "'");
}

TEST_CASE("data copied to a device and back are unchanged, for any size", "[gpu]") {
  on_every_device([](Device device) {
    // The last ones are larger than the pinned memory that copies go through.
    for (const std::size_t count : {0u, 1u, 2u, 255u, 1024u, 1025u, 524289u, 1500001u}) {
      std::vector<float> values = ascending(count);
      const Array there = Array(values).to(device);
      CHECK(there.device() == device);
      CHECK(there.to_vector<float>() == values);
    }
  });
}

TEST_CASE("memory that has been copied from may be written at once", "[gpu]") {
  on_every_device([](Device device) {
    Array host(ascending(1000));
    std::vector<Array> copies;
    for (int i = 0; i < 50; ++i) {
      host.fill(i);
      copies.push_back(host.copy().to(device));
      Array kept = Array::empty({1000}, Dtype::float32, device);
      kept.assign(host);
      copies.push_back(kept);
    }
    for (std::size_t i = 0; i < copies.size(); ++i) {
      const std::vector<float> expected(1000, static_cast<float>(i / 2));
      CHECK(copies[i].to_vector<float>() == expected);
    }
  });
}

TEST_CASE("copies on one device, and between two", "[gpu]") {
  on_every_device([](Device device) {
    const Array x = Array(ascending(77)).to(device);
    const Array copy = x.copy();
    Array y = Array::zeros({77}, Dtype::float32, device);
    y.assign(x);
    x.to(device).fill(0);  // the same array: a copy would not see the new values
    CHECK(x.to_vector<float>() == std::vector<float>(77));
    CHECK(copy.to_vector<float>() == ascending(77));
    CHECK(y.to_vector<float>() == ascending(77));
    if (device.is_cpu() || gpu::device_count() < 2) return;
    const Array other = y.to(Device::cuda(1));
    y.fill(0);
    CHECK(other.device() == Device::cuda(1));
    CHECK(other.to_vector<float>() == ascending(77));
    CHECK(other.to(device).to_vector<float>() == ascending(77));
  });
}

TEST_CASE("fill, astype and add of every dtype", "[gpu]") {
  on_every_device([](Device device) {
    for (const Dtype dtype : {Dtype::float32, Dtype::float64, Dtype::int32, Dtype::int64, Dtype::uint8}) {
      CAPTURE(dtype);
      for (const std::size_t count : {0u, 1u, 257u, 70001u}) {
        Array x = Array::full({count}, 3, dtype, device);
        x.add(Array::full({count}, 4, dtype, device));
        CHECK(x.to_vector<double>() == std::vector<double>(count, 7));
        for (const Dtype other : {Dtype::float32, Dtype::float64, Dtype::int32, Dtype::int64, Dtype::uint8}) {
          const Array converted = x.astype(other);
          CHECK(converted.dtype() == other);
          CHECK(converted.device() == device);
          CHECK(converted.to_vector<double>() == std::vector<double>(count, 7));
        }
      }
    }
    CHECK(Array({2.75, -2.75}).to(device).astype(Dtype::int32).to_vector<int>() == std::vector<int>{2, -2});
    CHECK(Array({2.75f, 0.f}).to(device).slice(1, 2).item() == 0);
  });
}

TEST_CASE("memory that is released is reused, and given back when asked", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const Caching on(true);
    { const Array first = Array::zeros({1000}, Dtype::float32, device); }
    const auto before = gpu::stats(device.index);
    CHECK(before.cached_bytes >= 4000);
    for (std::size_t i = 0; i < 100; ++i) Array::zeros({900 + i}, Dtype::float32, device);
    CHECK(gpu::stats(device.index).system_allocations <= before.system_allocations + 1);
    gpu::release_cached(device.index);
    CHECK(gpu::stats(device.index).cached_bytes == 0);
  });
}

TEST_CASE("without caching every array is a separate allocation", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const Caching off(false);
    const std::size_t before = gpu::stats(device.index).system_allocations;
    for (int i = 0; i < 10; ++i) Array::zeros({100}, Dtype::float32, device);
    CHECK(gpu::stats(device.index).system_allocations == before + 10);
    CHECK(gpu::stats(device.index).cached_bytes == 0);
  });
}

TEST_CASE("memory from before caching was switched on keeps its size", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    {
      const Caching off(false);
      Array small = Array::zeros({259}, Dtype::float32, device);
      gpu::set_caching(true);
      small = {};
      CHECK(gpu::stats(device.index).cached_bytes == 0);
    }
    const Array larger = Array::full({300}, 1, Dtype::float32, device);  // of the same size class
    CHECK(larger.to_vector<float>() == std::vector<float>(300, 1));
  });
}

TEST_CASE("launches can be waited for one by one", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    gpu::set_synchronous(true);
    Array x = Array::full({300}, 2, Dtype::float32, device);
    x.add(x.copy());
    gpu::set_synchronous(false);
    CHECK(x.to_vector<float>() == std::vector<float>(300, 4));
  });
}

TEST_CASE("copies to and from a device are counted where they wait, and nowhere else", "[gpu]") {
  on_every_device([](Device device) {
    if (device.is_cpu()) return;
    const Array host(ascending(100));
    const std::size_t before = gpu::stats(device.index).synchronizations;
    Array x = host.to(device);
    for (int i = 0; i < 100; ++i) {
      x = host.to(device);
      x.add(x.copy());
    }
    CHECK(gpu::stats(device.index).synchronizations == before);
    CHECK(x.slice(0, 1).item() == 2);
    CHECK(gpu::stats(device.index).synchronizations == before + 1);
  });
}
