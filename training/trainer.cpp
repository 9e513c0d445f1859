#include "tenbin/training/trainer.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "tenbin/core/random.h"
#include "tenbin/core/text.h"
#include "tenbin/training/checkpoint.h"
#include "tenbin/training/extensions/log_report.h"

namespace tenbin {

namespace {

using Clock = std::chrono::steady_clock;

// The first text of `b` that is also in `a`.
std::optional<std::string> common(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  for (const std::string& text : b)
    if (std::find(a.begin(), a.end(), text) != a.end()) return text;
  return std::nullopt;
}

}  // namespace

struct Trainer::State {
  struct Entry {
    std::string name;
    std::unique_ptr<Extension> extension;
    Trigger trigger;
    int priority;
    bool call_before_training;
    std::vector<std::string> reports;
  };

  State(Updater its_updater, TrainerOptions options)
      : updater(std::move(its_updater)),
        stop(std::move(options.stop)),
        out(std::move(options.out)),
        peers(std::move(options.peers)) {}

  Updater updater;
  Trigger stop;
  std::string out;
  std::shared_ptr<Peers> peers;  // null: there are no others
  bool is_out_made = false;
  Observation observation;
  std::vector<Entry> entries;    // in the order in which they were added
  std::vector<Entry*> in_order;  // by descending priority
  std::vector<std::function<void(Checkpoint&)>> more_state;
  bool is_running = false;
  bool has_fired = false;   // the stop trigger
  bool is_stopped = false;  // by `stop`
  bool has_failed = false;
  std::string stop_reason;
  double elapsed = 0;  // before `start`
  Clock::time_point start = Clock::now();
  std::optional<double> agreed_elapsed;  // with peers: in this iteration
  std::uint64_t urgent = 0;              // with peers: a bit for each of `in_order`
  bool is_urgent = false;                // the extension that runs

  bool is_first() const { return peers == nullptr || peers->rank() == 0; }
  // The time of this process.
  double seconds() const {
    return is_running ? elapsed + std::chrono::duration<double>(Clock::now() - start).count() : elapsed;
  }
  // Whether this process calls an extension.
  bool calls(const Extension& extension) const { return is_first() || !extension.only_writes(); }

  // With peers: sets the time and the urgent extensions of this iteration, the same in all processes.
  void agree() {
    if (peers == nullptr) return;
    urgent = 0;
    for (std::size_t i = 0; i < in_order.size(); ++i)
      if (in_order[i]->extension->is_urgent()) urgent |= std::uint64_t{1} << std::min<std::size_t>(i, 63);
    struct Known {
      double seconds;
      std::uint64_t urgent;
    };
    const auto known_of = [](const std::string& text) {
      Known known{};
      std::memcpy(&known, text.data(), std::min(text.size(), sizeof known));
      return known;
    };
    const Known mine{seconds(), urgent};
    const std::vector<std::string> all =
        peers->allgather({reinterpret_cast<const char*>(&mine), sizeof mine});
    agreed_elapsed = known_of(all[0]).seconds;
    for (const std::string& text : all) urgent |= known_of(text).urgent;
  }
  bool is_urgent_at(std::size_t i) const {
    if (peers == nullptr) return in_order[i]->extension->is_urgent();
    return (urgent >> std::min<std::size_t>(i, 63) & 1) != 0;
  }

  void call(std::size_t i, Trainer& trainer) {
    is_urgent = is_urgent_at(i);
    (*in_order[i]->extension)(trainer);
    is_urgent = false;
  }

  // The part of an iteration after the step.
  void run_extensions(Trainer& trainer) {
    const ReportScope scope(observation, "");
    bool has_asked = false;
    const auto ask_stop_trigger = [&] {
      if (!has_asked && stop(trainer)) has_fired = true;
      has_asked = true;
    };
    for (std::size_t i = 0; i < in_order.size(); ++i) {
      Entry& entry = *in_order[i];
      // The state that is saved last includes that of the stop trigger.
      if (entry.priority <= Priority::last) ask_stop_trigger();
      const bool is_called = calls(*entry.extension);
      if (is_called) entry.extension->observe(trainer);
      const bool fires = entry.trigger(trainer);
      if (is_called && (fires || is_urgent_at(i))) call(i, trainer);
    }
    ask_stop_trigger();
  }

