// Charts as SVG: their text, ticks, gaps, many points, names with markup.
#include "tenbin/plots/line_chart.h"

#include <cmath>
#include <limits>

#include "tenbin/plots/detail/axis.h"
#include "tenbin/plots/detail/svg.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/plots/svg_reader.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

constexpr double NaN = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

std::string body_of(const LineChart& chart) {
  const std::string svg = chart.svg();
  return svg.substr(svg.find("</style>\n") + 9);
}

// The labels of an axis from `low` to `high`.
std::string ticks(double low, double high, Scale scale = Scale::linear, bool whole = false) {
  detail::Axis axis(scale, whole);
  axis.include(low);
  axis.include(high);
  axis.finish(5, false);
  std::string text;
  for (const detail::Tick& tick : axis.ticks()) text += (text.empty() ? "" : " ") + tick.label;
  return text;
}

}  // namespace

TEST_CASE("the text of a chart") {
  const LineChart chart = LineChart({.title = "Loss", .x_label = "epoch", .y_label = "nats"})
                              .line("main/loss", {1, 2, 3}, {1, 0.5, 0.25});
  const std::string svg = chart.svg();
  CHECK(
      svg.substr(0, svg.find("<style>")) ==
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"tenbin\" role=\"img\" width=\"720\" height=\"411\" "
      "viewBox=\"0 0 720 "
      "411\">\n"
      "<title>Loss</title>\n"
      "<desc>Line chart over epoch. main/loss: 3 points, from 1 to 0.25, smallest 0.25, largest 1.</desc>\n");
  CHECK_THAT(svg, ContainsSubstring("@media (prefers-color-scheme:dark){"));
  CHECK(body_of(chart) ==
        R"svg(<rect class="background" width="720" height="411"/>
<text x="360" y="30" class="ink" text-anchor="middle" font-weight="600" font-size="16">Loss</text>
<path class="line c0" d="M62 48h24"/>
<text x="92" y="52" class="ink" font-size="12">main/loss</text>
<path class="grid" d="M62 64v300M379 64v300M696 64v300"/>
<text x="62" y="381" class="muted" text-anchor="middle" font-size="12">1</text>
<text x="379" y="381" class="muted" text-anchor="middle" font-size="12">2</text>
<text x="696" y="381" class="muted" text-anchor="middle" font-size="12">3</text>
<path class="grid" d="M62 297.3h634M62 223.3h634M62 149.2h634M62 75.1h634"/>
<text x="55" y="301.3" class="muted" text-anchor="end" font-size="12">0.4</text>
<text x="55" y="227.3" class="muted" text-anchor="end" font-size="12">0.6</text>
<text x="55" y="153.2" class="muted" text-anchor="end" font-size="12">0.8</text>
<text x="55" y="79.1" class="muted" text-anchor="end" font-size="12">1.0</text>
<path class="line c0" d="M62 75.1L379 260.3L696 352.9"/>
<rect class="frame" x="62" y="64" width="634" height="300"/>
<text x="379" y="398" class="ink" text-anchor="middle" font-size="12">epoch</text>
<text x="26" y="214" class="ink" text-anchor="middle" transform="rotate(-90 26 214)" font-size="12">nats</text>
</svg>
)svg");
}

TEST_CASE("the ticks of an axis") {
  CHECK(ticks(0, 1) == "0 0.2 0.4 0.6 0.8 1.0");
  CHECK(ticks(-0.3, 0.31) == "-0.2 0 0.2");
  CHECK(ticks(1, 3) == "1.0 1.5 2.0 2.5 3.0");
  CHECK(ticks(1, 3, Scale::linear, true) == "1 2 3");
  CHECK(ticks(1.5, 3, Scale::linear, true) == "1.5 2.0 2.5 3.0");
  CHECK(ticks(1.5, 3) == "1.5 2.0 2.5 3.0");
  CHECK(ticks(1, 40) == "10 20 30 40");
  CHECK(ticks(0, 2000000) == "0 500000 1000000 1500000 2000000");
  CHECK(ticks(0, 4e9) == "0 1e+09 2e+09 3e+09 4e+09");
  CHECK(ticks(0, 3.1e-5) == "0 1e-05 2e-05 3e-05");
  CHECK(ticks(1234567.125, 1234567.25) == "1234567.15 1234567.20 1234567.25");
  CHECK(ticks(0.5, 0.5) == "0.46 0.48 0.50 0.52 0.54");
  CHECK(ticks(0, 0) == "-1.0 -0.5 0 0.5 1.0");
  CHECK(ticks(7, 7) == "6.5 7.0 7.5");
  CHECK(ticks(7, 7, Scale::linear, true) == "6 7 8");
  CHECK(ticks(-1e308, 1e308) == "-1e+300 -5e+299 0 5e+299 1e+300");
  CHECK(ticks(5e-324, 5e-324) == "-1.0 -0.5 0 0.5 1.0");
  CHECK(ticks(0.01, 1, Scale::log) == "0.01 0.02 0.05 0.1 0.2 0.5 1");
  CHECK(ticks(1e-5, 100, Scale::log) == "0.0001 0.01 1 100");
  CHECK(ticks(0.31, 0.35, Scale::log) == "0.31 0.32 0.33 0.34 0.35");
  CHECK(ticks(3, 3, Scale::log) == "1 2 5");
}

