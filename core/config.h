// Modes of the calling thread, switched for a scope: recording, training, debugging.
#pragma once

namespace tenbin {

/// The calling thread's modes. Read them here; switch them with the guards below.
struct Config {
  bool enable_backprop = true;  ///< functions record the graph
  bool train = true;            ///< dropout drops
  bool debug = false;           ///< every result is checked for NaN
  bool allow_tf32 = false;      ///< GPUs multiply float32 matrices in TF32
};

const Config& config();

namespace detail {

Config& mutable_config();

// Sets one mode for the lifetime of the object and puts the earlier value back, also when an exception
// passes.
template <bool Config::*mode, bool value>
class ModeGuard {
 public:
  ModeGuard() : previous_(mutable_config().*mode) { mutable_config().*mode = value; }
  ~ModeGuard() { mutable_config().*mode = previous_; }
  ModeGuard(const ModeGuard&) = delete;
  ModeGuard& operator=(const ModeGuard&) = delete;

 private:
  bool previous_;
};

}  // namespace detail

/// While one lives, functions of this thread record no graph. (Chainer: `no_backprop_mode`.)
///
///     { NoBackprop off; y = model(x); }
class NoBackprop : detail::ModeGuard<&Config::enable_backprop, false> {};

/// While one lives, functions behave as in evaluation: dropout passes its input through. (Chainer:
/// `using_config('train', False)`.)
class TestMode : detail::ModeGuard<&Config::train, false> {};

/// While one lives, every output and every gradient is checked: a NaN is an Error that names the function.
/// (Chainer: `using_config('debug', True)`.)
class DebugMode : detail::ModeGuard<&Config::debug, true> {};

/// While one lives, float32 matrices are multiplied on the GPU's tensor cores in TF32: several times faster,
/// with 10 bits of mantissa, which makes errors of about 3e-4. (PyTorch:
/// `torch.backends.cuda.matmul.allow_tf32`.)
class AllowTF32 : detail::ModeGuard<&Config::allow_tf32, true> {};

}  // namespace tenbin
