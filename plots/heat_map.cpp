#include "tenbin/plots/heat_map.h"

#include <algorithm>
#include <cmath>

#include "tenbin/core/error.h"
#include "tenbin/plots/detail/frame.h"

namespace tenbin {

namespace {

using detail::attribute;
using detail::coordinate;
using detail::text_width;

constexpr std::size_t most_cells = 200;
constexpr double least_width = 320;
constexpr double largest_cell = 72;
constexpr double lowest_cell = 14;  // where labels are in every row
constexpr double highest_cell = 44;
constexpr double scale_row = 26;  // of the legend of the colours
constexpr double swatch = 9;
constexpr double smallest_font = 8;
constexpr std::size_t most_titles = 900;
constexpr std::size_t first_dark = 5;  // level from which on texts are inverse

double longest_word(const std::string& text) {
  double longest = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" _-/,", begin), text.size() - 1) + 1;
    longest = std::max(longest, text_width(text.substr(begin, end - begin), detail::font));
    begin = end;
  }
  return longest;
}

}  // namespace

class HeatMap::Drawing {
 public:
  explicit Drawing(const HeatMap& map)
      : map_(map),
        n_rows_(map.row_labels_.size()),
        n_columns_(map.column_labels_.size()),
        labels_(map.row_labels_, map.options_.width * (n_columns_ > 12 ? 0.2 : 0.3), n_rows_ > 12 ? 1 : 2),
        left_(labels_.width() + detail::tick_gap + (map.options_.y_label.empty() ? 0 : 20)),
        frame_(map.options_.title, map.options_.x_label, map.options_.y_label, needed_width()) {
    find_range();
    const double room = frame_.width() - 2 * detail::margin - left_;
    cell_width_ = std::min(largest_cell, room / static_cast<double>(std::max<std::size_t>(1, n_columns_)));
    cell_height_ = std::clamp(cell_width_ * 0.75, std::min(cell_width_, lowest_cell), highest_cell);
    for (std::size_t row = 0; row < n_rows_; ++row)
      if (labels_.height(row) > detail::line_height) cell_height_ = std::max(cell_height_, 30.0);
    place_column_labels();
    const double used = cell_width_ * static_cast<double>(n_columns_);
    const double height = n_rows_ == 0 || n_columns_ == 0 ? 80 : cell_height_ * static_cast<double>(n_rows_);
    frame_.place(labels_.width() + detail::tick_gap, is_empty() ? 10 : room - used, below_, height,
                 scale_height());
  }

  double width() const { return frame_.width(); }
  double height() const { return frame_.height(); }

  std::string body() const {
    std::string out = frame_.head();
    if (is_empty()) return out + frame_.no_data() + frame_.border() + frame_.axis_labels();
    out += cells();
    double free_from = 0;
    for (std::size_t row = 0; row < n_rows_; ++row) {
      const double y = middle_y(row);
      if (y - labels_.height(row) / 2 < free_from) continue;
      free_from = y + labels_.height(row) / 2;
      out += labels_.draw(row, frame_.left() - detail::tick_gap, y);
    }
    out += column_labels();
    if (!map_.options_.colour_label.empty()) out += colour_scale();
    return out + frame_.border() + frame_.axis_labels();
  }

 private:
  // Few columns do not fill a wide image.
  double needed_width() const {
    const double needed = 2 * detail::margin + left_ + largest_cell * static_cast<double>(n_columns_);
    return std::min(map_.options_.width, std::max(least_width, needed));
  }

  bool is_empty() const { return n_rows_ == 0 || n_columns_ == 0; }
  double x_of(std::size_t column) const { return frame_.left() + cell_width_ * static_cast<double>(column); }
  double y_of(std::size_t row) const { return frame_.top() + cell_height_ * static_cast<double>(row); }
  double middle_x(std::size_t column) const { return x_of(column) + cell_width_ / 2; }
  double middle_y(std::size_t row) const { return y_of(row) + cell_height_ / 2; }

  void find_range() {
    bool is_first = true;
    for (const double value : map_.values_) {
      if (!std::isfinite(value)) continue;
      low_ = is_first ? value : std::min(low_, value);
      high_ = is_first ? value : std::max(high_, value);
      is_first = false;
    }
    if (map_.options_.limits) {
      low_ = map_.options_.limits->low;
      high_ = map_.options_.limits->high;
    }
  }

