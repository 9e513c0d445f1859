// The workloads of the GPU benchmarks. Blocks are longer than on the CPU, so that the one wait for the device
// at a block's end is negligible.
#pragma once

#include "../workloads.h"

namespace tenbin::benchmarks {

// The first workload of each list is small enough for the emulator.

inline const std::vector<StepWorkload> gpu_steps = {
    {"30-64-64-2/16", {30, 64, 64, 2}, 16, 8},
    {"30-64-64-2/256", {30, 64, 64, 2}, 256, 500},
    {"784-1000-1000-10/100", {784, 1000, 1000, 10}, 100, 20},
    {"784-1000-1000-10/4096", {784, 1000, 1000, 10}, 4096, 20},
};

inline const std::vector<LossWorkload> gpu_losses = {
    {"64x10", 64, 10, 5},
    {"65536x10", 65536, 10, 500},
    {"65536x128", 65536, 128, 200},
    {"65536x1000", 65536, 1000, 50},
    {"16384x32000", 16384, 32000, 10},
};

/// Copies within the device's memory.
struct CopyWorkload {
  std::string name;  ///< MiB
  std::size_t bytes;
  std::size_t repeats;
};

inline const std::vector<CopyWorkload> gpu_copies = {
    {"1", std::size_t{1} << 20, 2},
    {"1024", std::size_t{1} << 30, 20},
};

}  // namespace tenbin::benchmarks
