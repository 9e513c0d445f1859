// Shared by the tests of the loaders of text files: writes a file with the content of the case and loads it.
#pragma once

#include <string>

#include "tenbin/datasets/table.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/scratch_directory.h"

namespace tenbin::testing {

template <class Options, Table (*load_file)(const std::string& path, const Options& options)>
class LoaderFixture {
 public:
  const ScratchDirectory directory;
  const std::string path = directory / "data.txt";

  Table load(const std::string& content, const Options& options = {}) {
    write_bytes(path, content);
    return load_file(path, options);
  }
  // Whether it is loaded as a table; if not, it must be an Error.
  bool loads(const std::string& content) {
    try {
      load(content);
      return true;
    } catch (const Error&) {
      return false;
    }
  }
  // The error without the path.
  std::string error(const std::string& content, const Options& options = {}) {
    try {
      load(content, options);
    } catch (const Error& e) {
      const std::string text = e.what();
      CHECK(text.substr(0, path.size()) == path);
      return text.substr(path.size());
    }
    return "no error";
  }
};

}  // namespace tenbin::testing
