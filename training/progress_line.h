// ProgressLine: how far a long computation is, on one line.
#pragma once

#include <chrono>
#include <cstddef>
#include <iosfwd>
#include <string>

namespace tenbin {

/// On a terminal: one line, redrawn in place, with percentage, time left and a text. Elsewhere, and with
/// NO_COLOR or TERM=dumb: a plain line for every tenth of the work, so that log files stay readable.
///
///     ProgressLine bar(epochs * batches);
///     for (...) bar.update(++done, "loss " + std::to_string(loss));
///     bar.finish();
class ProgressLine {
 public:
  /// Writes to standard error.
  explicit ProgressLine(std::size_t total);
  /// Writes to `out`: a line that is redrawn if it is a terminal with this many columns; 0 for plain lines.
  ProgressLine(std::size_t total, std::ostream& out, std::size_t columns);

  /// Reports that `done` of the total is finished. Draws at most ten times per second.
  void update(std::size_t done, const std::string& text = "");
  /// Draws the last state once more and ends the line.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;

  void redraw();
  void print_plain();
  std::string time_left() const;
  std::size_t parts_done(std::size_t parts) const;

  std::size_t total_;
  std::ostream& out_;
  std::size_t columns_;
  std::size_t done_ = 0;
  std::string text_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point drawn_ = {};
  std::size_t tenths_printed_ = 0;
};

}  // namespace tenbin
