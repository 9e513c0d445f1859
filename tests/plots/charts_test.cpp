// Bar charts, dot plots and heat maps: well-formed images, places of the marks, hostile texts and numbers.
#include <cmath>
#include <limits>

#include "tenbin/plots/bar_chart.h"
#include "tenbin/plots/detail/path.h"
#include "tenbin/plots/dot_plot.h"
#include "tenbin/plots/heat_map.h"
#include "tenbin/plots/line_chart.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/plots/svg_reader.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

constexpr double NaN = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

bool has_text(const SvgReader& svg, const std::string& text) {
  for (const std::string& one : svg.texts())
    if (one == text) return true;
  return false;
}

// The area of the data.
SvgElement area_of(const SvgReader& svg) { return svg.all("rect", "frame").at(0); }

// Where a tick's label is.
double tick_x(const SvgReader& svg, const std::string& label) {
  for (const SvgElement& text : svg.all("text", "muted"))
    if (text.text == label) return text.number("x");
  throw Error("no tick ", label);
}

const std::vector<std::string> hostile = {
    "",
    "<script>alert(\"1\")</script> & 'x'",
    std::string("nul\0 bell\a return\r", 17),
    "bad \xff\xc3 \xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xe0\x80\xaf \xef\xbf\xbf \xf0\x80\x80\x80 \xc3",
    "]]> <!-- --> <![CDATA[ &amp; &#0;",
    std::string(300, 'W'),
    "\xE5\xA4\xA9\xE7\xA7\xA4 \xF0\x9F\x98\x80 \xD8\xB9\xD8\xB1\xD8\xA8\xD9\x8A\nline",
    "   ",
};

}  // namespace

TEST_CASE("bars are where their values are") {
  const SvgReader svg =
      read_svg(BarChart({"a", "b", "c"}, {.title = "T", .x_label = "rows"}).bars("", {10, 5, 0}).svg());
  const SvgElement area = area_of(svg);
  const auto bars = svg.all("rect", "d0");
  REQUIRE(bars.size() == 3);
  CHECK(bars[0].number("x") == area.number("x"));
  CHECK(bars[0].number("width") == area.number("width"));
  CHECK(bars[1].number("width") == Approx(area.number("width") / 2).margin(0.1));
  CHECK(bars[2].number("width") == 0);
  CHECK(bars[1].number("y") > bars[0].number("y") + bars[0].number("height"));
  CHECK(tick_x(svg, "4") == Approx(area.number("x") + 0.4 * area.number("width")).margin(0.11));
  CHECK(svg.elements()[2].text == "Bar chart of rows. a 10, b 5, c 0.");

  // Negative values are left of 0.
  const SvgReader signs = read_svg(BarChart({"a", "b"}).bars("", {-10, 10}).svg());
  const auto two = signs.all("rect", "d0");
  CHECK(two[0].number("x") + two[0].number("width") == Approx(two[1].number("x")).margin(0.1));
  CHECK(tick_x(signs, "0") == Approx(two[1].number("x")).margin(0.1));
}

TEST_CASE("bars on a logarithmic scale start at 0.5 for counts") {
  const SvgReader svg =
      read_svg(BarChart({"a", "b", "c", "d"}, {.x_scale = Scale::log}).bars("", {5000, 50, 1, 0}).svg());
  const SvgElement area = area_of(svg);
  const auto bars = svg.all("rect", "d0");
  REQUIRE(bars.size() == 3);  // 0 has none
  const double decade = area.number("width") / 4;
  CHECK(bars[0].number("width") == Approx(4 * decade).margin(0.1));
  CHECK(bars[1].number("width") == Approx(2 * decade).margin(0.1));
  CHECK(bars[2].number("width") == Approx(std::log10(2) * decade).margin(0.1));
  CHECK(has_text(svg, "5,000"));
  CHECK(has_text(svg, "0"));
  CHECK(tick_x(svg, "100") - tick_x(svg, "1") == Approx(2 * decade).margin(0.2));
}

TEST_CASE("series of bars, their legend and texts") {
  const SvgReader svg =
      read_svg(BarChart({"a", "b"}).bars("train", {3, 2}, {"3 of 9", "2 of 9"}).bars("test", {1, NaN}).svg());
  CHECK(svg.all("rect", "d0").size() == 3);  // and the mark
  CHECK(svg.all("rect", "d1").size() == 2);
  for (const char* text : {"train", "test", "3 of 9", "-"}) CHECK(has_text(svg, text));
  CHECK(svg.elements()[2].text == "Bar chart. train: a 3 of 9, b 2 of 9. test: a 1, b -.");
}

