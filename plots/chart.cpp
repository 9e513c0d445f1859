#include "tenbin/plots/chart.h"

#include <algorithm>

#include "tenbin/core/file.h"
#include "tenbin/plots/detail/svg.h"

namespace tenbin {

std::string Chart::svg() const {
  const detail::Picture picture = draw();
  return detail::svg_head(picture.width, picture.height, picture.title.empty() ? picture.kind : picture.title,
                          picture.description) +
         picture.body + "</svg>\n";
}

void Chart::save(const std::string& path) const { write_file(path, svg()); }

ChartColumn& ChartColumn::add(const Chart& chart) {
  pictures_.push_back(chart.draw());
  return *this;
}

detail::Picture ChartColumn::draw() const {
  detail::Picture all;
  all.kind = pictures_.empty() ? "Chart" : pictures_[0].kind;
  for (const detail::Picture& picture : pictures_) {
    if (!picture.title.empty()) all.title += (all.title.empty() ? "" : ", ") + picture.title;
    all.description += (all.description.empty() ? "" : " ") + picture.description;
    all.body +=
        all.height == 0
            ? picture.body
            : detail::element("g", " transform=\"translate(0 " + detail::coordinate(all.height) + ")\"",
                              '\n' + picture.body);
    all.width = std::max(all.width, picture.width);
    all.height += picture.height;
  }
  if (pictures_.empty()) all.description = "no data";
  return all;
}

}  // namespace tenbin
