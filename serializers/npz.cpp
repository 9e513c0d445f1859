#include "tenbin/serializers/npz.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "tenbin/serializers/detail/npy.h"
#include "tenbin/serializers/detail/zip.h"

namespace tenbin {

namespace {

constexpr std::string_view extension = ".npy";

// As in NumPy: an entry that is not an array keeps its whole name.
std::string key_of(const std::string& name) {
  const bool is_array = name.size() >= extension.size() &&
                        name.compare(name.size() - extension.size(), extension.size(), extension) == 0;
  return is_array ? name.substr(0, name.size() - extension.size()) : name;
}

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

// Reads back what was written, before it replaces an existing file.
void verify(const std::string& path, const zip::Archive& written, const NamedArrays& arrays,
            const NamedTexts& texts) {
  const auto open = [&](std::size_t i, const std::string& key) {
    const zip::Entry& entry = written.entries()[i];
    ByteStream stream = written.open(entry, path + ": " + printable(key));
    if (key_of(entry.name) != key) throw Error(stream.label(), ": the name is wrong");
    return stream;
  };
  try {
    if (written.entries().size() != arrays.size() + texts.size())
      throw Error(path, ": the number of entries is wrong");
    std::size_t i = 0;
    for (const auto& [key, array] : arrays) {
      ByteStream stream = open(i++, key);
      npy::verify(stream, array);
    }
    for (const auto& [key, text] : texts) {
      ByteStream stream = open(i++, key);
      if (npy::read_text(stream) != text) throw Error(stream.label(), ": the text is wrong");
    }
  } catch (const Error& error) {
    throw Error(path, ": cannot write: the written file cannot be read back: ", error.what());
  }
}

}  // namespace

std::string detail::listed(const std::vector<std::string>& keys) {
  constexpr std::size_t most = 8;
  const std::size_t shown = keys.size() <= most + 1 ? keys.size() : most;
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + printable(keys[i]);
  if (shown < keys.size()) text += " and " + std::to_string(keys.size() - shown) + " more";
  return keys.empty() ? "no keys" : text;
}

NpzReader::NpzReader(const std::string& path) : archive_(std::make_unique<zip::Archive>(path)) {
  for (const zip::Entry& entry : archive_->entries()) {
    sorted_.push_back(keys_.size());
    keys_.push_back(key_of(entry.name));
  }
  std::sort(sorted_.begin(), sorted_.end(),
            [&](std::size_t a, std::size_t b) { return keys_[a] < keys_[b]; });
  for (std::size_t i = 1; i < sorted_.size(); ++i)
    if (keys_[sorted_[i]] == keys_[sorted_[i - 1]])
      throw Error(path, ": ", printable(keys_[sorted_[i]]), ": the key occurs twice");
}

NpzReader::NpzReader(NpzReader&&) noexcept = default;
NpzReader& NpzReader::operator=(NpzReader&&) noexcept = default;
NpzReader::~NpzReader() = default;

// Index of the key; the number of keys if there is none.
std::size_t NpzReader::find(const std::string& key) const {
  const auto found = std::lower_bound(sorted_.begin(), sorted_.end(), key,
                                      [&](std::size_t i, const std::string& k) { return keys_[i] < k; });
  return found != sorted_.end() && keys_[*found] == key ? *found : keys_.size();
}

const zip::Archive& NpzReader::archive(const char* call) const {
  if (!archive_) throw Error("NpzReader::", call, ": the reader has been moved from");
  return *archive_;
}

const std::string& NpzReader::path() const { return archive("path").path(); }

bool NpzReader::contains(const std::string& key) const { return find(key) != keys_.size(); }

template <class Read>
auto NpzReader::read_entry(const std::string& key, Read read) const {
  const zip::Archive& archive = this->archive("read");
  const std::string label = archive.path() + ": " + printable(key);
  const std::size_t i = find(key);
  if (i == keys_.size()) throw Error(label, ": there is no such key; the file has ", detail::listed(keys_));
  ByteStream stream = archive.open(archive.entries()[i], label);
  return read(stream);
}

Array NpzReader::read(const std::string& key) const {
  return read_entry(key, [](ByteStream& stream) { return npy::read(stream); });
}

std::string NpzReader::read_text(const std::string& key) const {
  return read_entry(key, [](ByteStream& stream) { return npy::read_text(stream); });
}

void save_npz(const std::string& path, const NamedArrays& arrays, bool compression) {
  detail::save_npz(path, arrays, {}, compression);
}

void detail::save_npz(const std::string& path, const NamedArrays& arrays, const NamedTexts& texts,
                      bool compression) {
  std::set<std::string_view> keys;
  for (const auto& [key, array] : arrays) {
    if (!array)
      throw Error(path, ": ", printable(key),
                  ": the array is empty: a parameter of unknown size is initialised by a forward pass");
    if (!keys.insert(key).second) throw Error(path, ": ", printable(key), ": the key occurs twice");
    if (key.find('\0') != std::string::npos)
      throw Error(path, ": ", printable(key), ": a key cannot contain NUL");
  }
  zip::Writer writer(path);
  for (const auto& [key, array] : arrays) {
    const Array host = array.to(Device::cpu());
    writer.add(key + ".npy", npy::header(host), host.raw_data(), host.nbytes(), compression);
  }
  for (const auto& [key, text] : texts)
    writer.add(key + ".npy", npy::header(text), text.data(), text.size(), compression);
  verify(path, writer.finish(), arrays, texts);
  writer.commit();
}

Array StateReader::read(const std::string& key) {
  asked_.push_back(options_.path + key);
  if (options_.strict && !contains(key)) return file_->read(options_.path + key);  // throws
  Array array = read_if_there(key);
  has_read_ = has_read_ || array;
  return array;
}

Array StateReader::read_if_there(const std::string& key) {
  const std::string full = options_.path + key;
  const bool is_there = file_->contains(full);
  Array array = is_there ? file_->read(full) : Array();
  (is_there ? report_.loaded_keys : report_.missing_keys).push_back(full);
  return array;
}

void StateReader::require_like(const std::string& key, const Array& expected, const Array& got) const {
  if (got.shape() != expected.shape() || got.dtype() != expected.dtype())
    fail(key, "expected ", expected, ", got ", got);
}

LoadReport StateReader::report() const {
  if (!asked_.empty() && !has_read_)
    throw Error(source(), ": no requested key is in the file: requested ", detail::listed(asked_),
                "; the file has ", detail::listed(file_->keys()));
  LoadReport report = report_;
  const std::set<std::string_view> loaded(report.loaded_keys.begin(), report.loaded_keys.end());
  for (const std::string& key : file_->keys())
    if (key.compare(0, options_.path.size(), options_.path) == 0 && loaded.count(key) == 0)
      report.unexpected_keys.push_back(key);
  return report;
}

std::function<void()> detail::prepare_load(const NamedArrays& targets, StateReader& reader) {
  std::vector<std::pair<Array, Array>> pairs;  // to, from
  for (const auto& [key, target] : targets) {
    const Array values = reader.read(key);
    if (!values) continue;
    if (!target) reader.fail(key, "the array to load into is empty, the file has ", values);
    reader.require_like(key, target, values);
    pairs.emplace_back(target, values);
  }
  return [pairs = std::move(pairs)] {
    for (const auto& [target, values] : pairs) Array(target).assign(values);
  };
}

LoadReport load_npz(const std::string& path, const NamedArrays& targets, const LoadNpzOptions& options) {
  const NpzReader file(path);
  StateReader reader(file, options);
  const auto put_in_place = detail::prepare_load(targets, reader);
  LoadReport report = reader.report();
  put_in_place();
  return report;
}

}  // namespace tenbin