TEST_CASE("labels and texts of a narrow chart are whole") {
  const std::string label = "walking on flat ground without any load";
  const BarChart bars =
      BarChart({label, "b"}, {.width = 360}).bars("", {2, 1}, {"42,966 of 52,000 (83%)", "1"});
  const SvgReader svg = read_svg(bars.svg());
  for (const std::string& text : {label, std::string("42,966 of 52,000 (83%)")}) CHECK(has_text(svg, text));
  CHECK(svg.all("text", "halo").size() == 2);
  CHECK(svg.all("text", "halo")[1].number("y") < svg.all("rect", "d0")[1].number("y"));
  CHECK(svg.all("text", "halo")[1].number("y") >
        svg.all("rect", "d0")[0].number("y") + svg.all("rect", "d0")[0].number("height"));
  CHECK(area_of(svg).number("width") > 100);
}

TEST_CASE("dots, intervals and references of a dot plot") {
  const SvgReader svg = read_svg(DotPlot({"plain", "SMOTE"}, {.x_label = "AP", .x_limits = AxisLimits{0, 1}})
                                     .dots("", {0.5, 0.25}, {.low = {0.4, NaN}, .high = {0.75, 1}})
                                     .reference(0.5, "plain")
                                     .svg());
  const SvgElement area = area_of(svg);
  const double left = area.number("x");
  const double width = area.number("width");
  const auto dots = svg.all("circle", "d0");
  REQUIRE(dots.size() == 2);
  CHECK(dots[0].number("cx") == Approx(left + width / 2).margin(0.1));
  CHECK(dots[1].number("cx") == Approx(left + width / 4).margin(0.1));
  const auto lines = svg.all("path", "line");
  REQUIRE(lines.size() == 1);  // the interval without an end is not drawn
  const std::string path = lines[0].attribute("d");
  CHECK(std::stod(path.substr(1)) == Approx(left + 0.4 * width).margin(0.11));
  CHECK(std::stod(path.substr(path.find('H') + 1)) == Approx(left + 0.75 * width).margin(0.11));
  CHECK(has_text(svg, "0.500 [0.400, 0.750]"));
  CHECK(has_text(svg, "0.250"));
  CHECK(svg.all("path", "reference").size() == 2);  // and in the legend
  CHECK(svg.elements()[2].text == "Dot plot of AP. plain 0.500 [0.400, 0.750], SMOTE 0.250. plain at 0.500.");

  const SvgReader folds =
      read_svg(DotPlot({"a"}).dots("x", {2}, {.samples = {{1, 3, NaN}}}).dots("y", {2}).svg());
  CHECK_THAT(folds.all("path", "points").at(0).attribute("d"), ContainsSubstring("h0M"));
  CHECK(folds.all("circle", "d1").size() == 2);  // and in the legend
}

TEST_CASE("cells of a heat map") {
  const SvgReader svg = read_svg(HeatMap({"r0", "r1"}, {"c0", "c1", "c2"}, {0, 0.55, 1, NaN, 0.999, infinity},
                                         {.x_label = "x", .y_label = "y", .colour_label = "share"})
                                     .svg());
  const SvgElement area = area_of(svg);
  const auto last = svg.all("rect", "h9");
  REQUIRE(last.size() == 3);  // 1, 0.999 and the legend
  CHECK(last[0].number("x") == Approx(area.number("x") + 2 * area.number("width") / 3).margin(0.1));
  CHECK(last[0].number("y") == area.number("y"));
  CHECK(last[1].number("x") == Approx(area.number("x") + area.number("width") / 3).margin(0.1));
  CHECK(last[1].number("y") == Approx(area.number("y") + area.number("height") / 2).margin(0.1));
  CHECK(svg.all("rect", "h5").size() == 2);
  CHECK(svg.all("text", "inverse").size() == 3);
  for (const char* text : {"0", "0.550", "1", "-", "0.999", "r1", "c2", "share"}) CHECK(has_text(svg, text));

  // Limits; two lines of text, of which one is left out where cells are small.
  const HeatMapOptions percent = {.limits = AxisLimits{0, 100}, .texts = {"12\n100%"}};
  CHECK(read_svg(HeatMap({"a"}, {"b"}, {100}, percent).svg()).texts().size() == 4);
  std::vector<std::string> names(10, "n");
  const SvgReader small =
      read_svg(HeatMap(names, names, std::vector<double>(100, 1),
                       {.texts = std::vector<std::string>(100, "1,234,567\n5%"), .width = 300})
                   .svg());
  CHECK(has_text(small, "5%"));
  CHECK(!has_text(small, "1,234,567"));
  CHECK(small.all("title").at(1).text == "n, n: 1,234,567 5%");
}