  void sort_entries() {
    in_order.clear();
    for (Entry& entry : entries) in_order.push_back(&entry);
    std::stable_sort(in_order.begin(), in_order.end(),
                     [](const Entry* a, const Entry* b) { return a->priority > b->priority; });
  }
};

Trainer::Trainer(Updater updater, TrainerOptions options)
    : state_(std::make_unique<State>(std::move(updater), std::move(options))) {}
Trainer::Trainer(Trainer&&) noexcept = default;
Trainer::~Trainer() = default;

void Trainer::add(std::unique_ptr<Extension> extension, ExtendOptions options) {
  if (state_->is_running) throw Error("Trainer: extend: the trainer runs");
  const std::string base = options.name.empty() ? extension->name() : options.name;
  const auto is_taken = [&](const std::string& name) {
    return std::any_of(state_->entries.begin(), state_->entries.end(),
                       [&](const State::Entry& entry) { return entry.name == name; });
  };
  std::string name = base;
  for (std::size_t i = 1; is_taken(name); ++i) name = base + '_' + std::to_string(i);
  Trigger trigger = options.trigger ? std::move(*options.trigger) : extension->default_trigger();
  const int priority = options.priority.value_or(extension->default_priority());
  std::vector<std::string> reports = std::move(options.reports);
  for (std::string& key : extension->reported_keys()) reports.push_back(std::move(key));
  for (const State::Entry& other : state_->entries) {
    if (const auto key = common(reports, other.reports))
      throw Error("Trainer: extend: '", *key, "' is reported by ", other.name,
                  " already; the option .name of an Evaluator changes its keys");
    if (const auto file = common(extension->written_files(), other.extension->written_files()))
      throw Error("Trainer: extend: '", *file, "' is written by ", other.name, " already");
  }
  state_->entries.push_back({std::move(name), std::move(extension), std::move(trigger), priority,
                             options.call_before_training, std::move(reports)});
}

void Trainer::add_state(std::function<void(Checkpoint&)> add) {
  if (state_->is_running) throw Error("Trainer: add_state: the trainer runs");
  state_->more_state.push_back(std::move(add));
}

std::vector<Extension*> Trainer::extensions() const {
  std::vector<Extension*> all;
  for (const State::Entry& entry : state_->entries) all.push_back(entry.extension.get());
  return all;
}

bool Trainer::is_over() const {
  const std::optional<double> progress = state_->stop.progress(*this);
  return progress ? *progress >= 1 : state_->has_fired;
}

void Trainer::run() {
  State& state = *state_;
  if (state.is_running) throw Error("Trainer: run: the trainer runs");
  const auto all = extensions();
  const bool needs_log =
      std::any_of(all.begin(), all.end(), [](const Extension* each) { return each->reads_log(); });
  if (needs_log && find<LogReport>() == nullptr) extend(LogReport());
  state.sort_entries();
  state.start = Clock::now();
  state.is_running = true;
  state.has_fired = state.is_stopped = state.has_failed = false;
  state.stop_reason.clear();

  try {
    for (const State::Entry* entry : state.in_order) entry->extension->prepare(*this);
    for (const State::Entry* entry : state.in_order)
      if (state.calls(*entry->extension)) entry->extension->initialize(*this);
    state.agree();
    if (iteration() == 0) call_before_training();
    while (!is_over() && !state.is_stopped) iterate();
    state.agree();  // a signal after the last iteration
    for (std::size_t i = 0; i < state.in_order.size(); ++i)
      if (state.is_urgent_at(i) && state.calls(*state.in_order[i]->extension)) state.call(i, *this);
  } catch (const std::exception& error) {
    end(&error);
    throw;
  } catch (...) {
    const Error unknown("Trainer: an exception of unknown type");
    end(&unknown);
    throw;
  }
  end(nullptr);
}

void Trainer::call_before_training() {
  const ReportScope scope(state_->observation, "");
  for (const State::Entry* entry : state_->in_order) {
    if (!entry->call_before_training || !state_->calls(*entry->extension)) continue;
    entry->extension->observe(*this);
    (*entry->extension)(*this);
  }
}

// Calls `on_error`, if there is an error, and `finalize` of all extensions, whatever they throw. Errors: the
// first one of `finalize`, unless another one is reported already.
void Trainer::end(const std::exception* error) {
  State& state = *state_;
  state.agreed_elapsed.reset();
  state.elapsed = state.seconds();
  state.is_running = false;
  state.has_failed = error != nullptr;
  std::exception_ptr first;
  const auto attempt = [&](auto call) {
    try {
      call();
    } catch (...) {
      if (first == nullptr) first = std::current_exception();
    }
  };
  if (error != nullptr)
    for (const State::Entry* entry : state.in_order)
      if (state.calls(*entry->extension)) attempt([&] { entry->extension->on_error(*this, *error); });
  for (const State::Entry* entry : state.in_order)
    if (state.calls(*entry->extension)) attempt([&] { entry->extension->finalize(*this); });
  if (error == nullptr && first != nullptr) std::rethrow_exception(first);
}

void Trainer::iterate() {
  State& state = *state_;
  state.observation.clear();
  state.updater.update(state.observation);
  state.agree();
  state.run_extensions(*this);
}

void Trainer::stop(const std::string& reason) {
  state_->is_stopped = true;
  state_->stop_reason = reason;
}

const std::string& Trainer::stop_reason() const { return state_->stop_reason; }
bool Trainer::has_failed() const { return state_->has_failed; }

Updater& Trainer::updater() { return state_->updater; }
Optimizer& Trainer::optimizer() const { return state_->updater.optimizer(); }
std::int64_t Trainer::iteration() const { return state_->updater.iteration(); }
std::int64_t Trainer::epoch() const { return state_->updater.epoch(); }
double Trainer::epoch_detail() const { return state_->updater.epoch_detail(); }
double Trainer::previous_epoch_detail() const { return state_->updater.previous_epoch_detail(); }
bool Trainer::is_new_epoch() const { return state_->updater.is_new_epoch(); }

bool Trainer::is_first() const { return state_->is_first(); }
bool Trainer::is_urgent() const { return state_->is_urgent; }
std::string Trainer::from_first(const std::string& text) const {
  return state_->peers == nullptr ? text : state_->peers->allgather(text)[0];
}

double Trainer::elapsed_time() const {
  return state_->agreed_elapsed ? *state_->agreed_elapsed : state_->seconds();
}

std::optional<double> Trainer::progress() const {
  const std::optional<double> progress = state_->stop.progress(*this);
  return progress ? std::optional(std::clamp(*progress, 0.0, 1.0)) : std::nullopt;
}

Observation& Trainer::observation() { return state_->observation; }
const Observation& Trainer::observation() const { return state_->observation; }

namespace {

const char* const always_known[] = {"epoch", "iteration", "elapsed_time"};

}  // namespace

bool Trainer::knows_key(const std::string& key) const {
  const auto is_it = [&](const std::string& other) { return other == key; };
  if (std::any_of(std::begin(always_known), std::end(always_known), is_it)) return true;
  const auto continues = [&](const std::string& declared) {
    return key == declared || key.compare(0, declared.size() + 1, declared + '/') == 0;
  };
  for (const State::Entry& entry : state_->entries)
    if (std::any_of(entry.reports.begin(), entry.reports.end(), continues)) return true;
  const LogReport* const log = find<LogReport>();
  return log != nullptr && log->has_key(key);
}

std::string Trainer::known_keys() const {
  std::vector<std::string> keys(std::begin(always_known), std::end(always_known));
  const auto add_key = [&](const std::string& key) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  };
  state_->observation.for_each([&](const Observation::Entry& entry) { add_key(entry.key); });
  if (const LogReport* const log = find<LogReport>())
    for (const std::string& key : log->keys()) add_key(key);
  for (const State::Entry& entry : state_->entries)
    for (const std::string& key : entry.reports) add_key(key);
  return detail::joined(keys);
}

