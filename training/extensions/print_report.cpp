#include "tenbin/training/extensions/print_report.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "tenbin/core/text.h"
#include "tenbin/training/detail/terminal.h"
#include "tenbin/training/extensions/log_report.h"
#include "tenbin/training/trainer.h"

namespace tenbin {

PrintReport::PrintReport(std::vector<std::string> keys)
    : PrintReport(std::move(keys), std::cout, detail::terminal_columns(STDOUT_FILENO) != 0) {}

PrintReport::PrintReport(std::vector<std::string> keys, std::ostream& out, bool is_terminal)
    : keys_(std::move(keys)), out_(&out), is_terminal_(is_terminal) {
  if (keys_.empty()) throw Error("PrintReport: expected the keys of the columns, got no key");
}

void PrintReport::initialize(Trainer& trainer) {
  printed_ = 0;
  log_ = trainer.find<LogReport>();
  print(keys_);
  print_rows(trainer);
}

void PrintReport::operator()(Trainer& trainer) { print_rows(trainer); }

// Columns as in Chainer: as wide as their name, at least 10, to the left, two blanks apart.
void PrintReport::print(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    line += cells[i];
    const std::size_t width = std::max<std::size_t>(10, detail::character_count(keys_[i])) + 2;
    const std::size_t length = detail::character_count(cells[i]);
    line.append(length < width ? width - length : 2, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  if (is_terminal_) *out_ << "\033[J";
  *out_ << line << '\n' << std::flush;
}

void PrintReport::print_rows(Trainer& trainer) {
  const LogReport& log = *log_;
  if (printed_ == log.rows().size()) return;
  trainer.require_keys("PrintReport", keys_);
  for (; printed_ < log.rows().size(); ++printed_) {
    std::vector<std::string> cells;
    for (const std::string& key : keys_) {
      const std::optional<double> value = value_of(log.rows()[printed_], key);
      cells.push_back(value ? detail::text_of(*value) : "");
    }
    print(cells);
  }
}

}  // namespace tenbin
