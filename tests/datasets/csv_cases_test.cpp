// load_csv against pandas on 240 random files, including invalid ones: tests/data/csv/README.md.
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <sstream>

#include "tenbin/cpu/parallel.h"
#include "tenbin/datasets/csv.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

std::string text_of(const Array& bytes) {
  return {reinterpret_cast<const char*>(bytes.data<std::uint8_t>()), bytes.size()};
}

std::string hexed(const std::string& text) {
  std::string out;
  char digits[3];
  for (const char c : text) {
    std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    out += digits;
  }
  return out.empty() ? "-" : out;
}

std::string hexed(double value) {
  if (std::isnan(value)) return "nan";
  std::uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016" PRIx64, bits);
  return digits;
}

// In the format of make_csv_cases.py: type, name, values.
std::string described(const Column& column) {
  std::string out = (column.is_categorical() ? "text " : "numeric ") + hexed(column.name);
  for (std::size_t row = 0; row < column.values.size(); ++row) {
    if (!column.is_categorical()) {
      out += ' ' + hexed(column.values.data<double>()[row]);
      continue;
    }
    const std::int32_t code = column.values.data<std::int32_t>()[row];
    out += ' ' + (code < 0 ? "nan" : hexed(column.categories.at(static_cast<std::size_t>(code))));
  }
  return out;
}

std::string described(const std::string& path, const CsvOptions& options) {
  try {
    std::string out;
    for (const Column& column : load_csv(path, options).columns()) out += '\n' + described(column);
    return out;
  } catch (const Error& e) {
    const std::string text = e.what();
    CHECK(text.substr(0, path.size() + 1) == path + ':');
    return "\nerror";
  }
}

}  // namespace

TEST_CASE("load_csv reads what pandas reads", "[csv]") {
  const NpzReader cases(TENBIN_TEST_DATA "/csv/csv_cases.npz");
  const ScratchDirectory directory;
  const std::string path = directory / "case.csv";
  int files = 0;
  int errors = 0;
  for (const std::string& key : cases.keys()) {
    if (key.substr(3) != ".csv") continue;
    const std::string content = text_of(cases.read(key));
    const std::string expected = text_of(cases.read(key.substr(0, 3) + ".txt"));
    const std::size_t end = expected.find('\n');
    CsvOptions options;
    options.delimiter = static_cast<char>(std::stoi(expected.substr(0, 2), nullptr, 16));
    options.header = expected[end - 1] == '1';
    options.missing = {"",     "?",   "N/A", "NA",
                       "NULL", "NaN", "nan", "null"};  // as make_csv_cases.py told pandas
    write_bytes(path, content);
    INFO(key << ":\n" << content);
    CHECK(described(path, options) == expected.substr(end));
    ++files;
    errors += expected.substr(end) == "\nerror";
  }
  CHECK(files == 240);
  CHECK(errors == 63);
}
