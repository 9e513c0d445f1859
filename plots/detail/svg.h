// What all SVG images share: texts, numbers, colours for light and dark. Internal.
#pragma once

#include <string>

namespace tenbin::detail {

// Text for XML: markup characters are escaped; bytes that XML or UTF-8 does not have become U+FFFD.
std::string xml_text(const std::string& text);

// The text, cut to fit a width in pixels: `validation/ma…`.
std::string fitting(const std::string& text, double width, double font_size);
// The width of a text, in pixels, about: browsers choose the font.
double text_width(const std::string& text, double font_size);

// A coordinate with one digit after the point at most: `12.5`.
std::string coordinate(double value);

// The opening tag, title, description and style. Classes are: background, frame, grid, ink (text), muted
// (text), lines c0 to c7, areas a0 to a7 and dots d0 to d7.
std::string svg_head(double width, double height, const std::string& title, const std::string& description);
constexpr std::size_t svg_colours = 8;

}  // namespace tenbin::detail
