#include "tenbin/serializers/safetensors.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "tenbin/serializers/detail/elements.h"

namespace tenbin {

namespace {

using Json = nlohmann::json;

constexpr std::uint64_t longest_header = 100'000'000;
constexpr std::size_t length_bytes = 8;
constexpr const char* metadata_key = "__metadata__";

struct NamedElements {
  const char* name;
  Elements elements;
};
constexpr NamedElements known_elements[] = {
    {"F32", {'f', 4, false, Dtype::float32}}, {"F64", {'f', 8, false, Dtype::float64}},
    {"F16", {'f', 2, false, Dtype::float32}}, {"BF16", {'B', 2, false, Dtype::float32}},
    {"I64", {'i', 8, false, Dtype::int64}},   {"I32", {'i', 4, false, Dtype::int32}},
    {"I16", {'i', 2, false, Dtype::int32}},   {"I8", {'i', 1, false, Dtype::int32}},
    {"U8", {'u', 1, false, Dtype::uint8}},    {"BOOL", {'b', 1, false, Dtype::uint8}},
    {"U16", {'u', 2, false, Dtype::int32}},   {"U32", {'u', 4, false, Dtype::int64}},
    {"U64", {'u', 8, false, Dtype::int64}},
};

const char* name_of(Dtype dtype) {
  for (const auto& [name, elements] : known_elements)
    if (elements.dtype == dtype && elements.bytes == item_size(dtype)) return name;
  throw Error("save_safetensors: ", dtype, " cannot be written");
}

// The header's text as JSON. The library keeps the last of two equal keys: here they are an error.
Json parsed(const std::string& text, const std::string& path) {
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  bool is_unique = true;
  const auto look = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key)
      is_unique = is_unique && keys.back().insert(value.get<std::string>()).second;
    return true;
  };
  Json json = Json::parse(text, look, false);
  if (!json.is_object()) throw Error(path, ": the header is not a JSON object: ", printable(text));
  if (!is_unique) throw Error(path, ": a name occurs twice in the header");
  return json;
}

// An integer from 0 on, in JSON.
std::uint64_t unsigned_of(const Json& json, const std::string& label) {
  if (!json.is_number_unsigned())
    throw Error(label, ": expected an integer from 0 on, got ",
                printable(json.dump(-1, ' ', false, Json::error_handler_t::replace)));
  return json.get<std::uint64_t>();
}

// The value of a tensor's description; null if it is missing.
const Json& member(const Json& tensor, const char* name, const std::string& label) {
  const auto found = tensor.find(name);
  if (!tensor.is_object() || found == tensor.end())
    throw Error(label, ": expected an object with dtype, shape and data_offsets");
  return *found;
}

const Json& list_member(const Json& tensor, const char* name, const std::string& label) {
  const Json& list = member(tensor, name, label);
  if (!list.is_array()) throw Error(label, ": expected a list as ", name);
  return list;
}

std::string header_of(const NamedArrays& arrays, const SaveSafetensorsOptions& options) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!options.metadata.empty()) header[metadata_key] = options.metadata;
  std::uint64_t end = 0;
  for (const auto& [name, array] : arrays) {
    const std::uint64_t begin = end;
    end += array.nbytes();
    header.push_back({name,
                      {{"dtype", name_of(array.dtype())},
                       {"shape", std::vector<std::size_t>(array.shape().begin(), array.shape().end())},
                       {"data_offsets", {begin, end}}}});
  }
  std::string text = header.dump();
  text.append((length_bytes - text.size() % length_bytes) % length_bytes, ' ');
  return text;
}

// Reads back what was written, before it replaces an existing file.
void verify(const OutputFile& file, std::uint64_t begin, const NamedArrays& arrays) {
  const InputFile written = file.reader();
  const auto refuse = [&] {
    throw Error(written.path(), ": cannot write: the written file differs from the arrays");
  };
  const SafetensorsReader reader(file.reader());
  if (reader.keys().size() != arrays.size()) refuse();
  constexpr std::size_t chunk = 1 << 16;
  const auto buffer = std::make_unique<char[]>(chunk);
  for (const auto& [name, array] : arrays) {
    if (!reader.contains(name)) refuse();
    const char* from = static_cast<const char*>(array.raw_data());
    for (std::size_t left = array.nbytes(); left > 0;) {
      const std::size_t part = std::min(left, chunk);
      written.read(begin, buffer.get(), part);
      if (std::memcmp(buffer.get(), from, part) != 0) refuse();
      begin += part;
      from += part;
      left -= part;
    }
  }
}

// The arrays in memory of the CPU, by their names in the file.
NamedArrays to_save(const std::string& path, const NamedArrays& arrays,
                    const SaveSafetensorsOptions& options) {
  std::set<std::string> names;
  NamedArrays all;
  for (const auto& [key, array] : arrays) {
    const std::string name = options.rename ? options.rename(key) : key;
    const std::string label = path + ": " + printable(name);
    if (!array)
      throw Error(label,
                  ": the array is empty: a parameter of unknown size is initialised by a forward pass");
    if (name == metadata_key) throw Error(label, ": the name is reserved");
    if (!names.insert(name).second) throw Error(label, ": the name occurs twice");
    all.emplace_back(name, array.to(Device::cpu()));
  }
  return all;
}

}  // namespace

