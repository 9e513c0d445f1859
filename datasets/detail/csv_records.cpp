#include "tenbin/datasets/detail/csv_records.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "tenbin/core/error.h"
#include "tenbin/core/file.h"
#include "tenbin/core/text.h"

namespace tenbin::detail {

namespace {

// Large enough to keep threads busy, small enough to stay in the level 2 cache.
constexpr std::size_t piece_bytes = std::size_t{1} << 18;

const char* find(const char* p, const char* end, char wanted) {
  return static_cast<const char*>(std::memchr(p, wanted, static_cast<std::size_t>(end - p)));
}

// The position after the closing quote of the field that starts at p; nullptr: it is not closed before `end`.
const char* past_quoted(const char* p, const char* end) {
  for (++p; (p = find(p, end, '"')) != nullptr; p += 2)
    if (p + 1 == end || p[1] != '"') return p + 1;
  return nullptr;
}

// The position after the line feed that ends the record at p; nullptr: it does not end before `end`. `open`
// is then the position of an unclosed quote, if there is one.
const char* past_record(const char* p, const char* end, const CsvFormat& format, const char*& open) {
  open = nullptr;
  bool at_start = true;
  while (p < end) {
    if (*p == '"' && at_start) {
      const char* const closed = past_quoted(p, end);
      if (closed == nullptr) {
        open = p;
        return nullptr;
      }
      p = closed;
      at_start = false;
      continue;
    }
    if (format.starts_comment(*p) && (p = find(p, end, '\n')) == nullptr) return nullptr;
    if (*p == '\n') return p + 1;
    at_start = format.separates(*p) || (at_start && format.skip_initial_space && *p == ' ');
    ++p;
  }
  return nullptr;
}

// Reads the file through a buffer that always starts at the start of a record or of a blank line.
class PieceFinder {
 public:
  PieceFinder(TextFile& file, const CsvFormat& format) : file_(file), format_(format), buffer_(piece_bytes) {}

  std::vector<CsvPiece> run() {
    file_.rewind();
    while (fill()) {
      const CsvPiece piece = scan();
      if (piece.bytes == 0) {
        grow();
        continue;
      }
      begin_ += piece.bytes;
      row_ += piece.rows;
      pieces_.push_back(piece);
    }
    if (!pieces_.empty()) pieces_.back().bytes -= line_feed_added_;
    return std::move(pieces_);
  }

 private:
  // False: the end of the file.
  bool fill();
  void grow();
  CsvPiece scan();

  TextFile& file_;
  const CsvFormat format_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool ended_ = false;
  std::size_t line_feed_added_ = 0;
  const char* open_quote_ = nullptr;  // the unclosed quote because of which the record at begin_ does not end
                                      // in the buffer
  std::size_t row_ = 0;
  std::size_t line_ = 1;
  std::vector<CsvPiece> pieces_;
};

bool PieceFinder::fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (!ended_) {
    const std::size_t room = buffer_.size() - end_;
    const std::size_t count = file_.read(buffer_.data() + end_, room);
    ended_ = count < room;
    end_ += count;
    if (ended_ && end_ > 0 && buffer_[end_ - 1] != '\n') {
      buffer_[end_++] = '\n';
      line_feed_added_ = 1;
    }
  }
  return end_ > 0;
}

void PieceFinder::grow() {
  const char* const begin = buffer_.data();
  if (ended_) {
    const std::string_view before(begin, static_cast<std::size_t>(open_quote_ - begin));
    const auto lines = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    const std::size_t line_start = before.rfind('\n') + 1;  // 0 without one
    fail_at(file_.path(), line_ + lines, column_of(before.substr(line_start), before.size() - line_start),
            "the quote is never closed");
  }
  if (buffer_.size() >= longest_record)
    throw Error(file_.path(), ":", line_, ": the record is longer than ", longest_record, " bytes");
  buffer_.resize(2 * buffer_.size());
}

CsvPiece PieceFinder::scan() {
  const char* const begin = buffer_.data();
  const char* const end = begin + end_;
  const bool quotes = find(begin, end, '"') != nullptr;
  CsvPiece piece;
  piece.first_row = row_;
  piece.first_line = line_;
  const char* p = begin;
  while (p < end) {
    const char* next = find(p, end, '\n');
    if (next != nullptr) ++next;
    std::size_t lines = 1;
    const char* const blank = next != nullptr ? past_blank_line(p, format_) : p;
    if (quotes && blank == p) {
      next = past_record(p, end, format_, open_quote_);
      if (next != nullptr) lines = static_cast<std::size_t>(std::count(p, next, '\n'));
    }
    if (next == nullptr) break;
    piece.rows += blank == p;
    line_ += lines;
    p = next;
    if (row_ == 0 && piece.rows == 1) break;
  }
  piece.bytes = static_cast<std::size_t>(p - begin);
  return piece;
}

}  // namespace

void require_delimiter(const char* function, char delimiter) {
  if (static_cast<unsigned char>(delimiter) >= 0x80 || is_letter_or_digit(delimiter) ||
      std::string_view("\"\r\n+-.\0", 7).find(delimiter) < 7)
    throw Error(function,
                ": the delimiter must be neither a letter nor a digit nor a quote, a sign, a point or an end "
                "of line, got \"",
                printable({delimiter}), '"');
}

std::vector<CsvPiece> find_pieces(TextFile& file, const CsvFormat& format) {
  return PieceFinder(file, format).run();
}

}  // namespace tenbin::detail
