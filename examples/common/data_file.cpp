#include "tenbin/examples/common/data_file.h"

#include <filesystem>

#include "tenbin/core/error.h"

namespace tenbin::examples {

std::string data_file(const std::string& directory, const std::string& name, const std::string& set) {
  const std::filesystem::path path = std::filesystem::path(directory) / name;
  if (std::filesystem::exists(path)) return path.string();
  throw Error(path.string(), ": no such file; scripts/data.sh ", set, " writes it to data/");
}

}  // namespace tenbin::examples
