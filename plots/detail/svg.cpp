#include "tenbin/plots/detail/svg.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iomanip>
#include <string_view>

#include "tenbin/core/text.h"

namespace tenbin::detail {

namespace {

constexpr char replacement[] = "\xEF\xBF\xBD";

// The number of bytes of the UTF-8 character at `at`; 0 if there is none that XML allows: neither overlong
// forms nor surrogates, nor U+FFFE and U+FFFF.
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
  if (size < 3) return size;
  const unsigned char second = byte(at + 1);
  const bool is_valid = first == 0xE0   ? second >= 0xA0
                        : first == 0xED ? second < 0xA0
                        : first == 0xEF ? second < 0xBF || byte(at + 2) < 0xBE
                        : first == 0xF0 ? second >= 0x90
                        : first == 0xF4 ? second < 0x90
                                        : true;
  return is_valid ? size : 0;
}

// In parts of the font's size.
double character_width(const std::string& text, std::size_t at, std::size_t bytes) {
  if (bytes == 0 || static_cast<unsigned char>(text[at]) < 0x20) return 1.0;  // U+FFFD
  if (bytes == 4) return 1.35;                                                // emoji
  if (bytes == 3) return 1.0;  // the signs of East Asia are square
  if (bytes == 2) return 0.68;
  const std::string_view narrow = " iljtfr.,:;'|!()[]{}I/\\\"";
  const std::string_view wide = "mwMW@%";
  const char c = text[at];
  if (narrow.find(c) != std::string_view::npos) return 0.4;
  if (wide.find(c) != std::string_view::npos) return 0.98;
  return c >= 'A' && c <= 'Z' ? 0.74 : 0.635;
}

// The end of the character at `at`.
std::size_t next_character(const std::string& text, std::size_t at) {
  return at + std::max<std::size_t>(1, character_size(text, at));
}

constexpr char ellipsis[] = "\xE2\x80\xA6";

// Light first; where readers prefer dark, the rules of the second half replace them. The colours are those of
// Okabe and Ito; orange, sky blue and yellow are darker where the background is white, for a contrast of 3.
struct Palette {
  const char* background;
  const char* frame;
  const char* grid;
  const char* ink;
  const char* muted;
  const char* inverse;
  const char* area_opacity;
  const char* colours[svg_colours];
  const char* heat[heat_levels];
};
constexpr Palette light = {
    "#fff",
    "#888",
    "#ddd",
    "#222",
    "#555",
    "#fff",
    ".18",
    {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#c47f00", "#3a9bd4", "#000", "#948800"},
    {"#f4f8fb", "#d7e9f5", "#bbdaee", "#9ecbe8", "#69add6", "#1b7ab3", "#0068a3", "#005a8f", "#004c7a",
     "#00406a"},
};
constexpr Palette dark = {
    "#16181c",
    "#777",
    "#33373d",
    "#eee",
    "#b5b8bd",
    "#111",
    ".28",
    {"#3d9be0", "#ff8a3d", "#1fc79a", "#e39ac4", "#f2b632", "#8fd0f5", "#fff", "#f0e442"},
    {"#1d2126", "#1d2f3d", "#1d3c54", "#1d4a6b", "#286592", "#3a8ac6", "#55a3dd", "#6ab3e9", "#97ccf1",
     "#c4e4fa"},
};

void add_rule(std::string& style, const std::string& selector, const std::string& declarations) {
  style += ".tenbin " + selector + '{' + declarations + '}';
}

std::string colour_rules(const Palette& palette) {
  std::string style;
  const auto fill = [](const char* colour) { return std::string("fill:") + colour; };
  const auto stroke = [](const char* colour) { return std::string("stroke:") + colour; };
  add_rule(style, ".background", fill(palette.background));
  add_rule(style, ".frame", stroke(palette.frame));
  add_rule(style, ".grid", stroke(palette.grid));
  add_rule(style, ".ink", fill(palette.ink));
  add_rule(style, ".muted", fill(palette.muted));
  add_rule(style, ".inverse", fill(palette.inverse));
  add_rule(style, ".halo", stroke(palette.background));
  add_rule(style, ".reference", stroke(palette.muted));
  add_rule(style, ".area", std::string("opacity:") + palette.area_opacity);
  for (std::size_t i = 0; i < svg_colours; ++i) {
    add_rule(style, colour_class(".c", i), stroke(palette.colours[i]));
    add_rule(style, colour_class(".a", i) + ",.tenbin " + colour_class(".d", i), fill(palette.colours[i]));
  }
  for (std::size_t i = 0; i < heat_levels; ++i)
    add_rule(style, ".h" + std::to_string(i), fill(palette.heat[i]));
  return style;
}

std::string style_element() {
  std::string style = "<style>";
  add_rule(style, "text", "font-family:system-ui,'Helvetica Neue',Helvetica,Arial,'DejaVu Sans',sans-serif");
  add_rule(style, ".frame", "fill:none");
  add_rule(style, ".line", "fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round");
  add_rule(style, ".reference", "fill:none;stroke-width:1.3");
  add_rule(style, ".points", "fill:none;stroke-width:6;stroke-linecap:round");
  add_rule(style, ".halo", "paint-order:stroke;stroke-width:4;stroke-linejoin:round");
  add_rule(style, ".small", "stroke-width:3.5");
  add_rule(style, ".faint", "opacity:.5");
  add_rule(style, ".area", "stroke:none");
  return style + colour_rules(light) + "@media (prefers-color-scheme:dark){" + colour_rules(dark) +
         "}</style>\n";
}

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
  for (std::size_t i = 0; i < text.size(); i = next_character(text, i))
    width += character_width(text, i, character_size(text, i));
  return width * font_size;
}

std::string fitting(const std::string& text, double width, double font_size) {
  if (text_width(text, font_size) <= width) return text;
  double used = font_size;  // of the ellipsis
  std::size_t end = 0;
  while (end < text.size()) {
    used += character_width(text, end, character_size(text, end)) * font_size;
    if (used > width) break;
    end = next_character(text, end);
  }
  while (end > 0 && text[end - 1] == ' ') --end;
  return text.substr(0, end) + ellipsis;
}

std::vector<std::string> wrapped(const std::string& text, double width, double font_size,
                                 std::size_t max_lines) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin < text.size()) {
    if (lines.size() + 1 == max_lines) {
      lines.push_back(fitting(text.substr(begin), width, font_size));
      break;
    }
    double used = 0;
    std::size_t end = begin;       // of what fits
    std::size_t word_end = begin;  // the last place to break at
    while (end < text.size()) {
      used += character_width(text, end, character_size(text, end)) * font_size;
      if (used > width && end > begin) break;
      if (text[end] == ' ') word_end = end;
      const bool breaks_after = std::string_view("_-/,").find(text[end]) != std::string_view::npos;
      end = next_character(text, end);
      if (breaks_after) word_end = end;
    }
    if (end < text.size() && word_end > begin) end = word_end;
    lines.push_back(text.substr(begin, end - begin));
    begin = end;
    while (begin < text.size() && text[begin] == ' ') ++begin;
  }
  return lines;
}

