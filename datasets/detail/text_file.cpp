#include "tenbin/datasets/detail/text_file.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "tenbin/core/error.h"
#include "tenbin/core/text.h"

namespace tenbin::detail {

namespace {

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// A file format that is not a text table, recognised by its first bytes; nullptr: none is recognised.
bool ends_with(const InputFile& file, std::string_view text) {
  if (file.size() < 2 * text.size()) return false;
  std::string end(text.size(), '\0');
  file.read(file.size() - end.size(), end.data(), end.size());
  return end == text;
}

const char* foreign_format(const InputFile& file, std::string_view start) {
  constexpr std::pair<std::string_view, const char*> formats[] = {
      {{"\xFD"
        "7zXZ\0",
        6},
       "compressed with xz; decompress it first"},
      {"\x28\xB5\x2F\xFD", "compressed with zstd; decompress it first"},
      {"7z\xBC\xAF\x27\x1C", "a 7z archive; unpack it first"},
      {"PK\x03\x04", "a zip archive or an Excel workbook; unpack it or save the sheet as CSV"},
      {"\xD0\xCF\x11\xE0", "an old Excel workbook; save the sheet as CSV"},
      {{"ARROW1\0\0", 8}, "a Feather file; convert it to CSV"},
      {"\x89HDF", "an HDF5 file; convert it to CSV"},
      {"\x93NUMPY", "a NumPy file; read it with NpzReader"},
      {"%PDF-", "a PDF document"},
      {"version https://git-lfs.github.com", "a Git LFS pointer; fetch the file with `git lfs pull`"}};
  for (const auto& [magic, what] : formats)
    if (starts_with(start, magic)) return what;
  // "BZh" and "PAR1" alone may start a header line, so more bytes are checked.
  if (starts_with(start, "BZh") && start.substr(std::min<std::size_t>(4, start.size()), 6) == "1AY&SY")
    return "compressed with bzip2; decompress it first";
  if (starts_with(start, "PAR1") && ends_with(file, "PAR1")) return "a Parquet file; convert it to CSV";
  start.remove_prefix(std::min(start.find_first_not_of(" \t\r\n"), start.size()));
  const std::string lower = lower_case(std::string(start));
  for (const std::string_view tag : {"<!doctype html", "<html", "<head", "<?xml"})
    if (starts_with(lower, tag)) return "an HTML or XML page; was the download refused?";
  return nullptr;
}

}  // namespace

TextFile::TextFile(const std::string& path) : file_(path) {
  if (file_.size() == 0) throw Error(path, ": the file is empty");
  rewind();
}

void TextFile::rewind() {
  stream_.reset();
  stream_.emplace(file_, whole_file(file_), file_.path());
  char start[64];
  pending_.assign(start, stream_->read_some(start, sizeof start));
  if (starts_with(pending_, "\xEF\xBB\xBF")) pending_.erase(0, 3);
  if (const char* const what = foreign_format(file_, pending_))
    throw Error(file_.path(), ": the file is not a table but ", what);
  const std::string two = pending_.substr(0, 2);
  if (two == "\xFF\xFE" || two == "\xFE\xFF")
    throw Error(file_.path(), ": the text is UTF-16; convert it to UTF-8");
}

std::size_t TextFile::read(char* to, std::size_t bytes) {
  const std::size_t first = std::min(bytes, pending_.size());
  std::memcpy(to, pending_.data(), first);
  pending_.erase(0, first);
  return first + (bytes > first ? stream_->read_some(to + first, bytes - first) : 0);
}

void check_dense_bytes(const TextFile& file, std::uint64_t rows, std::uint64_t columns, Dtype dtype,
                       std::uint64_t max_bytes) {
  constexpr std::uint64_t always_allowed = 16 << 20;
  constexpr std::uint64_t expansion = 256;
  constexpr std::uint64_t column_bytes = 256;  // for its name and bookkeeping
  if (max_bytes == 0) max_bytes = std::max(always_allowed, expansion * file.size());
  std::uint64_t bytes = 0;
  if (__builtin_mul_overflow(rows, item_size(dtype), &bytes) ||
      __builtin_add_overflow(bytes, column_bytes, &bytes) || __builtin_mul_overflow(bytes, columns, &bytes))
    bytes = std::numeric_limits<std::uint64_t>::max();
  if (bytes > max_bytes)
    throw Error(file.path(), ": a dense table of ", rows, " rows and ", columns, " columns takes ", bytes,
                " bytes, more than ", max_bytes, "; `max_bytes` allows more");
}

std::size_t column_of(std::string_view line, std::size_t offset) {
  return character_count(std::string(line.substr(0, offset))) + 1;
}

// ---- LineReader
// --------------------------------------------------------------------------------------------

LineReader::LineReader(TextFile& file) : file_(&file), buffer_(1 << 16) {}

bool LineReader::next(std::string_view& line) {
  const char* feed = nullptr;
  while (true) {
    feed = static_cast<const char*>(std::memchr(buffer_.data() + scanned_, '\n', end_ - scanned_));
    scanned_ = end_;
    if (feed != nullptr || ended_) break;
    fill();
  }
  if (feed == nullptr && begin_ == end_) return false;
  const char* const text = buffer_.data() + begin_;
  auto length = static_cast<std::size_t>((feed != nullptr ? feed : buffer_.data() + end_) - text);
  begin_ = scanned_ = begin_ + length + (feed != nullptr ? 1 : 0);
  if (length > 0 && text[length - 1] == '\r') --length;
  line = line_ = {text, length};
  ++number_;
  if (const void* const nul = std::memchr(text, '\0', length))
    fail(static_cast<const char*>(nul), "a NUL byte; is this a text file?");
  return true;
}

void LineReader::fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  scanned_ -= begin_;
  begin_ = 0;
  if (end_ == buffer_.size()) {
    if (end_ >= longest_record)
      throw Error(file_->path(), ":", number_ + 1, ": the line is longer than ", longest_record, " bytes");
    buffer_.resize(2 * end_);
  }
  const std::size_t count = file_->read(buffer_.data() + end_, buffer_.size() - end_);
  ended_ = count < buffer_.size() - end_;
  end_ += count;
}

}  // namespace tenbin::detail
