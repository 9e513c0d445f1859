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

LoadReport load_npz(const std::string& path, const NamedArrays& targets, const LoadOptions& options) {
  return detail::load_arrays(NpzReader(path), targets, options);
}

}  // namespace tenbin
