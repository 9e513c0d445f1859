#include "tenbin/serializers/npz.h"

#include <algorithm>

#include "tenbin/serializers/npy.h"
#include "tenbin/serializers/zip.h"

namespace tenbin {

namespace {

const std::string extension = ".npy";

// As NumPy: an entry that is no array keeps its whole name.
std::string key_of(const std::string& name) {
  const bool is_array = name.size() >= extension.size() &&
                        name.compare(name.size() - extension.size(), extension.size(), extension) == 0;
  return is_array ? name.substr(0, name.size() - extension.size()) : name;
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

// The number of keys if there is none.
std::size_t NpzReader::find(const std::string& key) const {
  const auto found = std::lower_bound(sorted_.begin(), sorted_.end(), key,
                                      [&](std::size_t i, const std::string& k) { return keys_[i] < k; });
  return found != sorted_.end() && keys_[*found] == key ? *found : keys_.size();
}

bool NpzReader::contains(const std::string& key) const { return find(key) != keys_.size(); }

Array NpzReader::read(const std::string& key) const {
  const std::string label = archive_->path() + ": " + printable(key);
  const std::size_t i = find(key);
  if (i == keys_.size()) throw Error(label, ": there is no such key");
  ByteStream stream = archive_->open(archive_->entries()[i], label);
  return npy::read(stream);
}

}  // namespace tenbin
