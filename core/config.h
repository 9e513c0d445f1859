// The modes of a thread and guards that set them: recording, training, debugging.
#pragma once

#include <utility>

namespace tenbin {

/// The modes of one thread. Read those of the calling thread with `config()`; set them with the guards below.
/// A guard must have a name: `NoBackprop();` is destroyed at once, which is a compiler warning.
///
/// A new thread has the default modes; `UseConfig` gives it those of another thread.
struct Config {
  bool enable_backprop = true;  ///< functions record the graph
  bool train = true;            ///< functions behave as in training
  bool debug = false;           ///< every result is checked for NaN
  bool allow_tf32 = false;      ///< GPUs multiply float32 matrices in TF32
};

const Config& config();

namespace detail {

Config& mutable_config();

// Sets one mode; the destructor restores the earlier value.
template <bool Config::*mode, bool value>
class ModeGuard {
 public:
  [[nodiscard]] ModeGuard() : previous_(mutable_config().*mode) { mutable_config().*mode = value; }
  ~ModeGuard() { mutable_config().*mode = previous_; }
  ModeGuard(const ModeGuard&) = delete;
  ModeGuard& operator=(const ModeGuard&) = delete;

 private:
  bool previous_;
};

}  // namespace detail

/// While one exists, functions of this thread record no graph. (Chainer: `no_backprop_mode`.)
///
///     { NoBackprop off; y = model(x); }
class [[nodiscard]] NoBackprop : detail::ModeGuard<&Config::enable_backprop, false> {
 public:
  [[nodiscard]] NoBackprop() = default;
};

/// While one exists, functions behave as in evaluation: dropout passes its input through. (Chainer:
/// `using_config('train', False)`.)
class [[nodiscard]] TestMode : detail::ModeGuard<&Config::train, false> {
 public:
  [[nodiscard]] TestMode() = default;
};

/// While one exists, every output and every gradient is checked: a NaN is an Error that names the function.
/// (Chainer: `using_config('debug', True)`.)
class [[nodiscard]] DebugMode : detail::ModeGuard<&Config::debug, true> {
 public:
  [[nodiscard]] DebugMode() = default;
};

/// While one exists, float32 matrices are multiplied on the GPU's tensor cores in TF32: several times faster,
/// with 10 bits of mantissa, which makes errors of about 3e-4. (PyTorch:
/// `torch.backends.cuda.matmul.allow_tf32`.)
class [[nodiscard]] AllowTF32 : detail::ModeGuard<&Config::allow_tf32, true> {
 public:
  [[nodiscard]] AllowTF32() = default;
};

/// While one exists, this thread has the given modes, for example those of another thread. (Chainer:
/// `using_config`.)
///
///     std::thread worker([&, modes = config()] {
///       const UseConfig use(modes);
///       y = model(x);                    // records no graph if the starting thread had a NoBackprop
///     });
class [[nodiscard]] UseConfig {
 public:
  [[nodiscard]] explicit UseConfig(const Config& modes)
      : previous_(std::exchange(detail::mutable_config(), modes)) {}
  ~UseConfig() { detail::mutable_config() = previous_; }
  UseConfig(const UseConfig&) = delete;
  UseConfig& operator=(const UseConfig&) = delete;

 private:
  Config previous_;
};

}  // namespace tenbin