  std::size_t level(double value) const {
    // Halves, so that the range of huge values is finite.
    const double range = high_ / 2 - low_ / 2;
    const double share = range > 0 ? std::clamp((value / 2 - low_ / 2) / range, 0.0, 1.0) : 0;
    return std::min(detail::heat_levels - 1,
                    static_cast<std::size_t>(share * static_cast<double>(detail::heat_levels)));
  }

  std::string text_of(std::size_t index) const {
    return map_.options_.texts.empty() ? detail::value_text(map_.values_[index]) : map_.options_.texts[index];
  }

  enum class Part : unsigned char { all, first, last };

  static std::vector<std::string> part_of(const std::string& text, Part part) {
    const std::size_t end = text.find('\n');
    if (end == std::string::npos) return {text};
    if (part == Part::first) return {text.substr(0, end)};
    if (part == Part::last) return {text.substr(end + 1)};
    return {text.substr(0, end), text.substr(end + 1)};
  }

  // The largest font in which a part of all texts fits the cells; 0: none.
  double cell_font(Part part) const {
    double width = 0;  // in a font of size 1
    std::size_t most_lines = 1;
    for (std::size_t i = 0; i < map_.values_.size(); ++i) {
      const std::vector<std::string> lines = part_of(text_of(i), part);
      for (const std::string& line : lines) width = std::max(width, text_width(line, 1));
      most_lines = std::max(most_lines, lines.size());
    }
    const double height = static_cast<double>(most_lines) * 1.25;
    for (double size = detail::font; size >= smallest_font; --size)
      if (width * size <= cell_width_ - 4 && height * size <= cell_height_) return size;
    return 0;
  }

  std::string cells() const {
    Part part = Part::all;
    double size = cell_font(part);
    for (const Part shorter : {Part::first, Part::last})
      if (size == 0) {
        part = shorter;
        size = cell_font(part);
      }
    const bool has_titles = (size == 0 || part != Part::all) && map_.values_.size() <= most_titles;
    // Most cells of a large confusion matrix have the first colour.
    const bool has_ground = !has_titles && std::all_of(map_.values_.begin(), map_.values_.end(),
                                                       [](double v) { return std::isfinite(v); });
    std::string out;
    if (has_ground)
      out += "<rect class=\"h0\"" + attribute("x", frame_.left()) + attribute("y", frame_.top()) +
             attribute("width", frame_.plot_width()) + attribute("height", frame_.plot_height()) + "/>\n";
    for (std::size_t row = 0; row < n_rows_; ++row)
      for (std::size_t column = 0; column < n_columns_; ++column) {
        const std::size_t index = row * n_columns_ + column;
        const double value = map_.values_[index];
        const std::size_t colour = std::isfinite(value) ? level(value) : 0;
        if (std::isfinite(value) && !(has_ground && colour == 0))
          out += cell(row, column, colour, has_titles);
        if (size == 0) continue;
        const std::vector<std::string> lines = part_of(text_of(index), part);
        out += detail::lines_at(middle_x(column), middle_y(row), lines, "",
                                {colour >= first_dark ? "inverse" : "ink", "middle", size});
      }
    return out;
  }

  std::string cell(std::size_t row, std::size_t column, std::size_t colour, bool has_title) const {
    const std::string rect = "<rect class=\"h" + std::to_string(colour) + '"' + attribute("x", x_of(column)) +
                             attribute("y", y_of(row)) + attribute("width", cell_width_) +
                             attribute("height", cell_height_);
    if (!has_title) return rect + "/>\n";
    std::string text = map_.row_labels_[row] + ", " + map_.column_labels_[column] + ": " +
                       text_of(row * n_columns_ + column);
    std::replace(text.begin(), text.end(), '\n', ' ');
    return rect + "><title>" + detail::xml_text(text) + "</title></rect>\n";
  }

  // Below the columns where they fit, in up to three lines; else turned.
  void place_column_labels() {
    const double room = cell_width_ - 6;
    std::size_t most_lines = 1;
    double longest = 0;
    for (const std::string& label : map_.column_labels_) {
      most_lines = std::max(most_lines, detail::wrapped(label, room, detail::font, 99).size());
      longest = std::max(longest, text_width(label, detail::font));
      are_turned_ = are_turned_ || longest_word(label) > room;
    }
    are_turned_ = are_turned_ || most_lines > 3;
    turned_length_ = std::min(longest, 150.0);
    below_ = 8 + (are_turned_ ? (turned_length_ + detail::font) * 0.71
                              : detail::line_height * static_cast<double>(most_lines));
  }

