// Checkpoint: the state of a training in one file, saved and resumed as a whole.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "tenbin/core/array.h"
#include "tenbin/serializers/npz.h"

namespace tenbin {

class Link;
class Optimizer;
namespace random {
class Generator;
}

struct CheckpointOptions {
  /// If false, parts and keys that the file lacks or has in addition are ignored: they stay as they are.
  bool strict = true;
  bool compression = true;  ///< of the file, as in save_npz
};

/// The parts of a training - the model, the optimizer, random generators, counters - that are saved to one
/// .npz file and loaded from it together.
///
///     MLP model;
///     Adam optimizer;
///     optimizer.setup(model);
///     auto batches = batch_source(Minibatches(train, {.batch_size = 64}));
///     double best = 0;
///     Checkpoint checkpoint("run.npz");
///     checkpoint.add("model", model).add("optimizer", optimizer).add("batches", *batches);
///     checkpoint.add("random", random::default_generator()).add("best", best);
///     if (checkpoint.resume()) std::cout << "resumed at epoch " << batches->epoch() << '\n';
///     while (batches->epoch() < 40) {
///       train_one_step();
///       if (batches->is_new_epoch()) checkpoint.save();
///     }
///
/// **Parts** are: a Link; an Optimizer that has been set up; a `random::Generator`; a BatchSource; any object
/// with `save_state` or `state_arrays`, and `prepare_load` (a StandardScaler; see StateReader); numbers and
/// bool; std::string; std::vector<double>; an Array, which is replaced by a new one on the same device. A
/// part is kept by reference and must outlive the Checkpoint; temporaries do not compile. Only of a Link a
/// handle is kept, which also follows `model = copy(best);` as an optimizer does.
///
/// **The file** has the keys `<name>/<key>`, with the keys of `save_npz` for the part, or `<name>/value`, and
/// the list of the names. It is written as by `save_npz`: a process that is killed, or a full disk, leaves
/// the earlier file as it was.
///
/// **Loading** reads and checks all parts before it changes the first one; an error leaves everything as it
/// was. A lazily sized model takes its shapes from the file, also before its optimizer is loaded; if the
/// optimizer's part then is not valid, the model is restored, but graphs that were recorded with it before
/// cannot be differentiated any more.
class Checkpoint {
 public:
  Checkpoint() = default;
  explicit Checkpoint(std::string path, const CheckpointOptions& options = {})
      : path_(std::move(path)), options_(options) {}

  /// Adds a part. A name may contain '/'. Errors: the name is taken, or one name continues another, as
  /// `log` and `log/rows`; it is empty, `checkpoint`, or not part of a path.
  template <class Part>
  Checkpoint& add(const std::string& name, Part& part) {
    if constexpr (std::is_base_of_v<Link, Part>) {
      return add_link(name, part);
    } else {
      static_assert(!std::is_const_v<Part>, "Checkpoint::add: the part is const and could not be loaded");
      if constexpr (std::is_base_of_v<Optimizer, Part>) {
        return add_optimizer(name, part);
      } else if constexpr (std::is_arithmetic_v<Part>) {
        return add_number(name, &part);
      } else if constexpr (detail::IsState<Part>::value) {
        return add_state(
            name, [&part] { return detail::state_of(part); },
            [&part](StateReader& reader) -> std::function<void()> {
              if constexpr (detail::HasPrepareLoad<Part>::value) {
                return part.prepare_load(reader);
              } else {
                return detail::prepare_load(part.state_arrays(), reader);
              }
            });
      } else {
        static_assert(std::is_same_v<Part, random::Generator> || std::is_same_v<Part, Array> ||
                          std::is_same_v<Part, std::string> || std::is_same_v<Part, std::vector<double>>,
                      "Checkpoint::add: a part of this type has no state; pass *pointer for a pointer");
        return add_value(name, part);
      }
    }
  }
  Checkpoint& add(const std::string& name, const Link& model) { return add_link(name, model); }
  template <class Part, class = std::enable_if_t<!std::is_base_of_v<Link, Part>>>
  Checkpoint& add(const std::string& name, const Part&& temporary) = delete;

  /// Adds the parts that `object.serialize(Checkpoint&)` adds, as `<name>/<part>`.
  template <class Object>
  Checkpoint& section(const std::string& name, Object& object) {
    Checkpoint inner;
    object.serialize(inner);
    for (Part& part : inner.parts_) {
      part.name = name + '/' + part.name;
      add_part(std::move(part));
    }
    return *this;
  }

  const std::string& path() const { return path_; }

  /// Writes the file. Errors: no path was given; those of `save_npz`.
  void save() const { save(required_path("save")); }
  void save(const std::string& path) const;

  /// Loads the file. Returns false if there is none; removes the temporary files that killed processes have
  /// left beside it. Errors: no path was given; those of `load`.
  bool resume();
  /// Loads a file. The report lists a missing part by its name. Errors: the file is missing, damaged, or not
  /// a checkpoint; it lacks a part, or has one that was not added, unless not `strict`; those of the parts.
  LoadReport load(const std::string& path);

 private:
  using Save = std::function<NamedArrays()>;
  using PrepareLoad = std::function<std::function<void()>(StateReader&)>;
  using Number =
      std::variant<bool*, char*, signed char*, unsigned char*, short*, unsigned short*, int*, unsigned*,
                   long*, unsigned long*, long long*, unsigned long long*, float*, double*>;

  struct Part {
    std::string name;
    Save save;
    PrepareLoad prepare_load;
    std::shared_ptr<const Link> holder;  // of a model
    bool is_optimizer = false;
  };
  class Loading;

  Checkpoint& add_link(const std::string& name, const Link& model);
  Checkpoint& add_optimizer(const std::string& name, Optimizer& optimizer);
  Checkpoint& add_number(const std::string& name, Number number);
  Checkpoint& add_value(const std::string& name, random::Generator& generator);
  Checkpoint& add_value(const std::string& name, std::string& text);
  Checkpoint& add_value(const std::string& name, std::vector<double>& values);
  Checkpoint& add_value(const std::string& name, Array& array);
  Checkpoint& add_state(const std::string& name, Save save, PrepareLoad prepare_load);
  void add_part(Part part);
  const std::string& required_path(const char* call) const;

  std::string path_;
  CheckpointOptions options_;
  std::vector<Part> parts_;
};

}  // namespace tenbin