std::string coordinate(double value) {
  const auto tenths = static_cast<std::int64_t>(std::llround(value * 10));
  const std::int64_t size = std::abs(tenths);
  std::string text = (tenths < 0 ? "-" : "") + std::to_string(size / 10);
  if (size % 10 != 0) text += '.' + std::to_string(size % 10);
  return text;
}

std::string attribute(const char* name, double value) { return attribute(name, coordinate(value)); }

std::string attribute(const char* name, const std::string& value) {
  return std::string(" ") + name + "=\"" + value + '"';
}

std::string element(const char* name, const std::string& attributes, const std::string& content) {
  return std::string("<") + name + attributes + '>' + content + "</" + name + ">\n";
}

namespace {

std::string text_attributes(double x, double y, const TextStyle& style) {
  const std::string anchor = style.anchor;
  return attribute("x", x) + attribute("y", y) + attribute("class", std::string(style.style)) +
         (anchor == "start" ? "" : attribute("text-anchor", anchor)) + style.more +
         attribute("font-size", style.size);
}

std::string title_element(const std::string& text) { return "<title>" + xml_text(text) + "</title>"; }

}  // namespace

std::string text_at(double x, double y, const std::string& text, const TextStyle& style, double width) {
  const std::string shown = fitting(text, width, style.size);
  return element("text", text_attributes(x, y, style),
                 (shown == text ? "" : title_element(text)) + xml_text(shown));
}

std::string lines_at(double x, double y, const std::vector<std::string>& lines, const std::string& whole,
                     const TextStyle& style) {
  const double height = style.size * line_height / font;
  const double first = y + style.size * 0.35 - height * (static_cast<double>(lines.size()) - 1) / 2;
  const bool has_title = !whole.empty() && (lines.size() > 1 || lines[0] != whole);
  std::string content = has_title ? title_element(whole) : "";
  if (lines.size() == 1) content += xml_text(lines[0]);
  if (lines.size() > 1)
    for (std::size_t i = 0; i < lines.size(); ++i)
      content += "<tspan" + attribute("x", x) + attribute("y", first + static_cast<double>(i) * height) +
                 '>' + xml_text(lines[i]) + "</tspan>";
  return element("text", text_attributes(x, first, style), content);
}

std::string colour_class(const char* kind, std::size_t index) {
  return kind + std::to_string(index % svg_colours);
}

std::string value_text(double value) {
  if (!std::isfinite(value)) return "-";
  if (value != std::floor(value) || std::abs(value) >= 1e15) {
    TextStream text;
    const double size = std::abs(value);
    if (size >= 0.001 && size < 1) text << std::showpoint;  // shares, below each other
    text << std::setprecision(size < 1000 ? 3 : 6) << value;
    return text.str();
  }
  std::string text = std::to_string(static_cast<std::int64_t>(std::abs(value)));
  for (std::size_t end = text.size(); end > 3; end -= 3) text.insert(end - 3, ",");
  return (value < 0 ? "-" : "") + text;
}

std::string percent_text(double share) {
  if (!std::isfinite(share)) return "-";
  const double percent = share * 100;
  constexpr double smallest = 0.0001;
  TextStream text;
  if (percent > 0 && percent < smallest) {
    text << '<' << smallest;
  } else if (percent > 0 && percent < 1) {
    text << std::setprecision(1) << percent;
  } else if (percent > 99 && percent < 100) {
    text << std::fixed << std::setprecision(1) << std::min(percent, 99.9);  // not all
  } else {
    text << std::fixed << std::setprecision(0) << percent;
  }
  return text.str() + '%';
}

std::string svg_head(double width, double height, const std::string& title, const std::string& description) {
  static const std::string style = style_element();
  const std::string size = attribute("width", width) + attribute("height", height);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"tenbin\" role=\"img\"" + size +
         attribute("viewBox", "0 0 " + coordinate(width) + ' ' + coordinate(height)) + ">\n<title>" +
         xml_text(title) + "</title>\n<desc>" + xml_text(description) + "</desc>\n" + style +
         "<rect class=\"background\"" + size + "/>\n";
}

}  // namespace tenbin::detail