  std::string column_labels() const {
    std::string out;
    double free_from = -detail::line_height;
    for (std::size_t column = 0; column < n_columns_; ++column) {
      const std::string& label = map_.column_labels_[column];
      const double x = middle_x(column);
      if (!are_turned_) {
        const auto lines = detail::wrapped(label, cell_width_ - 6, detail::font, 3);
        if (lines.empty()) continue;
        const double height = detail::line_height * static_cast<double>(lines.size());
        out += detail::lines_at(x, frame_.bottom() + 6 + height / 2, lines, label, {"ink", "middle"});
        continue;
      }
      if (x < free_from) continue;
      free_from = x + detail::line_height * 1.2;
      const double y = frame_.bottom() + 14;
      const std::string turned = " transform=\"rotate(-45 " + coordinate(x + 4) + ' ' + coordinate(y) + ")\"";
      // A label at the left ends at the border of the image.
      const double room = std::min(turned_length_, (x - 4) / 0.71);
      out += detail::text_at(x + 4, y, label, {"ink", "end", detail::font, turned.c_str()}, room);
    }
    return out;
  }

  double scale_width() const {
    return text_width(detail::value_text(low_), detail::font) +
           text_width(detail::value_text(high_), detail::font) + 12 + swatch * detail::heat_levels;
  }

  // The label and the scale below it, if they do not fit beside each other.
  bool has_two_rows() const {
    const double label = text_width(map_.options_.colour_label, detail::font);
    return label + 12 + scale_width() > frame_.width() - 2 * detail::margin;
  }

  double scale_height() const {
    if (map_.options_.colour_label.empty()) return 0;
    return has_two_rows() ? 2 * scale_row : scale_row + 8;
  }

  std::string colour_scale() const {
    double x = detail::margin;
    double y = frame_.height() - scale_height() + 8;
    const double room = frame_.width() - 2 * detail::margin;
    std::string out = detail::text_at(x, y + 10, map_.options_.colour_label, {"muted"}, room);
    if (has_two_rows()) {
      y += scale_row - 4;
    } else {
      x += text_width(map_.options_.colour_label, detail::font) + 12;
    }
    const std::string low = detail::value_text(low_);
    out += detail::text_at(x, y + 10, low, {"muted"});
    x += text_width(low, detail::font) + 6;
    for (std::size_t i = 0; i < detail::heat_levels; ++i, x += swatch)
      out += "<rect class=\"h" + std::to_string(i) + '"' + attribute("x", x) + attribute("y", y) +
             attribute("width", swatch) + attribute("height", swatch) + "/>\n";
    return out + detail::text_at(x + 6, y + 10, detail::value_text(high_), {"muted"});
  }

  const HeatMap& map_;
  std::size_t n_rows_;
  std::size_t n_columns_;
  detail::RowLabels labels_;
  double left_;
  detail::Frame frame_;
  double low_ = 0;
  double high_ = 1;
  double cell_width_ = 0;
  double cell_height_ = 0;
  bool are_turned_ = false;
  double turned_length_ = 0;
  double below_ = 0;
};

HeatMap::HeatMap(std::vector<std::string> row_labels, std::vector<std::string> column_labels,
                 std::vector<double> values, HeatMapOptions options)
    : row_labels_(std::move(row_labels)),
      column_labels_(std::move(column_labels)),
      values_(std::move(values)),
      options_(std::move(options)) {
  const std::size_t rows = row_labels_.size();
  const std::size_t columns = column_labels_.size();
  if (rows > most_cells || columns > most_cells)
    throw Error("HeatMap: expected at most ", most_cells, " rows and columns, got ", rows, " and ", columns);
  if (values_.size() != rows * columns)
    throw Error("HeatMap: expected ", rows * columns, " values, ", rows, " rows of ", columns, ", got ",
                values_.size());
  if (!options_.texts.empty() && options_.texts.size() != values_.size())
    throw Error("HeatMap: expected ", values_.size(), " texts, one of every value, got ",
                options_.texts.size());
  detail::require_size("HeatMap", "width", options_.width);
  if (options_.limits) detail::require_limits("HeatMap", "limits", Scale::linear, *options_.limits);
}

detail::Picture HeatMap::draw() const {
  const Drawing drawing(*this);
  detail::Picture picture;
  picture.kind = "Heat map";
  picture.title = options_.title;
  picture.description = options_.description.empty()
                            ? "Heat map of " + std::to_string(row_labels_.size()) + " rows and " +
                                  std::to_string(column_labels_.size()) + " columns."
                            : options_.description;
  picture.body = drawing.body();
  picture.width = drawing.width();
  picture.height = drawing.height();
  return picture;
}

}  // namespace tenbin