TEST_CASE("gaps, single points, no data") {
  const LineChart gaps = LineChart().line("a", {1, 2, 3, 4, 5, 6, 7}, {1, 2, NaN, 3, infinity, 4, 5});
  CHECK(count(gaps.svg(), "<circle") == 1);
  CHECK_THAT(gaps.svg(), ContainsSubstring("a: 5 points, from 1 to 5, smallest 1, largest 5."));
  const std::string path = body_of(gaps);
  CHECK(count(path.substr(path.rfind("<path")), "M") == 2);

  CHECK(count(LineChart().line("one", {1}, {0.5}).svg(), "<circle") == 1);
  CHECK_THAT(LineChart().svg(), ContainsSubstring(">no data</text>"));
  CHECK_THAT(LineChart().line("a", {}, {}).svg(), ContainsSubstring(">no data</text>"));
  CHECK_THAT(LineChart().line("a", {1, 2}, {NaN, NaN}).svg(),
             ContainsSubstring("<desc>Line chart. a: no data.</desc>"));
  // 0 and negative numbers have no logarithm.
  CHECK(count(LineChart({.y_scale = Scale::log}).line("a", {1, 2, 3, 4, 5}, {1, 0, 10, -1, 100}).svg(),
              "<circle") == 3);
  for (const auto& text : {gaps.svg(), LineChart().svg()}) {
    CHECK(count(text, "nan") == 0);
    CHECK(count(text, "inf") == 0);
  }
}

TEST_CASE("names are escaped and cut, lines can be told apart") {
  LineChart chart({.title = "<script>\"a\" & b"});
  chart.line("x < y", {1, 2}, {1, 2}).line(std::string(200, 'm'), {1, 2}, {1, 2});
  chart.line("bad \xff\x01\xc3 byte", {1, 2}, {1, 2});
  const std::string svg = chart.svg();
  CHECK(count(svg, "<script>") == 0);
  CHECK(count(svg, "&lt;script&gt;&quot;a&quot; &amp; b") == 2);
  CHECK_THAT(svg, ContainsSubstring("x &lt; y</text>"));
  CHECK_THAT(svg, ContainsSubstring("mmm\xE2\x80\xA6</tspan>"));
  CHECK_THAT(svg, ContainsSubstring("<title>" + std::string(200, 'm') + "</title>"));
  CHECK_THAT(svg, ContainsSubstring("bad \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD byte"));
  LineChart many;
  for (int i = 0; i < 20; ++i) many.line("line", {1, 2}, {1, 2});
  CHECK(count(many.svg(), "class=\"line c0\"") == 6);  // three lines, and their marks in the legend
  CHECK(count(many.svg(), "stroke-dasharray=\"7 4\"") == 16);
  CHECK(count(many.svg(), "stroke-dasharray=\"2 4\"") == 8);
}

TEST_CASE("many points") {
  std::vector<double> x;
  std::vector<double> y;
  for (int i = 0; i < 100000; ++i) {
    x.push_back(i);
    y.push_back(i == 43210 ? 9 : i % 7);
  }
  const std::string svg = LineChart().line("a", x, y).svg();
  CHECK(svg.size() < 40000);
  // The single high point is drawn: 300 pixels from 38 on, with a margin of 4% of the range.
  CHECK_THAT(svg, ContainsSubstring(' ' + detail::coordinate(338 - 300 * 1.04 / 1.08) + 'L'));
  CHECK_THAT(svg, ContainsSubstring("largest 9."));
}

