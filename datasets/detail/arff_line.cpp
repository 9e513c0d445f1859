#include "tenbin/datasets/detail/arff_line.h"

#include <charconv>
#include <cstdint>

namespace tenbin::detail {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

void append_utf8(std::string& text, std::uint32_t code) {
  const auto byte = [&](std::uint32_t bits) { text += static_cast<char>(bits); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | code >> 6);
    byte(0x80 | (code & 0x3F));
  } else {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

}  // namespace

void ArffLine::skip_blanks() {
  while (p_ < end_ && is_blank(*p_)) ++p_;
  if (p_ < end_ && *p_ == '%') p_ = end_;
}

bool ArffLine::at_end() {
  skip_blanks();
  return p_ == end_;
}

bool ArffLine::take(char c) {
  if (at_end() || *p_ != c) return false;
  ++p_;
  return true;
}

ArffWord ArffLine::word() {
  if (at_end()) lines_.fail(p_, "the line ends too early");
  if (*p_ == '\'' || *p_ == '"') return quoted_word();
  const char* const begin = p_;
  while (p_ < end_ && !is_blank(*p_) && *p_ != ',' && *p_ != '{' && *p_ != '}') ++p_;
  if (p_ == begin) lines_.fail(p_, "expected a value, got ", *p_);
  return {std::string(begin, p_), false, begin};
}

ArffWord ArffLine::quoted_word() {
  ArffWord word{"", true, p_};
  const char quote = *p_++;
  for (; p_ < end_ && *p_ != quote; ++p_) {
    if (*p_ == '\\' && p_ + 1 < end_)
      append_escaped(word.text);
    else
      word.text += *p_;
  }
  if (p_ == end_) lines_.fail(word.place, "the quote is never closed");
  ++p_;
  return word;
}

// Called at a backslash; returns at the last character of the escape sequence.
void ArffLine::append_escaped(std::string& text) {
  const char c = *++p_;
  if (c == 'n')
    text += '\n';
  else if (c == 't')
    text += '\t';
  else if (c == 'r')
    text += '\r';
  else if (c != 'u')
    text += c;
  if (c != 'u') return;
  std::uint32_t code = 0;
  const char* const begin = p_ + 1;
  if (end_ - begin < 4 || std::from_chars(begin, begin + 4, code, 16).ptr != begin + 4 || code == 0)
    lines_.fail(p_ - 1, "expected four hexadecimal digits after \\u");
  append_utf8(text, code);
  p_ += 4;
}

void ArffLine::skip_range(bool open) {
  if (!open && !take('[')) return;
  const char* const begin = p_;
  if (open && p_[-1] == ']') return;
  while (p_ < end_ && *p_ != ']') ++p_;
  if (p_ == end_) lines_.fail(begin, "the range is never closed");
  ++p_;
}

void ArffLine::separator(char closing) {
  const char* const begin = p_;
  if (take(',')) return;
  const bool parted = p_ != begin;
  if (p_ == end_ || *p_ == closing || parted) return;
  lines_.fail(p_, "expected a comma, got ", printable({*p_}));
}

}  // namespace tenbin::detail
