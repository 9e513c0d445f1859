// Chart, the base of all charts, and ChartColumn, charts below each other.
#pragma once

#include <string>
#include <vector>

namespace tenbin {

/// The axis of a chart.
enum class Scale : unsigned char {
  linear,
  log  ///< decades; values that are not above 0 are gaps
};

/// The ends of an axis.
struct AxisLimits {
  double low;
  double high;
};

namespace detail {

// A drawn chart, with its top left corner at (0, 0).
struct Picture {
  std::string kind;  // `Line chart`, its title if it has none
  std::string title;
  std::string description;
  std::string body;
  double width = 0;
  double height = 0;
};

// Of a bar chart or dot plot: a value of every row, and what is written beside it.
struct RowSeries {
  std::string name;
  std::vector<double> values;
  std::vector<std::string> texts;
};

}  // namespace detail

/// An image as SVG. Browsers show it, light or dark as the reader prefers. Texts are texts; those that are
/// too long for their place are wrapped or shortened, and browsers show the whole text under the pointer. The
/// colours are those of Okabe and Ito, which people with colour blindness can tell apart. Screen readers
/// read the title and a description of the data.
///
///     chart.save("chart.svg");
///     html << chart.svg();
///
/// Several images may be in one HTML page, as they are: they have no ids, and their style is for them only.
/// The same data give the same bytes.
class Chart {
 public:
  virtual ~Chart() = default;

  /// The image.
  std::string svg() const;
  /// Writes the image to a file, in one step. Errors: those of the file, which start with its path.
  void save(const std::string& path) const;

 protected:
  Chart() = default;
  Chart(const Chart&) = default;
  Chart(Chart&&) = default;
  Chart& operator=(const Chart&) = default;
  Chart& operator=(Chart&&) = default;

 private:
  friend class ChartColumn;
  virtual detail::Picture draw() const = 0;
};

/// Charts below each other, as one image.
///
///     ChartColumn column;
///     column.add(loss_chart).add(metric_chart).save("training.svg");
class ChartColumn : public Chart {
 public:
  /// Adds a chart as it is now.
  ChartColumn& add(const Chart& chart);

 private:
  detail::Picture draw() const override;

  std::vector<detail::Picture> pictures_;
};

}  // namespace tenbin
