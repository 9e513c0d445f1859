#include "tenbin/training/checkpoint.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <type_traits>
#include <utility>

#include "tenbin/core/random.h"
#include "tenbin/core/text.h"
#include "tenbin/links/link.h"
#include "tenbin/optimizers/optimizer.h"
#include "tenbin/serializers/state.h"

namespace tenbin {

namespace {

// The names of the parts, one per line: it tells a checkpoint from other files.
constexpr const char* parts_key = "checkpoint/parts";

bool is_path(const std::string& name) {
  return !name.empty() && name.front() != '/' && name.back() != '/' && name.find("//") == std::string::npos &&
         name.find('\n') == std::string::npos && name.find('\0') == std::string::npos;
}

// Whether the keys of one part could be those of the other: `log` and `log/rows`.
bool overlap(const std::string& a, const std::string& b) {
  const auto contains = [](const std::string& outer, const std::string& inner) {
    return (inner + '/').compare(0, outer.size() + 1, outer + '/') == 0;
  };
  return contains(a, b) || contains(b, a);
}

Array state_of_number(double value) { return number_state(value); }
Array state_of_number(float value) { return number_state(static_cast<double>(value)); }
template <class T>
Array state_of_number(T value) {
  return integer_state(static_cast<std::int64_t>(value));
}

template <class T>
T read_as(StateReader& reader) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(read_number(reader, "value"));
  } else {
    const std::int64_t value = read_integer(reader, "value");
    const T converted = static_cast<T>(value);
    if (static_cast<std::int64_t>(converted) != value)
      reader.fail("value", "the number ", value, " does not fit into the variable");
    return converted;
  }
}

// Restores the parameters of models, unless it is dismissed.
class RestoreModels {
 public:
  RestoreModels() = default;
  RestoreModels(const RestoreModels&) = delete;
  RestoreModels& operator=(const RestoreModels&) = delete;
  ~RestoreModels() {
    for (auto& [parameter, values] : before_) {
      if (values) {
        Array(parameter.data()).assign(values);
      } else {
        parameter.set_data(Array());
      }
    }
  }

  void add(const Link& model) {
    model.visit([&](const Parameter& parameter) {
      before_.emplace_back(parameter, parameter.is_initialized() ? parameter.data().copy() : Array());
    });
  }
  void dismiss() { before_.clear(); }

 private:
  std::vector<std::pair<Variable, Array>> before_;
};

}  // namespace

Checkpoint& Checkpoint::add_link(const std::string& name, const Link& model) {
  if (!model) throw Error("Checkpoint: the link '", name, "' has been moved from");
  const auto holder = std::make_shared<const Link>(Link::holder_of(model));
  add_part({name, [holder] { return holder->held().state_arrays(); },
            [holder](StateReader& reader) { return holder->held().prepare_load(reader); }, holder});
  return *this;
}

Checkpoint& Checkpoint::add_optimizer(const std::string& name, Optimizer& optimizer) {
  add_part({name, [&optimizer] { return optimizer.save_state(); },
            [&optimizer](StateReader& reader) { return optimizer.prepare_load(reader); }, nullptr, true});
  return *this;
}

Checkpoint& Checkpoint::add_number(const std::string& name, Number number) {
  return add_state(
      name,
      [number] {
        return std::visit(
            [](auto* place) {
              return NamedArrays{{"value", state_of_number(*place)}};
            },
            number);
      },
      [number](StateReader& reader) {
        return std::visit(
            [&](auto* place) -> std::function<void()> {
              return [place, value = read_as<std::remove_pointer_t<decltype(place)>>(reader)] {
                *place = value;
              };
            },
            number);
      });
}

Checkpoint& Checkpoint::add_value(const std::string& name, random::Generator& generator) {
  return add_state(
      name,
      [&generator] {
        return NamedArrays{{"seed", seed_state(generator.seed())},
                           {"position", seed_state(generator.position())}};
      },
      [&generator](StateReader& reader) {
        const std::uint64_t seed = read_seed(reader, "seed");
        const random::Generator read(seed, read_seed(reader, "position"));
        return [&generator, read] { generator = read; };
      });
}

Checkpoint& Checkpoint::add_value(const std::string& name, std::string& text) {
  return add_state(
      name,
      [&text] {
        return NamedArrays{{"value", text_state(text)}};
      },
      [&text](StateReader& reader) { return [&text, read = read_text(reader, "value")] { text = read; }; });
}

Checkpoint& Checkpoint::add_value(const std::string& name, std::vector<double>& values) {
  return add_state(
      name,
      [&values] {
        return NamedArrays{{"value", Array(values)}};
      },
      [&values](StateReader& reader) {
        return [&values, read = read_numbers(reader, "value")] { values = read; };
      });
}

Checkpoint& Checkpoint::add_value(const std::string& name, Array& array) {
  return add_state(
      name,
      [&array, name] {
        if (!array) throw Error("Checkpoint: the Array '", name, "' is empty");
        return NamedArrays{{"value", array}};
      },
      [&array](StateReader& reader) {
        return [&array, read = read_array(reader, "value").to(array.device())] { array = read; };
      });
}

