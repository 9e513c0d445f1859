#include "tenbin/training/extensions/progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <streambuf>

#include "tenbin/training/detail/terminal.h"
#include "tenbin/training/trainer.h"

namespace tenbin {

namespace {

constexpr std::size_t widest_bar = 50;
constexpr char erase_below[] = "\033[J";

// A text in memory of its own: drawing allocates nothing. What does not fit is cut.
class Text : private std::streambuf {
 public:
  Text() : stream_(this) {
    stream_.imbue(std::locale::classic());
    clear();
  }
  template <class T>
  Text& operator<<(const T& value) {
    stream_ << value;
    return *this;
  }
  void append(std::size_t count, char c) {
    for (std::size_t i = 0; i < count; ++i) stream_ << c;
  }
  void clear() {
    setp(buffer_.data(), buffer_.data() + buffer_.size());
    stream_.clear();
  }
  std::size_t size() const { return static_cast<std::size_t>(pptr() - pbase()); }
  void resize(std::size_t size) { pbump(static_cast<int>(size) - static_cast<int>(this->size())); }
  const char* data() const { return pbase(); }

 private:
  std::array<char, 2048> buffer_;
  std::ostream stream_;
};

// A moment of the training, from which its speed is computed.
struct Moment {
  double time = 0;
  double iteration = 0;
  double progress = 0;
};

// Like Python's timedelta: `0:00:08`, `1 day, 2:03:04`.
void add_duration(Text& text, double seconds) {
  if (!(seconds < 1e12)) {
    text << '?';
    return;
  }
  const auto whole = static_cast<std::int64_t>(std::llround(std::max(0.0, seconds)));
  const std::int64_t days = whole / 86400;
  if (days > 0) text << days << (days == 1 ? " day, " : " days, ");
  const auto two_digits = [&](std::int64_t number) { text << (number < 10 ? ":0" : ":") << number; };
  text << whole / 3600 % 24;
  two_digits(whole / 60 % 60);
  two_digits(whole % 60);
}

// `3`, or `3.25` if it is not whole.
void add_count(Text& text, double count) {
  const double nearest = std::round(count);
  const bool is_whole = std::abs(count - nearest) < 0.005;
  text << std::defaultfloat << std::setprecision(is_whole ? 15 : 4) << (is_whole ? nearest : count)
       << std::setprecision(6);
}

}  // namespace

struct ProgressBar::State {
  std::ostream* out;
  bool is_standard_error;
  std::size_t columns;
  std::function<double()> clock;
  double interval;

  std::string loss_key;
  double next_draw = 0;
  bool is_drawn = false;
  int tenths_printed = 0;
  std::array<Moment, 64> recent = {};  // a ring of the last drawings
  std::size_t moments = 0;             // how many there have been
  Text text;

  void start(const Trainer& trainer, const std::string& updater_name) {
    if (is_standard_error) columns = detail::terminal_columns(STDERR_FILENO);
    loss_key = updater_name + "/loss";
    next_draw = 0;
    moments = 0;
    remember(trainer, clock());
    tenths_printed = tenths_of(trainer);
  }

  static int tenths_of(const Trainer& trainer) {
    return static_cast<int>(std::floor(trainer.progress().value_or(0) * 10 + 1e-6));
  }

  void remember(const Trainer& trainer, double now) {
    recent[moments++ % recent.size()] = {now, static_cast<double>(trainer.iteration()),
                                         trainer.progress().value_or(0)};
  }

  // The change per second since the oldest moment that is kept.
  Moment speed() const {
    const Moment& last = recent[(moments - 1) % recent.size()];
    const Moment& first = recent[moments > recent.size() ? moments % recent.size() : 0];
    const double seconds = last.time - first.time;
    if (!(seconds > 0)) return {};
    return {seconds, (last.iteration - first.iteration) / seconds,
            (last.progress - first.progress) / seconds};
  }

  // ---- on a terminal -----------------------------------------------------------------------------------

  // A line is shorter than the terminal is wide: a wrapped one could not be redrawn.
  void end_line(std::size_t begin) {
    text.resize(std::min(text.size(), begin + columns - 1));
    text << '\n';
  }

  void add_bar(const char* label, double part) {
    const std::size_t begin = text.size();
    const bool has_label = columns > 30;
    const std::size_t around = has_label ? 21 : 10;  // the label, the brackets and the percentage
    const std::size_t room = columns - 1 - std::min(columns - 1, around);
    const std::size_t width = std::min(widest_bar, room);
    const auto marks = static_cast<std::size_t>(part * static_cast<double>(width) + 1e-9);
    if (has_label) text << label << ' ';
    text << '[';
    text.append(marks, '#');
    text.append(width - marks, '.');
    text << "] " << std::fixed << std::setprecision(2) << std::setw(5) << part * 100 << '%';
    text << std::defaultfloat << std::setprecision(6);
    end_line(begin);
  }

  void add_loss(std::optional<double> loss) {
    if (loss) text << loss_key << ' ' << *loss;
  }

