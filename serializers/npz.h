// NumPy's .npz files: parameters, optimizer state and data, exchangeable with Chainer and NumPy.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tenbin/serializers/array_file.h"

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
class NpzReader : public ArrayFile {
 public:
  explicit NpzReader(const std::string& path);
  NpzReader(NpzReader&&) noexcept;
  NpzReader& operator=(NpzReader&&) noexcept;
  ~NpzReader() override;

  const std::string& path() const override;
  /// The keys, in the order of the file.
  const std::vector<std::string>& keys() const override { return keys_; }
  bool contains(const std::string& key) const override;
  Array read(const std::string& key) const override;
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

/// The same for an object - a Link, an Optimizer, a StandardScaler: saves the result of its `save_state()` if
/// it has that function, otherwise of `state_arrays()`. Errors also: a parameter of the link is not
/// initialised; the optimizer has not been set up.
///
///     save_npz("model.npz", model);
template <class Object, class = std::enable_if_t<detail::IsState<Object>::value>>
void save_npz(const std::string& path, Object&& object, bool compression = true) {
  save_npz(path, detail::state_of(object), compression);
}

/// Reads the arrays named by `targets` from an .npz file into the targets' memory, on any device. Other keys
/// of the file are ignored, as in Chainer, and reported; unlike in Chainer, shape and dtype must be equal.
///
/// Everything is read and checked before anything is changed. Errors: a key is missing; none of the keys is
/// in the file, even if not `strict`; `model.npz: l1/W: expected float32(16, 8), got float32(17, 8)`; those
/// of NpzReader.
///
///     load_npz("model.npz", {{"l1/W", W}, {"l1/b", b}}, {.path = "predictor/"});
LoadReport load_npz(const std::string& path, const NamedArrays& targets, const LoadOptions& options = {});

namespace detail {

// As `save_npz`, with texts of 1 to 255 bytes, read by `NpzReader::read_text`, after the arrays.
void save_npz(const std::string& path, const NamedArrays& arrays,
              const std::vector<std::pair<std::string, std::string>>& texts, bool compression);

}  // namespace detail

/// The same for an object: a Link, whose uninitialised parameters take their shape from the file; an
/// Optimizer that has been set up (see `Optimizer::save_state`); any object with `prepare_load` or
/// `state_arrays`.
///
///     load_npz("model.npz", model);
///     LoadReport report = load_npz("pretrained.npz", model, {.strict = false});
///     for (const std::string& key : report.missing_keys) std::cout << key << " keeps its initial value\n";
template <class Object, class = std::enable_if_t<detail::IsState<Object>::value>>
LoadReport load_npz(const std::string& path, Object&& object, const LoadOptions& options = {}) {
  return detail::load_object(NpzReader(path), object, options);
}

}  // namespace tenbin
