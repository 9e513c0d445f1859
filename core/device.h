// Device, which says where an array is stored.
#pragma once

#include <ostream>
#include <string>

namespace tenbin {

/// The CPU (the default) or one CUDA device.
struct Device {
  enum class Type : unsigned char { cpu, cuda };

  Type type = Type::cpu;
  int index = 0;

  static constexpr Device cpu() { return {}; }
  static constexpr Device cuda(int index = 0) { return {Type::cuda, index}; }

  constexpr bool is_cpu() const { return type == Type::cpu; }
};

constexpr bool operator==(Device a, Device b) { return a.type == b.type && a.index == b.index; }
constexpr bool operator!=(Device a, Device b) { return !(a == b); }

/// Prints `cpu` or `cuda:0`.
inline std::ostream& operator<<(std::ostream& out, Device device) {
  return out << (device.is_cpu() ? "cpu" : "cuda:" + std::to_string(device.index));
}

}  // namespace tenbin
