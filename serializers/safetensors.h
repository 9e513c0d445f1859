// The safetensors format: parameters, exchangeable with PyTorch, JAX and others.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/serializers/array_file.h"

namespace tenbin {

/// A .safetensors file (huggingface.co/docs/safetensors), open for reading: an 8-byte length, a JSON header,
/// and the bytes of the tensors. Opening reads and checks the header; a tensor is read when it is requested.
///
/// dtypes: F32 F64 I32 I64 U8 keep their type; F16 and BF16 become float32; BOOL uint8; I8, I16 and U16
/// int32; U32 and U64 int64. A file is never trusted: the tensors must fill the file without gaps or
/// overlaps, and sizes are compared with it before memory is allocated. The format has no checksums, so that
/// a changed value is not noticed: see `save_npz`.
///
/// Errors: `model.safetensors: what` for the file, `model.safetensors: l1.weight: what` for a tensor: a
/// header longer than 100 MB, as in the reference implementation, or that is not such JSON; a name that
/// occurs twice; any other dtype; a shape that does not fit the bytes; a U64 that does not fit into int64.
///
///     SafetensorsReader reader("model.safetensors");
///     Array W = reader.read("l1.weight");
class SafetensorsReader : public ArrayFile {
 public:
  explicit SafetensorsReader(const std::string& path) : SafetensorsReader(InputFile(path)) {}
  explicit SafetensorsReader(InputFile file);

  const std::string& path() const override { return file_.path(); }
  /// In the order of their bytes in the file.
  const std::vector<std::string>& keys() const override { return keys_; }
  bool contains(const std::string& key) const override { return tensors_.count(key) != 0; }
  Array read(const std::string& key) const override;
  /// The header's `__metadata__`.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  struct Tensor {
    std::string dtype;
    Shape shape;
    std::uint64_t begin;  // in the file
    std::uint64_t end;
  };

  void require_no_gaps(std::uint64_t begin);

  InputFile file_;
  std::map<std::string, Tensor> tensors_;
  std::vector<std::string> keys_;
  std::map<std::string, std::string> metadata_;
};

struct SaveSafetensorsOptions {
  std::map<std::string, std::string> metadata =
      {};  ///< `{"format": "pt"}` for older versions of Transformers
  /// The name in the file for a key of the object. Not set: the same.
  std::function<std::string(const std::string& key)> rename = {};
};

/// Writes arrays, from any device, to a .safetensors file. The same arrays give the same bytes. As with
/// `save_npz`, the file is read back before it replaces an existing one. Errors: a default-constructed array;
/// a name that occurs twice, is `__metadata__` or not UTF-8; system errors.
///
///     save_safetensors("model.safetensors", {{"l1.weight", W}, {"l1.bias", b}});
void save_safetensors(const std::string& path, const NamedArrays& arrays,
                      const SaveSafetensorsOptions& options = {});

/// The same for an object, such as a Link: see `save_npz`.
///
///     save_safetensors("model.safetensors", model, {.rename = pytorch_name});
template <class Object, class = std::enable_if_t<detail::IsState<Object>::value>>
void save_safetensors(const std::string& path, Object&& object, const SaveSafetensorsOptions& options = {}) {
  save_safetensors(path, detail::state_of(object), options);
}

/// Loads arrays or an object, as `load_npz` does: everything is read and checked before anything is changed.
///
///     load_safetensors("model.safetensors", model, {.rename = pytorch_name});
LoadReport load_safetensors(const std::string& path, const NamedArrays& targets,
                            const LoadOptions& options = {});
template <class Object, class = std::enable_if_t<detail::IsState<Object>::value>>
LoadReport load_safetensors(const std::string& path, Object&& object, const LoadOptions& options = {}) {
  return detail::load_object(SafetensorsReader(path), object, options);
}

}  // namespace tenbin