TEST_CASE("a band and its line have one colour; charts below each other") {
  LineChart chart;
  chart.line("a", {1, 2}, {1, 2}).band({1, 2, 3}, {0, NaN, 1}, {2, 3, 4}).line("b", {1, 2}, {1, 3});
  CHECK(count(chart.svg(), "class=\"area a1\"") == 1);
  CHECK(count(chart.svg(), "class=\"line c1\"") == 2);
  const std::string column =
      ChartColumn().add(LineChart({.title = "one"})).add(LineChart({.title = "two"})).svg();
  CHECK_THAT(column, ContainsSubstring("<title>one, two</title>"));
  CHECK(count(column, "<svg") == 1);
  CHECK(count(column, "<g transform") == 1);
}

TEST_CASE("a chart as a file, and lengths that differ") {
  const ScratchDirectory scratch;
  const LineChart chart = LineChart().line("a", {1, 2}, {3, 4});
  chart.save(scratch / "chart.svg");
  CHECK(read_bytes(scratch / "chart.svg") == chart.svg());
  CHECK(scratch.count() == 1);
  CHECK_THROWS_WITH(chart.save(scratch / "missing/chart.svg"), ContainsSubstring("missing/chart.svg: "));
  CHECK_THROWS_WITH(LineChart().line("main/loss", {1, 2}, {1}),
                    "LineChart: main/loss: 2 values of x and 1 of y");
  CHECK_THROWS_WITH(LineChart().band({1}, {1}, {}), "LineChart: band: 1 values of x and 0 of y");
}

TEST_CASE("steps, markers, points, references and limits of a line chart") {
  LineChart chart({.x_limits = AxisLimits{0, 4}, .y_limits = AxisLimits{0, 1}, .width = 720});
  chart.line("steps", {0, 2, 4}, {0.5, 1, 0}, {.steps = true, .markers = true});
  chart.scatter("points", {1, 1e300, 3}, {0.25, 0.5, NaN}).reference("half", {0, 4}, {0.5, 0.5});
  const SvgReader svg = read_svg(chart.svg());
  const SvgElement area = svg.all("rect", "frame").at(0);
  const auto x = [&](double value) {
    return detail::coordinate(area.number("x") + value / 4 * area.number("width"));
  };
  const auto y = [&](double value) { return detail::coordinate(area.number("y") + (1 - value) * 300); };
  const auto at = [&](double a, double b) { return x(a) + ' ' + y(b); };
  CHECK(svg.all("path", "line").at(1).attribute("d") ==
        'M' + at(0, 0.5) + 'L' + at(2, 0.5) + 'L' + at(2, 1) + 'L' + at(4, 1) + 'L' + at(4, 0));
  CHECK(svg.all("path", "points").at(1).attribute("d") ==
        'M' + at(0, 0.5) + "h0M" + at(2, 1) + "h0M" + at(4, 0) + "h0");
  // A point far outside is outside, with a short coordinate.
  CHECK_THAT(svg.all("path", "points").at(2).attribute("d"), ContainsSubstring('M' + at(1, 0.25) + "h0M6"));
  CHECK(svg.all("path", "reference").at(1).attribute("d") == 'M' + at(0, 0.5) + 'L' + at(4, 0.5));
  CHECK(svg.all("svg").size() == 3);  // two cut at the limits
  CHECK_THAT(svg.elements()[2].text,
             ContainsSubstring("points: 2 points, x from 1 to 1e+300, y from 0.25 to 0.5."));

  CHECK_THROWS_WITH(LineChart().scatter("a", {1}, {}), "LineChart: a: 1 values of x and 0 of y");
  CHECK_THROWS_WITH(LineChart().reference("a", {1}, {}), "LineChart: reference: 1 values of x and 0 of y");
  CHECK(count(LineChart().reference("a", {0, 1}, {0, 1}).svg(), ">no data</text>") == 1);
}

TEST_CASE("smooth lines of many points have few, and points in disorder are bounded") {
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> mixed;
  for (int i = 0; i < 100000; ++i) {
    x.push_back(i);
    y.push_back(std::sqrt(i));
    mixed.push_back(static_cast<double>(i * 7919LL % 1000003));
  }
  const std::string line = LineChart().line("a", x, y).svg();
  CHECK(count(line, "L") < 300);
  const std::string points = LineChart().scatter("a", x, mixed).svg();
  CHECK(points.size() < 400000);
  read_svg(line);
  read_svg(points);
}
