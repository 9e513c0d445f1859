// NumPy's .npz files: parameters, optimizer state and data, exchangeable with Chainer and NumPy.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/core/array.h"

namespace tenbin {

namespace zip {
class Archive;
}

/// An .npz file, as numpy.savez, numpy.savez_compressed and chainer.serializers.save_npz write it: a zip
/// archive of `<key>.npy`. Opening reads only the directory; an entry is read, and checked, when it is asked
/// for.
///
/// dtypes: float32 float64 int32 int64 uint8 are read as they are; bool as uint8; int8, int16 and uint16 as
/// int32; uint32 and uint64 as int64; float16 as float32; all of them little-endian or big-endian. Arrays in
/// Fortran order become row-major. A file is never trusted: sizes are compared with each other and with what
/// is really there before memory is asked for, and checksums are compared.
///
/// Errors: `model.npz: what` for the file, `model.npz: l1/W: what` for an entry: any other dtype; a uint64
/// that does not fit into int64, with its position; damaged or contradictory data, encryption, archives
/// beyond 4 GiB. For a key that is missing, the keys of the file.
///
///     NpzReader reader("model.npz");
///     Array W = reader.read("l1/W");
class NpzReader {
 public:
  explicit NpzReader(const std::string& path);
  NpzReader(NpzReader&&) noexcept;
  NpzReader& operator=(NpzReader&&) noexcept;
  ~NpzReader();

  /// In the order of the file.
  const std::vector<std::string>& keys() const { return keys_; }
  bool contains(const std::string& key) const;
  Array read(const std::string& key) const;

 private:
  std::unique_ptr<zip::Archive> archive_;
  std::vector<std::string> keys_;    // of the archive's entries, one by one
  std::vector<std::size_t> sorted_;  // indices of keys_, by key
  std::size_t find(const std::string& key) const;
};

/// Writes arrays, from any device, to an .npz file that NumPy and Chainer read. (Chainer:
/// `serializers.save_npz(file, obj, compression=True)`.)
///
/// The same arrays always give the same bytes. The file is written aside, read again - headers, sizes and
/// checksums must be right - and then moved to `path` in one step: on an error, for lack of memory too, what
/// was there is untouched. See OutputFile for links, modes and write-protected files. Errors: `model.npz:
/// l1/W: what`: a default constructed array, a key that occurs twice; more than 4 GiB; the system's.
///
///     save_npz("model.npz", {{"l1/W", W}, {"l1/b", b}});
void save_npz(const std::string& path, const NamedArrays& arrays, bool compression = true);
/// The same for what has `state_arrays()`: a Link, an Optimizer.
///
///     save_npz("model.npz", model);
template <class Object>
auto save_npz(const std::string& path, Object&& object, bool compression = true)
    -> decltype(object.state_arrays(), void()) {
  save_npz(path, object.state_arrays(), compression);
}

/// Chainer's arguments of `load_npz`.
struct LoadNpz {
  /// Goes before each key: "predictor/" loads a network from a file of its classifier.
  std::string path = {};
  /// A missing key is an error; otherwise its array stays as it is.
  bool strict = true;
};

/// Reads the arrays named by `targets` from an .npz file into the targets' memory, on any device. Keys of the
/// file that are not asked for are ignored, as in Chainer; unlike there, shape and dtype must be equal.
///
/// Everything is read and checked before anything is changed. Errors: a key is missing, `model.npz: l1/W:
/// expected float32(16, 8), got float32(17, 8)`, and those of NpzReader.
///
///     load_npz("model.npz", {{"l1/W", W}, {"l1/b", b}}, {.path = "predictor/"});
void load_npz(const std::string& path, const NamedArrays& targets, const LoadNpz& options = {});
/// The same for what has `state_arrays()`: a Link, an Optimizer that has been set up.
///
///     load_npz("model.npz", model);
template <class Object>
auto load_npz(const std::string& path, Object&& object, const LoadNpz& options = {})
    -> decltype(object.state_arrays(), void()) {
  load_npz(path, object.state_arrays(), options);
}

}  // namespace tenbin
