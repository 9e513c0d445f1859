// The peak memory of this process.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>

namespace tenbin::benchmarks {

/// The largest size so far of what is in memory, in bytes; 0 where /proc does not tell. (getrusage's
/// ru_maxrss is at least the size of the process that has started this one.)
inline std::size_t peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "VmHWM:") continue;
    std::size_t kilobytes = 0;
    status >> kilobytes;
    return kilobytes * 1024;
  }
  return 0;
}

}  // namespace tenbin::benchmarks
