#include "tenbin/cuda/get_device.h"

#include <charconv>

#include "tenbin/core/error.h"
#include "tenbin/cuda/runtime.h"

namespace tenbin {

namespace {

// N of `cuda:N`, 0 of `cuda`; -1 of another name.
int index_of(const std::string& name) {
  const std::string cuda = "cuda";
  if (name == cuda) return 0;
  if (name.rfind(cuda + ':', 0) != 0) return -1;
  int index = 0;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + cuda.size() + 1, end, index);
  return error == std::errc{} && stop == end ? index : -1;
}

}  // namespace

Device get_device(const std::string& name) {
  if (name == "cpu") return Device::cpu();
  const int index = index_of(name);
  if (index < 0) throw Error("get_device: expected cpu, cuda or cuda:N, got '", name, '\'');
  const int count = gpu::device_count();
  if (count == 0) throw Error("get_device: there is no CUDA device, got ", name);
  if (index >= count)
    throw Error("get_device: there are only ", count, " CUDA device(s), counted from 0, got ", name);
  return Device::cuda(index);
}

}  // namespace tenbin