Checkpoint& Checkpoint::add_state(const std::string& name, Save save, PrepareLoad prepare_load) {
  add_part({name, std::move(save), std::move(prepare_load), nullptr});
  return *this;
}

void Checkpoint::add_part(Part part) {
  const std::string& name = part.name;
  if (!is_path(name))
    throw Error(
        "Checkpoint: a name must not be empty, start or end with '/', contain '//', a line break or NUL, "
        "got '",
        printable(name), "'");
  if (overlap(name, "checkpoint"))
    throw Error("Checkpoint: the name '", name, "' is reserved for the list of the parts");
  for (const Part& other : parts_) {
    if (name == other.name) throw Error("Checkpoint: the name '", name, "' is taken");
    if (overlap(name, other.name))
      throw Error("Checkpoint: the keys of '", name, "' and of '", other.name, "' overlap");
  }
  parts_.push_back(std::move(part));
}

const std::string& Checkpoint::required_path(const char* call) const {
  if (path_.empty()) throw Error("Checkpoint::", call, ": the Checkpoint has no path");
  return path_;
}

void Checkpoint::save(const std::string& path) const {
  std::string names;
  for (const Part& part : parts_) names += (names.empty() ? "" : "\n") + part.name;
  NamedArrays all{{parts_key, text_state(names)}};
  for (const Part& part : parts_)
    for (auto& [key, array] : part.save()) all.emplace_back(part.name + '/' + key, std::move(array));
  save_npz(path, all, options_.compression);
}

bool Checkpoint::resume() {
  const std::string& path = required_path("resume");
  detail::remove_stale_temporaries(path);
  std::error_code error;  // anything but "there is no such file" is reported by `load`
  if (!std::filesystem::exists(path, error) && !error) return false;
  load(path);
  return true;
}

// One call of `load`.
class Checkpoint::Loading {
 public:
  Loading(const std::vector<Part>& parts, const NpzReader& file, bool strict)
      : parts_(parts), reader_(file, {"", strict}), puts_(parts.size()) {
    find_parts(file);
  }

  LoadReport run() {
    const bool is_lazy = std::any_of(parts_.begin(), parts_.end(), has_uninitialized);
    prepare([&](const Part& part) { return !is_lazy || !part.is_optimizer; });
    RestoreModels restore;
    if (is_lazy) {
      for (const Part& part : parts_)
        if (part.holder) restore.add(*part.holder);
      put_in_place([](const Part& part) { return part.holder != nullptr; });
      prepare([](const Part& part) { return part.is_optimizer; });
    }
    LoadReport report = reader_.report();
    report.missing_keys.insert(report.missing_keys.end(), missing_.begin(), missing_.end());
    if (reader_.strict() && !report.unexpected_keys.empty())
      throw Error(reader_.source(), ": no part reads the keys ", detail::listed(report.unexpected_keys));
    restore.dismiss();
    put_in_place([](const Part&) { return true; });
    return report;
  }

 private:
  static bool has_uninitialized(const Part& part) {
    bool found = false;
    if (part.holder)
      part.holder->visit([&](const Parameter& parameter) { found = found || !parameter.is_initialized(); });
    return found;
  }

  // Errors: the file is not a checkpoint, or strict and has other parts.
  void find_parts(const NpzReader& file) {
    if (!file.contains(parts_key))
      throw Error(file.path(), ": not a checkpoint: there is no key ", parts_key, "; the file has ",
                  detail::listed(file.keys()));
    const std::vector<std::string> names = detail::lines_of(read_text(reader_, parts_key));
    in_file_.insert(names.begin(), names.end());
    std::set<std::string> others = in_file_;
    for (const Part& part : parts_)
      if (others.erase(part.name) == 0) missing_.push_back(part.name);
    if (!reader_.strict()) return;
    if (!missing_.empty())
      throw Error(file.path(), ": the file lacks the parts: ", detail::listed(missing_),
                  "; it has: ", detail::listed(names));
    if (!others.empty())
      throw Error(file.path(), ": the file has parts that were not added: ",
                  detail::listed({others.begin(), others.end()}));
  }

  template <class Predicate>
  void prepare(Predicate is_now) {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const Part& part = parts_[i];
      if (!is_now(part) || in_file_.count(part.name) == 0) continue;
      const StateReader::Inside inside(reader_, part.name);
      puts_[i] = part.prepare_load(reader_);
    }
  }

  template <class Predicate>
  void put_in_place(Predicate is_now) {
    for (std::size_t i = 0; i < parts_.size(); ++i)
      if (is_now(parts_[i]))
        if (const auto put = std::exchange(puts_[i], nullptr)) put();
  }

  const std::vector<Part>& parts_;
  StateReader reader_;
  std::set<std::string> in_file_;            // names of parts
  std::vector<std::string> missing_;         // not in the file
  std::vector<std::function<void()>> puts_;  // what puts the parts in place
};

LoadReport Checkpoint::load(const std::string& path) {
  const NpzReader file(path);
  return Loading(parts_, file, options_.strict).run();
}

}  // namespace tenbin
