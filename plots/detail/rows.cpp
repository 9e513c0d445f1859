#include "tenbin/plots/detail/rows.h"

#include <algorithm>

#include "tenbin/core/error.h"
#include "tenbin/core/file.h"

namespace tenbin::detail {

namespace {

constexpr double narrow = 480;  // pixels
// Of the image's width.
constexpr double most_for_labels = 0.36;
constexpr double most_for_texts = 0.28;
constexpr double most_for_texts_if_narrow = 0.5;

double most_for_label(const Frame& frame) {
  return frame.width() < narrow ? frame.width() - 2 * margin - 10 : most_for_labels * frame.width();
}

std::size_t slots(const std::vector<RowSeries>& series) { return std::max<std::size_t>(1, series.size()); }

}  // namespace

void require_count(const char* chart, const std::string& series, const char* what, std::size_t labels,
                   std::size_t count) {
  if (count != labels)
    throw Error(chart, ": ", printable(series), ": expected ", labels, ' ', what,
                ", one of every label, got ", count);
}

std::string series_text(const RowSeries& series, const std::vector<std::string>& labels) {
  constexpr std::size_t most = 50;
  std::string text = series.name.empty() ? "" : series.name + ": ";
  if (labels.empty()) return text + "no data.";
  for (std::size_t i = 0; i < std::min(most, labels.size()); ++i)
    text += (i == 0 ? "" : ", ") + labels[i] + ' ' + series.texts[i];
  if (labels.size() > most) text += ", and " + std::to_string(labels.size() - most) + " more";
  return text + '.';
}

Rows::Rows(Frame& frame, const std::vector<std::string>& labels, const std::vector<RowSeries>& series,
           LegendEntry::Mark mark, double slot)
    : frame_(frame),
      series_(series),
      is_narrow_(frame.width() < narrow),
      labels_(labels, most_for_label(frame)),
      slot_(slot) {
  for (std::size_t row = 0; row < labels.size(); ++row) {
    const double marks = slot * static_cast<double>(slots(series)) + 8;
    begins_.push_back(begins_.back() +
                      (is_narrow_ ? label_height(row) + marks : std::max(labels_.height(row) + 6, marks)));
  }
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (series.size() > 1) frame.add_legend({series[i].name, mark, i});
    for (const std::string& text : series[i].texts)
      texts_width_ = std::max(texts_width_, text_width(text, font));
  }
  texts_width_ =
      std::min(texts_width_, (is_narrow_ ? most_for_texts_if_narrow : most_for_texts) * frame.width());
  frame.place(labels.empty() || is_narrow_ ? 0 : labels_.width() + tick_gap,
              texts_width_ == 0 ? 10 : texts_width_ + 8, 22, labels.empty() ? 80 : begins_.back());
}

double Rows::row_middle(std::size_t row) const {
  return frame_.top() + (begins_[row] + label_height(row) + begins_[row + 1]) / 2;
}

double Rows::middle(std::size_t row, std::size_t series) const {
  const double above = static_cast<double>(series) - (static_cast<double>(slots(series_)) - 1) / 2;
  return row_middle(row) + above * slot_;
}

std::string Rows::draw() const {
  std::string out;
  for (std::size_t row = 0; row + 1 < begins_.size(); ++row) {
    out += is_narrow_ ? labels_.draw(row, frame_.left() + 4,
                                     frame_.top() + begins_[row] + 2 + label_height(row) / 2, {"ink halo"})
                      : labels_.draw(row, frame_.left() - tick_gap, row_middle(row));
    for (std::size_t i = 0; i < series_.size(); ++i)
      out +=
          text_at(frame_.right() + 8, middle(row, i) + font * 0.35, series_[i].texts[row], {}, texts_width_);
  }
  return out;
}

}  // namespace tenbin::detail
