#include "tenbin/datasets/split_file.h"

#include "tenbin/core/hash.h"
#include "tenbin/serializers/npz.h"

namespace tenbin {

namespace {

using Indices = std::vector<std::size_t>;

// Of labels in int64, lowest byte first, as in memory (serializers/detail/npy.cpp refuses other machines).
std::int64_t checksum(const Array& labels) {
  detail::Fnv1a hash;
  hash.add(labels.raw_data(), labels.nbytes());
  return static_cast<std::int64_t>(hash.value());
}

// Checks that both sides together name no sample twice and none out of range.
void check(const std::string& name, const Split& split, std::size_t n) {
  std::vector<bool> taken(n);
  for (const Indices* side : {&split.train, &split.test})
    for (const std::size_t i : *side) {
      if (i >= n) throw Error(name, ": sample ", i, " is out of range for ", n, " labels");
      if (taken[i]) throw Error(name, ": sample ", i, " occurs twice");
      taken[i] = true;
    }
}

Array to_array(const Indices& indices) {
  return Array(std::vector<std::int64_t>(indices.begin(), indices.end()));
}

Indices read_indices(const NpzReader& reader, const std::string& path, const std::string& key) {
  const Array array = reader.read(key);
  if (array.dtype() != Dtype::int64 || array.ndim() != 1)
    throw Error(path, ": ", key, ": expected int64 with one axis, got ", array);
  // A negative index becomes a huge one, which is out of range.
  return Indices(array.data<std::int64_t>(), array.data<std::int64_t>() + array.size());
}

}  // namespace

void save_splits(const std::string& path, const std::vector<Split>& splits, const SplitLabels& labels) {
  const Array t = labels.checked("save_splits");
  if (splits.empty()) throw Error("save_splits: there are no splits");
  NamedArrays arrays;
  arrays.emplace_back("labels", Array{static_cast<std::int64_t>(t.size()), checksum(t)});
  for (std::size_t i = 0; i < splits.size(); ++i) {
    const std::string number = std::to_string(i);
    check("save_splits: split " + number, splits[i], t.size());
    arrays.emplace_back("train/" + number, to_array(splits[i].train));
    arrays.emplace_back("test/" + number, to_array(splits[i].test));
  }
  save_npz(path, arrays);
}

std::vector<Split> load_splits(const std::string& path, const SplitLabels& labels) {
  const Array t = labels.checked("load_splits");
  const NpzReader reader(path);
  const Array belongs_to = reader.read("labels");
  if (belongs_to.dtype() != Dtype::int64 || belongs_to.shape() != Shape{2})
    throw Error(path, ": labels: expected int64(2), got ", belongs_to);
  const std::int64_t* label = belongs_to.data<std::int64_t>();
  if (label[0] != static_cast<std::int64_t>(t.size()))
    throw Error(path, ": the splits belong to other labels: ", label[0], " of them, got ", t);
  if (label[1] != checksum(t))
    throw Error(path, ": the splits belong to other labels: the same number, with another checksum");
  std::vector<Split> splits;
  for (std::size_t i = 0; reader.contains("train/" + std::to_string(i)); ++i) {
    const std::string number = std::to_string(i);
    splits.push_back(
        {read_indices(reader, path, "train/" + number), read_indices(reader, path, "test/" + number)});
    std::string name = path;
    check(name.append(": split ").append(number), splits.back(), t.size());
  }
  if (splits.empty()) throw Error(path, ": there are no splits");
  return splits;
}

}  // namespace tenbin
