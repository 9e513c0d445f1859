#include "tenbin/plots/detail/path.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "tenbin/plots/detail/svg.h"

namespace tenbin::detail {

namespace {

constexpr std::size_t few = 200;
constexpr std::size_t most_simplified = 10000;  // the time grows with the square

std::vector<Point> extremes_of_columns(const std::vector<Point>& points) {
  std::vector<Point> kept;
  for (std::size_t begin = 0; begin < points.size();) {
    const double column = std::floor(points[begin].x);
    std::size_t end = begin;
    std::size_t lowest = begin;
    std::size_t highest = begin;
    for (; end < points.size() && std::floor(points[end].x) == column; ++end) {
      if (points[end].y < points[lowest].y) lowest = end;
      if (points[end].y > points[highest].y) highest = end;
    }
    std::size_t chosen[] = {begin, lowest, highest, end - 1};
    std::sort(std::begin(chosen), std::end(chosen));
    for (auto i = std::begin(chosen); i != std::unique(std::begin(chosen), std::end(chosen)); ++i)
      kept.push_back(points[*i]);
    begin = end;
  }
  return kept;
}

// The distance of p from the line between a and b.
double distance(const Point& p, const Point& a, const Point& b) {
  const double dx = b.x - a.x;
  const double dy = b.y - a.y;
  const double square = dx * dx + dy * dy;
  const double along = square == 0 ? 0 : std::clamp((dx * (p.x - a.x) + dy * (p.y - a.y)) / square, 0.0, 1.0);
  return std::hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

std::vector<Point> simplified(const std::vector<Point>& points) {
  constexpr double tolerance = 0.15;  // pixels
  std::vector<bool> is_kept(points.size(), false);
  is_kept.front() = is_kept.back() = true;
  std::vector<std::pair<std::size_t, std::size_t>> open = {{0, points.size() - 1}};
  while (!open.empty()) {
    const auto [begin, end] = open.back();
    open.pop_back();
    std::size_t farthest = begin;
    double most = tolerance;
    for (std::size_t i = begin + 1; i < end; ++i) {
      const double away = distance(points[i], points[begin], points[end]);
      if (away > most) {
        most = away;
        farthest = i;
      }
    }
    if (farthest == begin) continue;
    is_kept[farthest] = true;
    open.emplace_back(begin, farthest);
    open.emplace_back(farthest, end);
  }
  std::vector<Point> kept;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (is_kept[i]) kept.push_back(points[i]);
  return kept;
}

}  // namespace

std::vector<Point> thinned(const std::vector<Point>& points) {
  constexpr std::size_t many = 2000;
  if (points.size() <= few) return points;
  std::vector<Point> kept = points.size() <= many ? points : extremes_of_columns(points);
  return kept.size() <= most_simplified ? simplified(kept) : kept;
}

std::vector<Point> spread(const std::vector<Point>& points, double size) {
  std::set<std::pair<double, double>> taken;
  std::vector<Point> kept;
  for (const Point& point : points)
    if (taken.emplace(std::floor(point.x / size), std::floor(point.y / size)).second) kept.push_back(point);
  return kept;
}

std::vector<Point> as_steps(const std::vector<Point>& points) {
  std::vector<Point> steps;
  for (const Point& point : points) {
    if (!steps.empty() && steps.back().x != point.x && steps.back().y != point.y)
      steps.push_back({point.x, steps.back().y});
    steps.push_back(point);
  }
  return steps;
}

std::string path_through(const std::vector<Point>& points, char first) {
  std::string path;
  for (const Point& point : points)
    path += (path.empty() ? first : 'L') + coordinate(point.x) + ' ' + coordinate(point.y);
  return path;
}

std::string path_of_dots(const std::vector<Point>& points) {
  std::string path;
  for (const Point& point : points) path += 'M' + coordinate(point.x) + ' ' + coordinate(point.y) + "h0";
  return path;
}

}  // namespace tenbin::detail
