// What all SVG images share: texts, numbers, colours for light and dark. Internal.
#pragma once

#include <string>
#include <vector>

namespace tenbin::detail {

// Text for XML: markup characters are escaped; bytes that XML or UTF-8 does not have become U+FFFD.
std::string xml_text(const std::string& text);

// The text, cut to fit a width in pixels: `validation/ma…`.
std::string fitting(const std::string& text, double width, double font_size);
// The text in at most `max_lines` lines that fit a width, broken at spaces, `_`, `-`, `/` and `,`; the last
// one is cut.
std::vector<std::string> wrapped(const std::string& text, double width, double font_size,
                                 std::size_t max_lines);
// The width of a text, in pixels, about: browsers choose the font. That of a wide one, DejaVu Sans.
double text_width(const std::string& text, double font_size);

// A coordinate with one digit after the point at most: `12.5`.
std::string coordinate(double value);
// `name="12.5"`, with a space before it.
std::string attribute(const char* name, double value);
std::string attribute(const char* name, const std::string& value);
// `<name attributes>content</name>` and a newline. `attributes` starts with a space.
std::string element(const char* name, const std::string& attributes, const std::string& content);

constexpr double font = 12;
constexpr double title_font = 16;
constexpr double line_height = 15;  // of texts in several lines

// A text with its anchor at (x, y): `start`, `middle` or `end`. `style`: the class, ink or muted.
struct TextStyle {
  const char* style = "ink";
  const char* anchor = "start";
  double size = font;
  const char* more = "";  // attributes
};
// Texts that are longer than `width` are cut, and have the whole text as their title, which browsers show
// under the pointer.
std::string text_at(double x, double y, const std::string& text, const TextStyle& style = {},
                    double width = 1e9);
// Lines below each other, of which (x, y) is the middle of their height. `whole`: the title, unless
// it is empty or the only line.
std::string lines_at(double x, double y, const std::vector<std::string>& lines, const std::string& whole,
                     const TextStyle& style);

// The opening tag, title, description and style. Classes are: background, frame, grid, ink (text), muted
// (text), inverse (text on dark colours), halo (text over lines), reference, points, small and faint
// (points), line with c0 to c7, area with a0 to a7, dots and bars d0 to d7, heat h0 to h9.
//
// The class `tenbin` of the image is in front of every rule, so that images in a page do not change it, and
// there are no ids, so that several images in a page do not clash. `role="img"` makes the title the name for
// screen readers, and the description its description.
std::string svg_head(double width, double height, const std::string& title, const std::string& description);
constexpr std::size_t svg_colours = 8;
constexpr std::size_t heat_levels = 10;

// `c3`: the class of colour 3, 11, ...
std::string colour_class(const char* kind, std::size_t index);

// A number beside a mark: three digits, whole numbers as `12,345`, `-` for NaN and infinities. A share:
// `86%`, `0.4%`.
std::string value_text(double value);
std::string percent_text(double share);

}  // namespace tenbin::detail
