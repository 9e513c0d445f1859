// ProgressBar: how far a training is, on a terminal or in a log file.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include "tenbin/training/extension.h"

namespace tenbin {

/// Shows how far training is. (Chainer: `ProgressBar`.)
///
///     trainer.extend(ProgressBar());
///
/// On a terminal, four lines that are redrawn about ten times a second; narrower ones on a narrow terminal:
///
///          total [###################...............................] 38.89%
///     this epoch [########################################..........] 80.00%
///           1400 iter, 7 epoch / 20 epochs        main/loss 0.231564
///         45.962 iters/sec. Estimated time to finish: 0:00:47.
///
/// They are below what else is printed: PrintReport erases them before it prints a row, and they are erased
/// when training ends. In a file or a pipe, with NO_COLOR or with TERM=dumb, there is a line for each tenth
/// of the training instead, or for each epoch if the stop trigger cannot tell how far it is:
///
///     40% iter 1440, epoch 8/20, main/loss 0.219872, 45.86 iters/sec, 0:00:47 left
///
/// An iteration without drawing costs reading the clock, on a file not even that. The loss is read, which on
/// a GPU waits for the device, only to be drawn.
class ProgressBar : public Extension {
 public:
  /// Writes to standard error. `interval`: seconds between redraws, at least.
  explicit ProgressBar(double interval = 0.1);
  /// Writes to `out`: a terminal of `columns` columns, or plain lines if that is 0. `clock` returns seconds;
  /// empty: the clock of the system.
  ProgressBar(std::ostream& out, std::size_t columns, std::function<double()> clock = {},
              double interval = 0.1);
  ProgressBar(ProgressBar&&) noexcept;
  ~ProgressBar() override;

  std::string name() const override { return "ProgressBar"; }
  bool only_writes() const override { return true; }
  void operator()(Trainer& trainer) override;
  Trigger default_trigger() const override { return Iterations(1); }
  void initialize(Trainer& trainer) override;
  void finalize(Trainer& trainer) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tenbin