  // `epoch 7/20`; the number of all epochs is known from the part that is done.
  void add_epochs(const Trainer& trainer, std::optional<double> progress) {
    text << "epoch " << trainer.epoch();
    if (!progress || !(*progress > 1e-6)) return;
    text << '/';
    add_count(text, trainer.epoch_detail() / *progress);
  }

  // The iteration, the epoch and the loss; on a narrow terminal the loss and the epoch first.
  void add_status(const Trainer& trainer, std::optional<double> progress) {
    const std::size_t begin = text.size();
    const std::optional<double> loss = trainer.observation().get(loss_key);
    text << std::setw(10) << trainer.iteration() << " iter, " << trainer.epoch() << " epoch";
    if (progress && *progress > 1e-6) {
      text << " / ";
      add_count(text, trainer.epoch_detail() / *progress);
      text << " epochs";
    }
    const std::size_t status = text.size() - begin;
    text.append(status < 44 ? 44 - status : 2, ' ');
    add_loss(loss);
    if (text.size() - begin < columns) return end_line(begin);
    text.resize(begin);
    if (loss) text << "loss " << *loss << ", ";
    add_epochs(trainer, progress);
    text << ", " << trainer.iteration() << " iter";
    end_line(begin);
  }

  void add_speed(std::optional<double> progress) {
    const std::size_t begin = text.size();
    const Moment per_second = speed();
    text << std::setprecision(5) << std::setw(columns > 40 ? 10 : 0) << per_second.iteration
         << std::setprecision(6) << " iters/sec.";
    if (progress) {
      text << (columns > 70 ? " Estimated time to finish: " : " Left: ");
      add_duration(text, (1 - *progress) / per_second.progress);
      text << '.';
    }
    end_line(begin);
  }

  void draw(const Trainer& trainer) {
    if (is_standard_error) columns = std::max<std::size_t>(detail::terminal_columns(STDERR_FILENO), 1);
    const std::optional<double> progress = trainer.progress();
    text.clear();
    text << erase_below;
    if (progress) add_bar("     total", *progress);
    add_bar("this epoch", trainer.epoch_detail() - std::floor(trainer.epoch_detail()));
    add_status(trainer, progress);
    add_speed(progress);
    text << "\033[" << (progress ? 4 : 3) << 'A';
    write();
    is_drawn = true;
  }

  void write() {
    out->write(text.data(), static_cast<std::streamsize>(text.size()));
    out->flush();
  }

  // ---- elsewhere ---------------------------------------------------------------------------------------

  void print(const Trainer& trainer) {
    remember(trainer, clock());
    const std::optional<double> progress = trainer.progress();
    const Moment per_second = speed();
    text.clear();
    if (progress) text << std::llround(*progress * 100) << "% ";
    text << "iter " << trainer.iteration() << ", ";
    add_epochs(trainer, progress);
    if (const auto loss = trainer.observation().get(loss_key)) {
      text << ", ";
      add_loss(loss);
    }
    text << ", " << std::setprecision(4) << per_second.iteration << std::setprecision(6) << " iters/sec";
    if (progress && *progress < 1) {
      text << ", ";
      add_duration(text, (1 - *progress) / per_second.progress);
      text << " left";
    }
    text << '\n';
    write();
  }
};

ProgressBar::ProgressBar(double interval) : ProgressBar(std::cerr, 0, {}, interval) {
  state_->is_standard_error = true;
}

ProgressBar::ProgressBar(std::ostream& out, std::size_t columns, std::function<double()> clock,
                         double interval)
    : state_(std::make_unique<State>()) {
  if (!(interval >= 0)) throw Error("ProgressBar: interval must be >= 0, got ", interval);
  state_->out = &out;
  state_->is_standard_error = false;
  state_->columns = columns;
  state_->interval = interval;
  state_->clock = std::move(clock);
  if (!state_->clock)
    state_->clock = [] {
      const auto now = std::chrono::steady_clock::now().time_since_epoch();
      return std::chrono::duration<double>(now).count();
    };
}

ProgressBar::ProgressBar(ProgressBar&&) noexcept = default;
ProgressBar::~ProgressBar() = default;

void ProgressBar::initialize(Trainer& trainer) { state_->start(trainer, trainer.updater().name()); }

void ProgressBar::operator()(Trainer& trainer) {
  State& state = *state_;
  if (state.columns == 0) {
    const int tenths = State::tenths_of(trainer);
    const bool is_due = trainer.progress() ? tenths > state.tenths_printed : trainer.is_new_epoch();
    if (is_due) state.print(trainer);
    state.tenths_printed = tenths;
    return;
  }
  const double now = state.clock();
  if (now < state.next_draw) return;
  state.next_draw = now + state.interval;
  state.remember(trainer, now);
  state.draw(trainer);
}

void ProgressBar::finalize(Trainer& /*trainer*/) {
  State& state = *state_;
  if (!state.is_drawn) return;
  *state.out << erase_below << std::flush;
  state.is_drawn = false;
}

}  // namespace tenbin
