// Points as the paths of lines and dots, few of them. Internal.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace tenbin::detail {

struct Point {
  double x;
  double y;
};

// Of many points of a line, those without which it would look different: in a column of pixels, the first,
// the lowest, the highest and the last; of these, those that are more than a part of a pixel away from a line
// through the others (Ramer, "An iterative procedure for the polygonal approximation of plane curves", 1972;
// Douglas and Peucker, 1973). Few points are left as they are.
std::vector<Point> thinned(const std::vector<Point>& points);
// Of dots, one in each square of the given size, in pixels.
std::vector<Point> spread(const std::vector<Point>& points, double size);
// y of a point holds up to x of the next one.
std::vector<Point> as_steps(const std::vector<Point>& points);

// `M1 2L3 4`. `first`: L if the path goes on.
std::string path_through(const std::vector<Point>& points, char first = 'M');
// Lines of no length, which round ends make dots.
std::string path_of_dots(const std::vector<Point>& points);

// The pieces between gaps. `point(i)` is not set in a gap.
template <class PointAt>
std::vector<std::vector<Point>> pieces_of(std::size_t size, PointAt point) {
  std::vector<std::vector<Point>> pieces;
  bool is_open = false;
  for (std::size_t i = 0; i < size; ++i) {
    const std::optional<Point> here = point(i);
    if (here && !is_open) pieces.emplace_back();
    if (here) pieces.back().push_back(*here);
    is_open = here.has_value();
  }
  return pieces;
}

}  // namespace tenbin::detail