SafetensorsReader::SafetensorsReader(InputFile file) : file_(std::move(file)) {
  unsigned char start[length_bytes] = {};
  if (file_.size() < length_bytes) throw Error(path(), ": too short for a safetensors file");
  file_.read(0, start, length_bytes);
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) length |= std::uint64_t{start[i]} << 8 * i;
  if (length > longest_header || length > file_.size() - length_bytes)
    throw Error(path(), ": not a safetensors file: the header would have ", length, " bytes");
  std::string text(static_cast<std::size_t>(length), '\0');
  file_.read(length_bytes, text.data(), text.size());
  const Json header = parsed(text, path());
  const std::uint64_t begin = length_bytes + length, bytes = file_.size() - begin;
  for (const auto& [name, tensor] : header.items()) {
    const std::string label = path() + ": " + printable(name);
    if (name == metadata_key) {
      for (const auto& [key, value] : tensor.items()) {
        if (!tensor.is_object() || !value.is_string()) throw Error(label, ": expected texts by name");
        metadata_.emplace(key, value.get<std::string>());
      }
      continue;
    }
    const Json& dtype = member(tensor, "dtype", label);
    if (!dtype.is_string()) throw Error(label, ": expected a text as dtype");
    Shape shape;
    for (const Json& axis : list_member(tensor, "shape", label)) {
      if (shape.size() == Shape::max_ndim)
        throw Error(label, ": an array has at most ", Shape::max_ndim, " axes");
      shape.push_back(static_cast<std::size_t>(unsigned_of(axis, label)));
    }
    const Json& offsets = list_member(tensor, "data_offsets", label);
    if (offsets.size() != 2) throw Error(label, ": expected two data_offsets, got ", offsets.size());
    const std::uint64_t first = unsigned_of(offsets[0], label), last = unsigned_of(offsets[1], label);
    if (first > last || last > bytes)
      throw Error(label, ": bytes ", first, " to ", last, " are not in the file");
    tensors_.emplace(name, Tensor{dtype.get<std::string>(), shape, begin + first, begin + last});
    keys_.push_back(name);
  }
  require_no_gaps(begin);
}

// Errors: the tensors overlap, or leave bytes out. Sorts the keys.
void SafetensorsReader::require_no_gaps(std::uint64_t begin) {
  const auto place = [&](const std::string& key) {
    const Tensor& tensor = tensors_.at(key);
    return std::make_pair(tensor.begin, tensor.end);
  };
  std::stable_sort(keys_.begin(), keys_.end(),
                   [&](const std::string& a, const std::string& b) { return place(a) < place(b); });
  for (const std::string& key : keys_) {
    if (tensors_.at(key).begin != begin)
      throw Error(path(), ": ", printable(key), ": its bytes do not follow those of the tensor before");
    begin = tensors_.at(key).end;
  }
  if (begin != file_.size()) throw Error(path(), ": there are bytes after the last tensor");
}

Array SafetensorsReader::read(const std::string& key) const {
  const std::string label = path() + ": " + printable(key);
  const auto found = tensors_.find(key);
  if (found == tensors_.end())
    throw Error(label, ": there is no such key; the file has ", detail::listed(keys_));
  const Tensor& tensor = found->second;
  for (const auto& [name, elements] : known_elements) {
    if (tensor.dtype != name) continue;
    ByteStream stream(file_, {tensor.begin, tensor.end, FileSection::Coding::stored, {}, {}}, label);
    const Array array = read_elements(stream, elements, tensor.shape);
    require_fits(elements, array, label);
    return array;
  }
  throw Error(label, ": dtype ", printable(tensor.dtype), " is not supported");
}

void save_safetensors(const std::string& path, const NamedArrays& arrays,
                      const SaveSafetensorsOptions& options) {
  const NamedArrays named = to_save(path, arrays, options);
  std::string header;
  try {
    header = header_of(named, options);
  } catch (const Json::exception& error) {  // a name that is not UTF-8
    throw Error(path, ": the names cannot be written as JSON: ", error.what());
  }
  OutputFile file(path);
  unsigned char length[length_bytes];
  for (std::size_t i = 0; i < length_bytes; ++i)
    length[i] = static_cast<unsigned char>(std::uint64_t{header.size()} >> 8 * i);
  file.write(length, length_bytes);
  file.write(header.data(), header.size());
  for (const auto& [name, array] : named) file.write(array.raw_data(), array.nbytes());
  verify(file, length_bytes + header.size(), named);
  file.commit();
}

LoadReport load_safetensors(const std::string& path, const NamedArrays& targets, const LoadOptions& options) {
  return detail::load_arrays(SafetensorsReader(path), targets, options);
}

}  // namespace tenbin
