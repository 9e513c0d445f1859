#include "tenbin/training/progress_line.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "tenbin/training/detail/terminal.h"

namespace tenbin {

namespace {

constexpr std::size_t bar_width = 30;
constexpr std::chrono::milliseconds redraw_interval(100);

// `0:09`, `1:02:03`.
std::string clock_text(std::chrono::seconds time) {
  const auto two_digits = [](auto number) { return (number < 10 ? ":0" : ":") + std::to_string(number); };
  const auto seconds = time.count();
  if (seconds >= 3600)
    return std::to_string(seconds / 3600) + two_digits(seconds / 60 % 60) + two_digits(seconds % 60);
  return std::to_string(seconds / 60) + two_digits(seconds % 60);
}

// The number of bytes of whole UTF-8 characters that fit the columns. Those of three or four bytes, among
// them East Asian ones and emoji, may take two columns.
std::size_t bytes_in_columns(const std::string& text, std::size_t columns) {
  std::size_t used = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) == 0x80) continue;  // within a character
    used += byte >= 0xE0 ? 2 : 1;
    if (used > columns) return i;
  }
  return text.size();
}

}  // namespace

ProgressLine::ProgressLine(std::size_t total)
    : ProgressLine(total, std::cerr, detail::terminal_columns(STDERR_FILENO)) {}

ProgressLine::ProgressLine(std::size_t total, std::ostream& out, std::size_t columns)
    : total_(total), out_(out), columns_(columns) {}

void ProgressLine::update(std::size_t done, const std::string& text) {
  done_ = std::min(done, total_);
  text_ = text;
  if (columns_ == 0) {
    if (parts_done(10) > tenths_printed_) print_plain();
  } else if (Clock::now() - drawn_ >= redraw_interval) {
    redraw();
  }
}

void ProgressLine::finish() {
  if (columns_ == 0) {
    // The last tenth of a complete run has been printed already.
    if (parts_done(10) != tenths_printed_ || done_ < total_) print_plain();
    return;
  }
  redraw();
  out_ << '\n' << std::flush;
}

std::size_t ProgressLine::parts_done(std::size_t parts) const {
  return total_ == 0 ? parts : done_ * parts / total_;
}

std::string ProgressLine::time_left() const {
  const auto elapsed = std::chrono::duration<double>(Clock::now() - start_);
  if (done_ >= total_) return "in " + clock_text(std::chrono::duration_cast<std::chrono::seconds>(elapsed));
  if (done_ == 0) return "ETA -:--";
  const auto left = elapsed * (static_cast<double>(total_ - done_) / static_cast<double>(done_));
  return "ETA " + clock_text(std::chrono::duration_cast<std::chrono::seconds>(left));
}

void ProgressLine::redraw() {
  const std::size_t filled = parts_done(bar_width);
  const std::string percent = std::to_string(parts_done(100));
  std::string line = "[" + std::string(filled, '#') + std::string(bar_width - filled, ' ') + "] " +
                     std::string(3 - percent.size(), ' ') + percent + "%  " + time_left();
  if (!text_.empty()) line += "  " + text_;
  // A wrapped line could not be redrawn.
  line.resize(bytes_in_columns(line, columns_ - 1));
  // Returns to the first column, and clears the rest of a longer previous line.
  out_ << '\r' << line << "\x1b[K" << std::flush;
  drawn_ = Clock::now();
}

void ProgressLine::print_plain() {
  out_ << std::to_string(parts_done(100)) << "%  " << time_left() << (text_.empty() ? "" : "  ") << text_
       << '\n'
       << std::flush;
  tenths_printed_ = parts_done(10);
}

}  // namespace tenbin
