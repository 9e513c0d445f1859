// Text input in pieces: shared by the readers of CSV, ARFF and libsvm files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tenbin/core/dtype.h"
#include "tenbin/core/file.h"

namespace tenbin::detail {

// Limit on the length of a record or line: a small compressed file may contain a huge one, which would have
// to fit into memory.
inline constexpr std::size_t longest_record = std::size_t{1} << 28;

// The bytes of a UTF-8 file, plain or compressed with gzip, without its byte order mark. Errors, all starting
// with the path: those of InputFile and ByteStream, an empty file, UTF-16, a known other format.
class TextFile {
 public:
  explicit TextFile(const std::string& path);

  const std::string& path() const { return file_.path(); }
  // The size of the file on disk.
  std::uint64_t size() const { return file_.size(); }
  // Rewinds to the start.
  void rewind();
  // Reads up to `bytes` bytes; fewer mean the end of the file.
  std::size_t read(char* to, std::size_t bytes);

 private:
  InputFile file_;
  std::optional<ByteStream> stream_;
  std::string pending_;  // read to detect the format, not yet returned
};

// Throws `path:line:column: what`. The column, counted from 1, is a number of characters.
template <class... Parts>
[[noreturn]] void fail_at(const std::string& path, std::size_t line, std::size_t column,
                          const Parts&... what) {
  throw Error(path, ":", line, ":", column, ": ", what...);
}

// Checks the memory of a dense table against `max_bytes`, or against 16 MiB or 256 times the file size,
// whichever is more. Errors: `path: the dense table takes 30000000000000 bytes, more than ...`.
void check_dense_bytes(const TextFile& file, std::uint64_t rows, std::uint64_t columns, Dtype dtype,
                       std::uint64_t max_bytes);

// Number, from 1, of the character of `line` that starts at byte `offset`.
std::size_t column_of(std::string_view line, std::size_t offset);

// The lines of a text, without their line ends (LF or CRLF). Errors: a line longer than `longest_record`, a
// NUL byte.
class LineReader {
 public:
  explicit LineReader(TextFile& file);

  // False: there are no more.
  bool next(std::string_view& line);
  // The number, from 1, of the line that `next` returned last.
  std::size_t number() const { return number_; }
  // Throws `path:line:column: what` for a position in the line that `next` returned last.
  template <class... Parts>
  [[noreturn]] void fail(const char* place, const Parts&... what) const {
    const auto offset = static_cast<std::size_t>(place - line_.data());
    fail_at(file_->path(), number_, column_of(line_, offset), what...);
  }

 private:
  void fill();

  TextFile* file_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t scanned_ = 0;  // no line feed in [begin_, scanned_)
  bool ended_ = false;
  std::size_t number_ = 0;
  std::string_view line_;
};

}  // namespace tenbin::detail
