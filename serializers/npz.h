// NumPy's .npz files: parameters, optimizer state and data, exchangeable with Chainer and NumPy.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenbin/core/array.h"
#include "tenbin/core/file.h"

namespace tenbin {

namespace zip {
class Archive;
}

/// An .npz file as written by numpy.savez, numpy.savez_compressed and chainer.serializers.save_npz: a zip
/// archive of `<key>.npy`. Opening reads only the directory; an entry is read and checked when it is
/// requested.
///
/// dtypes: float32 float64 int32 int64 uint8 keep their type; bool becomes uint8; int8, int16 and uint16
/// int32; uint32 and uint64 int64; float16 float32; all of them little-endian or big-endian. Arrays in
/// Fortran order become row-major. A file is never trusted: sizes are compared with each other and with the
/// file size before memory is allocated, and checksums are verified.
///
/// Errors: `model.npz: what` for the file, `model.npz: l1/W: what` for an entry: any other dtype; a uint64
/// that does not fit into int64, with its position; damaged or contradictory data, encryption, archives
/// larger than 4 GiB. The error for a missing key lists the keys of the file.
///
///     NpzReader reader("model.npz");
///     Array W = reader.read("l1/W");
class NpzReader {
 public:
  explicit NpzReader(const std::string& path);
  NpzReader(NpzReader&&) noexcept;
  NpzReader& operator=(NpzReader&&) noexcept;
  ~NpzReader();

  const std::string& path() const;
  /// The keys, in the order of the file.
  const std::vector<std::string>& keys() const { return keys_; }
  bool contains(const std::string& key) const;
  Array read(const std::string& key) const;
  /// A short text, which NumPy stores as bytes without axes: `numpy.array(b"csr")`. Errors also: anything
  /// else.
  std::string read_text(const std::string& key) const;

 private:
  std::unique_ptr<zip::Archive> archive_;
  std::vector<std::string> keys_;    // of the archive's entries, by index
  std::vector<std::size_t> sorted_;  // indices of keys_, by key
  std::size_t find(const std::string& key) const;
  template <class Read>
  auto read_entry(const std::string& key, Read read) const;
  const zip::Archive& archive(const char* call) const;  // Errors: this reader has been moved from
};

/// Writes arrays, from any device, to an .npz file that NumPy and Chainer read. (Chainer:
/// `serializers.save_npz(file, obj, compression=True)`.)
///
/// The same arrays always give the same bytes. The file is written under a temporary name, read back to
/// verify headers, sizes and checksums, and then moved to `path` atomically: on an error, also for lack of
/// memory, an existing file is unchanged. See OutputFile for links, modes and write-protected files. Errors:
/// `model.npz: l1/W: what`: a default-constructed array, a key that occurs twice; more than 4 GiB; system
/// errors.
///
///     save_npz("model.npz", {{"l1/W", W}, {"l1/b", b}});
void save_npz(const std::string& path, const NamedArrays& arrays, bool compression = true);

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

// What `save_npz` writes of an object.
template <class Object>
NamedArrays state_of(Object&& object) {
  if constexpr (HasSaveState<Object>::value) {
    return object.save_state();
  } else {
    return object.state_arrays();
  }
}

}  // namespace detail

/// The same for an object - a Link, an Optimizer, a StandardScaler: saves the result of its `save_state()` if
/// it has that function, otherwise of `state_arrays()`. Errors also: a parameter of the link is not
/// initialised; the optimizer has not been set up.
///
///     save_npz("model.npz", model);
template <class Object, class = std::enable_if_t<detail::IsState<Object>::value>>
void save_npz(const std::string& path, Object&& object, bool compression = true) {
  save_npz(path, detail::state_of(object), compression);
}

/// Options of load_npz, those of Chainer.
struct LoadNpzOptions {
  /// Prefix of each key: "predictor/" loads a network from a file of its classifier.
  std::string path = {};
  /// If true, a missing key is an error; otherwise the array of that key is unchanged.
  bool strict = true;
};

/// The result of a load. Keys are as in the file.
struct LoadReport {
  std::vector<std::string> loaded_keys;
  std::vector<std::string> missing_keys;     ///< requested, not in the file
  std::vector<std::string> unexpected_keys;  ///< in the file, under `LoadNpzOptions::path`, not requested
};

