#include "tenbin/plots/detail/svg.h"

#include <cmath>
#include <cstdint>

#include "tenbin/core/text.h"

namespace tenbin::detail {

namespace {

constexpr char replacement[] = "\xEF\xBF\xBD";

// The number of bytes of the UTF-8 character at `at`; 0 if there is none. Overlong forms and surrogates,
// which start like characters, are left to the reader.
std::size_t character_size(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  const std::size_t size = first < 0x80                    ? 1
                           : first >= 0xC2 && first < 0xE0 ? 2
                           : first >= 0xE0 && first < 0xF0 ? 3
                           : first >= 0xF0 && first < 0xF5 ? 4
                                                           : 0;
  if (size == 0 || at + size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
  return size;
}

// Latin, Greek and Cyrillic letters are half as wide as high, the signs of East Asia are square.
double character_width(std::size_t bytes) { return bytes >= 3 ? 1.0 : 0.58; }

// Light first; where readers prefer dark, the rules of the second half replace them.
constexpr char style[] =
    "<style>"
    "text{font-family:system-ui,'Helvetica Neue',Helvetica,Arial,'DejaVu Sans',sans-serif}"
    ".background{fill:#fff}.frame{fill:none;stroke:#888}.grid{stroke:#ddd}.ink{fill:#222}.muted{fill:#555}"
    ".line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}.area{opacity:.18;stroke:"
    "none}"
    ".c0{stroke:#0072b2}.c1{stroke:#d55e00}.c2{stroke:#009e73}.c3{stroke:#cc79a7}"
    ".c4{stroke:#e69f00}.c5{stroke:#56b4e9}.c6{stroke:#000}.c7{stroke:#b8a800}"
    ".a0,.d0{fill:#0072b2}.a1,.d1{fill:#d55e00}.a2,.d2{fill:#009e73}.a3,.d3{fill:#cc79a7}"
    ".a4,.d4{fill:#e69f00}.a5,.d5{fill:#56b4e9}.a6,.d6{fill:#000}.a7,.d7{fill:#b8a800}"
    "@media (prefers-color-scheme:dark){"
    ".background{fill:#16181c}.frame{stroke:#777}.grid{stroke:#33373d}.ink{fill:#eee}.muted{fill:#b5b8bd}"
    ".area{opacity:.28}"
    ".c0{stroke:#3d9be0}.c1{stroke:#ff8a3d}.c2{stroke:#1fc79a}.c3{stroke:#e39ac4}"
    ".c4{stroke:#f2b632}.c5{stroke:#8fd0f5}.c6{stroke:#fff}.c7{stroke:#f0e442}"
    ".a0,.d0{fill:#3d9be0}.a1,.d1{fill:#ff8a3d}.a2,.d2{fill:#1fc79a}.a3,.d3{fill:#e39ac4}"
    ".a4,.d4{fill:#f2b632}.a5,.d5{fill:#8fd0f5}.a6,.d6{fill:#fff}.a7,.d7{fill:#f0e442}"
    "}</style>\n";

}  // namespace

std::string xml_text(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = character_size(text, i);
    const char c = text[i];
    if (size == 0 || (size == 1 && static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n')) {
      out += replacement;
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out.append(text, i, size);
    }
    i += size == 0 ? 1 : size;
  }
  return out;
}

double text_width(const std::string& text, double font_size) {
  double width = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = character_size(text, i);
    width += character_width(size);
    i += size == 0 ? 1 : size;
  }
  return width * font_size;
}

std::string fitting(const std::string& text, double width, double font_size) {
  if (text_width(text, font_size) <= width) return text;
  double used = font_size;  // of the ellipsis
  std::size_t end = 0;
  while (end < text.size()) {
    const std::size_t size = character_size(text, end);
    used += character_width(size) * font_size;
    if (used > width) break;
    end += size == 0 ? 1 : size;
  }
  return text.substr(0, end) + "\xE2\x80\xA6";
}

std::string coordinate(double value) {
  const auto tenths = static_cast<std::int64_t>(std::llround(value * 10));
  const std::int64_t size = std::abs(tenths);
  std::string text = (tenths < 0 ? "-" : "") + std::to_string(size / 10);
  if (size % 10 != 0) text += '.' + std::to_string(size % 10);
  return text;
}

std::string svg_head(double width, double height, const std::string& title, const std::string& description) {
  const std::string w = coordinate(width);
  const std::string h = coordinate(height);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"" + w + "\" height=\"" + h +
         "\" viewBox=\"0 0 " + w + ' ' + h + "\">\n<title>" + xml_text(title) + "</title>\n<desc>" +
         xml_text(description) + "</desc>\n" + style + "<rect class=\"background\" width=\"" + w +
         "\" height=\"" + h + "\"/>\n";
}

}  // namespace tenbin::detail