void Trainer::require_keys(const char* caller, const std::vector<std::string>& keys) const {
  if (epoch() == 0) return;
  const LogReport* const log = find<LogReport>();
  for (const std::string& key : keys) {
    if (!knows_key(key) && observation().get(key))
      throw Error(caller, ": '", key,
                  "' is reported after LogReport has run; give what reports it a higher priority");
    if (!knows_key(key))
      throw Error(caller, ": no value has been reported as '", key, "'; there are ", known_keys());
    std::vector<std::string> per_class;
    if (log != nullptr && !log->has_key(key))
      for (const std::string& other : log->keys())
        if (other.compare(0, key.size() + 1, key + '/') == 0) per_class.push_back(other);
    if (!per_class.empty())
      throw Error(caller, ": '", key, "' has a value per class: ", detail::joined(per_class));
  }
}

const std::string& Trainer::out() const {
  if (state_->is_out_made) return state_->out;
  if (state_->out.empty()) throw Error("Trainer: the directory .out is empty");
  std::error_code error;
  std::filesystem::create_directories(state_->out, error);
  if (error) throw Error("Trainer: ", state_->out, ": ", error.message());
  state_->is_out_made = true;
  return state_->out;
}

std::string Trainer::path_of(const std::string& file) const {
  return (std::filesystem::path(out()) / file).string();
}

void Trainer::serialize(Checkpoint& state) {
  State& own = *state_;
  own.elapsed = own.seconds();
  own.start = Clock::now();
  const Link model = optimizer().target();
  state.add("model", model);
  state.add("optimizer", optimizer());
  state.add("random", random::default_generator());
  state.section("updater", own.updater);
  state.add("elapsed_time", own.elapsed);
  state.add("has_fired", own.has_fired).add("is_stopped", own.is_stopped).add("stop_reason", own.stop_reason);
  state.section("stop", own.stop);
  for (const auto& add_more : own.more_state) add_more(state);
  for (State::Entry& entry : own.entries) {
    state.section("extensions/" + entry.name, *entry.extension);
    state.section("extensions/" + entry.name + "/trigger", entry.trigger);
  }
}

}  // namespace tenbin