TEST_CASE("long and many labels of a heat map") {
  std::vector<std::string> names = {"walking on flat ground without any load",
                                    "Donaudampfschifffahrtsgesellschaft", "sitting", "standing & <talking>"};
  const SvgReader turned = read_svg(HeatMap(names, names, std::vector<double>(16, 1)).svg());
  CHECK_THAT(turned.all("text", "ink").back().attribute("transform"), ContainsSubstring("rotate(-45"));
  bool has_whole_name = false;
  for (const SvgElement& title : turned.all("title"))
    has_whole_name = has_whole_name || title.text == names[0];
  CHECK(has_whole_name);
  const std::vector<std::string> many(200, "class with a long name");
  const std::string large = HeatMap(many, many, std::vector<double>(40000, 0), {.title = "large"}).svg();
  read_svg(large);
  CHECK(large.size() < 100000);
}

TEST_CASE("hostile texts and numbers in every chart") {
  const std::vector<double> numbers = {0, -1e308, 1e308, NaN, infinity, -infinity, 5e-324, 3};
  std::vector<double> cells;
  for (int i = 0; i < 8; ++i) cells.insert(cells.end(), numbers.begin(), numbers.end());
  for (const double width : {240., 400., 720.})
    for (const std::string& text : hostile) {
      LineChart lines({.title = text, .x_label = text, .y_label = text, .description = text, .width = width});
      for (const std::string& name : hostile)
        lines.line(name, numbers, numbers, {.steps = true, .markers = true});
      lines.scatter(text, numbers, numbers).band(numbers, numbers, numbers).reference(text, numbers, numbers);
      read_svg(lines.svg());
      for (const Scale scale : {Scale::linear, Scale::log}) {
        BarChart bars(hostile, {.title = text, .x_label = text, .x_scale = scale, .width = width});
        bars.bars(text, numbers).bars("b", {7, 7, 7, 7, 7, 7, 7, 7}, hostile);
        read_svg(bars.svg());
        DotPlot dots(hostile, {.title = text, .x_label = text, .x_scale = scale, .width = width});
        dots.dots(text, numbers, {.low = numbers, .high = numbers, .texts = hostile}).reference(1e308, text);
        read_svg(dots.svg());
      }
      HeatMapOptions look = {
          .title = text, .x_label = text, .y_label = text, .colour_label = text, .width = width};
      const SvgReader map = read_svg(HeatMap(hostile, hostile, cells, look).svg());
      CHECK(map.all("script").empty());
    }
}

TEST_CASE("no data, one value, equal values") {
  CHECK(has_text(read_svg(BarChart({}).svg()), "no data"));
  CHECK(has_text(read_svg(BarChart({"a"}).bars("", {NaN}).svg()), "no data"));
  CHECK(has_text(read_svg(BarChart({"a"}, {.x_scale = Scale::log}).bars("", {0}).svg()), "no data"));
  CHECK(has_text(read_svg(DotPlot({}).svg()), "no data"));
  CHECK(has_text(read_svg(DotPlot({"a"}).dots("", {infinity}).reference(1).svg()), "no data"));
  CHECK(has_text(read_svg(HeatMap({}, {}, {}).svg()), "no data"));
  CHECK(has_text(read_svg(HeatMap({"a"}, {}, {}).svg()), "no data"));
  read_svg(BarChart({"a"}).bars("", {0}).svg());
  CHECK(read_svg(DotPlot({"a"}).dots("", {0.5}).svg()).all("circle").size() == 1);
  CHECK(read_svg(HeatMap({"a"}, {"b"}, {5}).svg()).all("rect", "h0").size() == 1);
  CHECK(read_svg(ChartColumn().svg()).elements()[1].text == "Chart");
}

TEST_CASE("charts below each other, and several in one page") {
  const BarChart bars = BarChart({"a"}, {.title = "one", .width = 400}).bars("", {1});
  const HeatMap map({"a"}, {"b"}, {5}, {.title = "two", .width = 500});
  CHECK(read_svg(map.svg()).root().number("width") == 320);  // one column does not need more
  ChartColumn column;
  column.add(bars).add(map);
  const SvgReader svg = read_svg(ChartColumn().add(column).add(bars).svg());
  CHECK(svg.root().number("width") == 400);  // of the widest
  CHECK(svg.elements()[1].text == "one, two, one");
  CHECK(svg.elements()[2].text == "Bar chart. a 1. Heat map of 1 rows and 1 columns. Bar chart. a 1.");
  CHECK(svg.root().number("height") ==
        2 * read_svg(bars.svg()).root().number("height") + read_svg(map.svg()).root().number("height"));
  // Every rule of the style is for these images only.
  const std::string style = svg.all("style").at(0).text;
  for (std::size_t at = style.find('{'); at != std::string::npos; at = style.find('{', at + 1)) {
    const std::size_t begin = style.find_last_of("{}", at - 1) + 1;
    const std::string selector = style.substr(at == 0 ? 0 : begin, at - begin);
    CHECK((selector.rfind(".tenbin ", 0) == 0 || selector == "@media (prefers-color-scheme:dark)"));
  }
  CHECK(bars.svg() == BarChart(bars).svg());
  const ScratchDirectory scratch;
  map.save(scratch / "map.svg");
  CHECK(read_bytes(scratch / "map.svg") == map.svg());
}

