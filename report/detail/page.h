// A page of HTML: sections, tables and charts, and the style around them. Internal.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "tenbin/plots/chart.h"

namespace tenbin::detail {

// The mark after the text of a cell: significantly better or worse than the baseline.
enum class CellMark : unsigned char { plain, better, worse };

struct Cell {
  Cell(std::string text, CellMark mark = CellMark::plain)  // NOLINT(google-explicit-constructor)
      : text(std::move(text)), mark(mark) {}
  Cell(const char* text) : text(text) {}  // NOLINT(google-explicit-constructor)

  std::string text;
  CellMark mark = CellMark::plain;
};

struct PageTable {
  std::string caption;
  std::vector<std::string> columns;  // the first is of the rows' names
  std::vector<std::vector<Cell>> rows;
  std::size_t n_text_columns = 1;  // the first ones, which are left-aligned and wrapped
};

struct PageChart {
  PageChart(const Chart& chart, std::string caption) : svg(chart.svg()), caption(std::move(caption)) {}

  std::string svg;
  std::string caption;
};

// Builds a page from texts, which it escapes: nothing from the data becomes markup. Without scripts, and
// without anything that is loaded from elsewhere.
class Page {
 public:
  // A heading of the first order.
  explicit Page(std::string title) : title_(std::move(title)) {}

  // Before the first section.
  void lead(const std::string& text);
  // A heading of the second order, which the contents list.
  void section(const std::string& heading);
  // A heading of the third order.
  void subsection(const std::string& heading);
  void paragraph(const std::string& text);
  // The result, in a frame.
  void result(const std::vector<std::string>& paragraphs);
  void list(const std::vector<std::string>& items);
  // Words and what they mean.
  void terms(const std::vector<std::pair<std::string, std::string>>& terms);
  void code(const std::string& text);
  void table(const PageTable& table);
  // A table with a chart beside it, or below it on a narrow screen.
  void table(const PageTable& table, const PageChart& chart);
  // Beside each other, or below each other on a narrow screen.
  void charts(const std::vector<PageChart>& charts);
  // The same for charts that are too wide for a telephone: there each has a scroll bar of its own.
  void wide_charts(const std::vector<PageChart>& charts);

  std::string html() const;

 private:
  std::string title_;
  std::string lead_;
  std::vector<std::string> sections_;
  std::string body_;
};

}  // namespace tenbin::detail