/// Gives an object that is being loaded access to the arrays of a file, and records the requested keys. A
/// loadable object has a function `prepare_load(StateReader&)`, which reads and checks everything and returns
/// a function that assigns it: so an error leaves the object unchanged.
class StateReader {
 public:
  StateReader(const NpzReader& file, const LoadNpzOptions& options) : file_(&file), options_(options) {}

  /// The path of the file.
  const std::string& source() const { return file_->path(); }
  bool strict() const { return options_.strict; }
  bool contains(const std::string& key) const { return file_->contains(options_.path + key); }

  /// Empty if the key is missing and the load is not strict. Errors: those of NpzReader.
  Array read(const std::string& key);
  /// Empty if the key is missing: for values that older files do not have.
  Array read_if_there(const std::string& key);

  /// Errors: `model.npz: l1/W: expected float32(16, 8), got float32(17, 8)`.
  void require_like(const std::string& key, const Array& expected, const Array& got) const;
  /// Throws `model.npz: l1/W: what`.
  template <class... Parts>
  [[noreturn]] void fail(const std::string& key, const Parts&... parts) const {
    throw Error(source(), ": ", printable(options_.path + key), ": ", parts...);
  }

  /// While one exists, keys are those of an object inside: `name/key`. The scopes of one reader must be
  /// nested.
  ///
  ///     const StateReader::Inside inside(reader, "best");
  ///     const auto put_in_place = best.prepare_load(reader);
  class [[nodiscard]] Inside {
   public:
    [[nodiscard]] Inside(StateReader& reader, const std::string& name)
        : reader_(reader), outer_(reader.options_.path) {
      reader.options_.path += name + '/';
    }
    ~Inside() { reader_.options_.path = std::move(outer_); }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    StateReader& reader_;
    std::string outer_;
  };

  /// Errors: keys were requested by `read`, and none of them is in the file.
  LoadReport report() const;

 private:
  const NpzReader* file_;
  LoadNpzOptions options_;
  LoadReport report_;
  std::vector<std::string> asked_;  // requested by `read`
  bool has_read_ = false;           // whether one of them was found
};

/// Reads the arrays named by `targets` from an .npz file into the targets' memory, on any device. Other keys
/// of the file are ignored, as in Chainer, and reported; unlike in Chainer, shape and dtype must be equal.
///
/// Everything is read and checked before anything is changed. Errors: a key is missing; none of the keys is
/// in the file, even if not `strict`; `model.npz: l1/W: expected float32(16, 8), got float32(17, 8)`; those
/// of NpzReader.
///
///     load_npz("model.npz", {{"l1/W", W}, {"l1/b", b}}, {.path = "predictor/"});
LoadReport load_npz(const std::string& path, const NamedArrays& targets, const LoadNpzOptions& options = {});

namespace detail {

// As `save_npz`, with texts of 1 to 255 bytes, read by `NpzReader::read_text`, after the arrays.
void save_npz(const std::string& path, const NamedArrays& arrays,
              const std::vector<std::pair<std::string, std::string>>& texts, bool compression);

// `l1/W, l1/b, l2/W and 12 more`
std::string listed(const std::vector<std::string>& keys);

// Reads and checks arrays, and returns a function that assigns them to the targets.
std::function<void()> prepare_load(const NamedArrays& targets, StateReader& reader);

}  // namespace detail

/// The same for an object: a Link, whose uninitialised parameters take their shape from the file; an
/// Optimizer that has been set up (see `Optimizer::save_state`); any object with `prepare_load` or
/// `state_arrays`.
///
///     load_npz("model.npz", model);
///     LoadReport report = load_npz("pretrained.npz", model, {.strict = false});
///     for (const std::string& key : report.missing_keys) std::cout << key << " keeps its initial value\n";
template <class Object, class = std::enable_if_t<detail::IsState<Object>::value>>
LoadReport load_npz(const std::string& path, Object&& object, const LoadNpzOptions& options = {}) {
  if constexpr (detail::HasPrepareLoad<Object>::value) {
    const NpzReader file(path);
    StateReader reader(file, options);
    const auto put_in_place = object.prepare_load(reader);
    LoadReport report = reader.report();
    put_in_place();
    return report;
  } else {
    return load_npz(path, object.state_arrays(), options);
  }
}

}  // namespace tenbin
