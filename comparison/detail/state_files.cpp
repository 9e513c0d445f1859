#include "tenbin/comparison/detail/state_files.h"

#include <filesystem>

namespace tenbin::detail {

std::string state_file_of(const std::string& state, std::size_t rank) {
  return rank == 0 ? state : state + '.' + std::to_string(rank);
}

std::vector<std::string> state_files_of_peers(const std::string& state) {
  const std::filesystem::path path(state);
  const std::string prefix = path.filename().string() + '.';
  std::vector<std::string> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(path.has_parent_path() ? path.parent_path() : ".", error),
       end;
       !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.size() > prefix.size() && name.compare(0, prefix.size(), prefix) == 0 &&
        name.find_first_not_of("0123456789", prefix.size()) == std::string::npos)
      files.push_back(entry->path().string());
  }
  return files;
}

}  // namespace tenbin::detail
