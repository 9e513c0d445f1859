// Loading objects from a file of named arrays, whatever its format: npz and safetensors share this.
#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenbin/core/array.h"
#include "tenbin/core/file.h"

namespace tenbin {

/// A file of named arrays that is open for reading: an NpzReader or a SafetensorsReader.
class ArrayFile {
 public:
  ArrayFile() = default;
  ArrayFile(ArrayFile&&) = default;
  ArrayFile& operator=(ArrayFile&&) = default;
  virtual ~ArrayFile() = default;

  virtual const std::string& path() const = 0;
  /// The keys, in the order of the file.
  virtual const std::vector<std::string>& keys() const = 0;
  virtual bool contains(const std::string& key) const = 0;
  /// Errors: there is no such key; damaged data.
  virtual Array read(const std::string& key) const = 0;
};

namespace detail {

template <class Object, class = void>
struct HasStateArrays : std::false_type {};
template <class Object>
struct HasStateArrays<Object, std::void_t<decltype(std::declval<Object&>().state_arrays())>>
    : std::true_type {};

template <class Object, class = void>
struct HasSaveState : std::false_type {};
template <class Object>
struct HasSaveState<Object, std::void_t<decltype(std::declval<Object&>().save_state())>> : std::true_type {};

template <class Object, class = void>
struct HasPrepareLoad : std::false_type {};
template <class Object>
struct HasPrepareLoad<Object, std::void_t<decltype(&std::decay_t<Object>::prepare_load)>> : std::true_type {};

template <class Object>
using IsState = std::disjunction<HasStateArrays<Object>, HasSaveState<Object>>;

// What is saved of an object.
template <class Object>
NamedArrays state_of(Object&& object) {
  if constexpr (HasSaveState<Object>::value) {
    return object.save_state();
  } else {
    return object.state_arrays();
  }
}

}  // namespace detail

/// Options of load_npz and load_safetensors. (Chainer: the arguments of `load_npz`.)
struct LoadOptions {
  /// Prefix of each key: "predictor/" loads a network from a file of its classifier.
  std::string path = {};
  /// If true, a missing key is an error; otherwise the array of that key is unchanged.
  bool strict = true;
  /// The key in the file, after `path`, for a key of the object. Not set: the same.
  ///
  ///     load_safetensors("model.safetensors", model, {.rename = pytorch_name});
  ///     load_npz("old.npz", model, {.rename = [](const std::string& key) { return "fc_" + key; }});
  std::function<std::string(const std::string& key)> rename = {};
};

/// PyTorch's name of a parameter or a persistent value, for LoadOptions::rename: `l1/W` is `l1.weight`, b is
/// bias, gamma weight, beta bias, avg_mean running_mean, avg_var running_var and N num_batches_tracked.
/// The layers of a Sequential are counted without functions here and with them in PyTorch: rename those by a
/// function of your own.
std::string pytorch_name(const std::string& key);

/// The result of a load. Keys are as in the file.
struct LoadReport {
  std::vector<std::string> loaded_keys;
  std::vector<std::string> missing_keys;     ///< requested, not in the file
  std::vector<std::string> unexpected_keys;  ///< in the file, under `LoadOptions::path`, not requested
};

/// Gives an object that is being loaded access to the arrays of a file, and records the requested keys. A
/// loadable object has a function `prepare_load(StateReader&)`, which reads and checks everything and returns
/// a function that assigns it: so an error leaves the object unchanged.
class StateReader {
 public:
  StateReader(const ArrayFile& file, LoadOptions options) : file_(&file), options_(std::move(options)) {}

  /// The path of the file.
  const std::string& source() const { return file_->path(); }
  bool strict() const { return options_.strict; }
  bool contains(const std::string& key) const { return file_->contains(file_key(key)); }

  /// Empty if the key is missing and the load is not strict. Errors: those of the file.
  Array read(const std::string& key);
  /// Empty if the key is missing: for values that older files do not have.
  Array read_if_there(const std::string& key);

  /// Errors: `model.npz: l1/W: expected float32(16, 8), got float32(17, 8)`.
  void require_like(const std::string& key, const Array& expected, const Array& got) const;
  /// Throws `model.npz: l1/W: what`.
  template <class... Parts>
  [[noreturn]] void fail(const std::string& key, const Parts&... parts) const {
    throw Error(source(), ": ", printable(file_key(key)), ": ", parts...);
  }

  /// While one exists, keys are those of an object inside: `name/key`. The scopes of one reader must be
  /// nested.
  ///
  ///     const StateReader::Inside inside(reader, "best");
  ///     const auto put_in_place = best.prepare_load(reader);
  class [[nodiscard]] Inside {
   public:
    [[nodiscard]] Inside(StateReader& reader, const std::string& name)
        : reader_(reader), outer_(reader.inside_) {
      reader.inside_ += name + '/';
    }
    ~Inside() { reader_.inside_ = std::move(outer_); }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    StateReader& reader_;
    std::string outer_;
  };

  /// Errors: keys were requested by `read`, and none of them is in the file.
  LoadReport report() const;

 private:
  std::string file_key(const std::string& key) const;

  const ArrayFile* file_;
  LoadOptions options_;
  std::string inside_;  // the prefix of an object inside
  LoadReport report_;
  std::vector<std::string> asked_;  // requested by `read`
  bool has_read_ = false;           // whether one of them was found
};

namespace detail {

// `l1/W, l1/b, l2/W and 12 more`
std::string listed(const std::vector<std::string>& keys);

// Reads and checks arrays, and returns a function that assigns them to the targets.
std::function<void()> prepare_load(const NamedArrays& targets, StateReader& reader);

// Reads the arrays named by `targets` from a file into the targets' memory, on any device: see `load_npz`.
LoadReport load_arrays(const ArrayFile& file, const NamedArrays& targets, const LoadOptions& options);

// The same for an object.
template <class Object>
LoadReport load_object(const ArrayFile& file, Object& object, const LoadOptions& options) {
  if constexpr (HasPrepareLoad<Object>::value) {
    StateReader reader(file, options);
    const auto put_in_place = object.prepare_load(reader);
    LoadReport report = reader.report();
    put_in_place();
    return report;
  } else {
    return load_arrays(file, object.state_arrays(), options);
  }
}

}  // namespace detail

}  // namespace tenbin