TEST_CASE("arguments of charts that do not fit") {
  CHECK_THROWS_WITH(BarChart({}, {.width = 0}), "BarChart: expected a width of 240 to 4096 pixels, got 0");
  CHECK_THROWS_WITH(LineChart({.height = NaN}), "LineChart: expected a height of 80 to 4096 pixels, got nan");
  CHECK_THROWS_WITH(BarChart({"a", "b"}).bars("train", {1}),
                    "BarChart: train: expected 2 values, one of every label, got 1");
  CHECK_THROWS_WITH(BarChart({"a"}).bars("train", {1}, {"x", "y"}),
                    "BarChart: train: expected 1 texts, one of every label, got 2");
  CHECK_THROWS_WITH(DotPlot({"a"}).dots("AP", {1}, {.low = {1}}),
                    "DotPlot: AP: expected 1 high ends, one of every label, got 0");
  CHECK_THROWS_WITH(DotPlot({"a"}).reference(NaN), "DotPlot: reference: expected a finite value, got nan");
  CHECK_THROWS_WITH(DotPlot({}, {.x_limits = AxisLimits{1, 1}}),
                    "DotPlot: expected x_limits whose first is below the second, got 1 and 1");
  CHECK_THROWS_WITH(LineChart({.y_scale = Scale::log, .y_limits = AxisLimits{0, 1}}),
                    "LineChart: expected y_limits above 0 on a logarithmic scale, got 0 and 1");
  CHECK_THROWS_WITH(HeatMap({"a"}, {"b", "c"}, {1}), "HeatMap: expected 2 values, 1 rows of 2, got 1");
  CHECK_THROWS_WITH(HeatMap({"a"}, {"b"}, {1}, {.texts = {"x", "y"}}),
                    "HeatMap: expected 1 texts, one of every value, got 2");
  CHECK_THROWS_WITH(HeatMap(std::vector<std::string>(201), {"b"}, std::vector<double>(201)),
                    "HeatMap: expected at most 200 rows and columns, got 201 and 1");
}

TEST_CASE("texts of numbers, and texts in lines") {
  std::string values;
  for (const double value :
       {0., 3., -1234567., 0.5, 0.0595, 0.00123456, 0.00012, 12.3456, 1234.56, 1e15, NaN})
    values += detail::value_text(value) + ' ';
  CHECK(values == "0 3 -1,234,567 0.500 0.0595 0.00123 0.00012 12.3 1234.56 1e+15 - ");
  std::string shares;
  for (const double share : {0., 0.5, 0.994, 0.9999, 1., 0.0049, 0.00098, 1e-7, NaN})
    shares += detail::percent_text(share) + ' ';
  CHECK(shares == "0% 50% 99.4% 99.9% 100% 0.5% 0.1% <0.0001% - ");

  const auto lines = [](const std::string& text, double width) {
    std::string all;
    for (const std::string& line : detail::wrapped(text, width, 10, 3)) all += '[' + line + ']';
    return all;
  };
  CHECK(lines("", 50) == "");
  CHECK(lines("one two", 1000) == "[one two]");
  CHECK(lines("one two three", 30) == "[one][two][three]");
  CHECK(lines("one_two-three", 30) == "[one_][two-][three]");
  CHECK(lines("abcdefghijk", 32) == "[abcde][fghijk]");
  CHECK(lines("aa bb cc dd ee", 17) == "[aa][bb][c\xE2\x80\xA6]");
  CHECK(lines("abc", 1) == "[a][b][\xE2\x80\xA6]");
}

TEST_CASE("points of a line that do not change it are left out") {
  std::vector<detail::Point> straight;
  std::vector<detail::Point> zigzag;
  std::vector<detail::Point> circle;
  for (int i = 0; i < 1000; ++i) {
    straight.push_back({i * 0.5, 3 + i * 0.1});
    zigzag.push_back({i * 0.5, i % 2 * 1.0});
    circle.push_back({100 * std::sin(i * 0.00628), 100 * std::cos(i * 0.00628)});
  }
  CHECK(detail::thinned(straight).size() == 2);
  CHECK(detail::thinned(zigzag).size() == 1000);
  CHECK(detail::thinned(circle).size() > 40);
  CHECK(detail::thinned(circle).size() < 120);
  straight.resize(200);
  CHECK(detail::thinned(straight).size() == 200);  // few are left as they are
  // There and back.
  std::vector<detail::Point> back = zigzag;
  for (std::size_t i = 0; i < back.size(); ++i) back[i] = {static_cast<double>(i < 500 ? i : 1000 - i), 0};
  CHECK(detail::thinned(back).size() == 3);
}
