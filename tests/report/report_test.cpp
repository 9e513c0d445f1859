// Reports: what they say, that nothing from the data becomes markup, and that the HTML is well-formed.
#include "tenbin/report/report.h"

#include <set>

#include "tenbin/report/detail/wording.h"
#include "tenbin/report/next_steps.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/report/sample.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

const std::string hostile = "<script>alert(1)</script> \"q\" & 'x' \xF0\x9F\x92\xB8";
const std::string escaped = "&lt;script&gt;alert(1)&lt;/script&gt; &quot;q&quot; &amp; 'x' \xF0\x9F\x92\xB8";

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

bool has(const std::string& html, const std::string& part) { return html.find(part) != std::string::npos; }

// The part, if the page does not have it.
std::string missing(const std::string& html, const std::string& part) { return has(html, part) ? "" : part; }

std::string attribute_of(const std::string& tag, const std::string& name) {
  const std::size_t at = tag.find(' ' + name + "=\"");
  if (at == std::string::npos) return "";
  const std::size_t begin = at + name.size() + 3;
  return tag.substr(begin, tag.find('"', begin) - begin);
}

// Reads a page tag by tag. Its first problem, or nothing.
std::string problem_of(const std::string& html) {
  if (html.rfind("<!DOCTYPE html>\n<html lang=\"en\">", 0) != 0) return "the head";
  std::vector<std::string> open;
  std::set<std::string> ids, targets;
  int heading = 0, h1 = 0;
  for (std::size_t at = html.find('<', 1); at != std::string::npos; at = html.find('<', at + 1)) {
    const std::size_t end = html.find('>', at);
    if (end == std::string::npos) return "a tag without end";
    const std::string tag = html.substr(at + 1, end - at - 1);
    const std::string name = tag.substr(0, tag.find_first_of(" />", 1));
    if (tag[0] == '/') {
      if (open.empty() || '/' + open.back() != tag)
        return "</" + tag + "> after <" + (open.empty() ? "" : open.back());
      open.pop_back();
      continue;
    }
    if (count(tag, "\"") % 2 != 0) return "an attribute of " + tag;
    for (const std::string forbidden : {"script", "link", "img", "iframe", "object", "base"})
      if (name == forbidden) return "<" + tag + ">";
    for (const std::string forbidden : {"src", "style", "onload", "onclick"})
      if (!attribute_of(tag, forbidden).empty()) return "<" + tag + ">";
    const std::string id = attribute_of(tag, "id");
    if (!id.empty() && !ids.insert(id).second) return "two ids " + id;
    const std::string href = attribute_of(tag, "href");
    if (!href.empty()) {
      if (href[0] != '#') return "a link to " + href;
      targets.insert(href.substr(1));
    }
    if (name.size() == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6') {
      if (name[1] - '0' > heading + 1) return "a heading is left out before " + html.substr(at, 60);
      heading = name[1] - '0';
      if (heading == 1) ++h1;
    }
    if (name == "th" && attribute_of(tag, "scope").empty()) return "a th without scope";
    if (tag.back() != '/' && name != "meta") open.push_back(name);
  }
  if (!open.empty()) return "<" + open.back() + "> stays open";
  if (h1 != 1) return "h1";
  for (const std::string& target : targets)
    if (ids.count(target) == 0) return "no id " + target;
  if (count(html, "<table>") != count(html, "<caption>")) return "a table without a caption";
  for (const std::string forbidden : {"@import", "url(", "http://", "https://", "nan", "inf%"}) {
    std::string rest = html;
    const std::string name_space = "http://www.w3.org/2000/svg";
    for (std::size_t at = rest.find(name_space); at != std::string::npos; at = rest.find(name_space))
      rest.erase(at, name_space.size());
    if (rest.find(forbidden) != std::string::npos)
      return "it has " + rest.substr(rest.find(forbidden) - 30, 60);
  }
  return "";
}

std::vector<SampleMethod> some_methods() {
  return {{"plain", 0.3, 0.6, 0.1, 0.01},
          {"majority", 0.05, 0.5, 0, 0},
          {"logistic regression", 0.25, 0.6, 0.1, 0.01},
          {"SMOTE", 0.32, 0.7, 0.74, 0.12}};
}

TableDescription description_of(const std::string& name) {
  TableDescription table;
  table.source = "sample.csv";
  table.rows = 1000;
  table.columns = 2;
  table.duplicate_rows = 12;
  ColumnDescription column;
  column.name = name;
  column.min = column.median = 1;
  column.mean = 2;
  column.max = 1234;
  column.distinct = 500;
  table.column = {column};
  table.warnings = {{TableProblem::identifier, name, '"' + name + "\" looks like an identifier"}};
  return table;
}

}  // namespace

TEST_CASE("a report of a comparison has the data, the counts, the marks and the commands") {
  ComparisonResult result = sample_result(some_methods(), {.classes = {"legit", "fraud"}});
  result.methods.push_back(left_out_method("SMOTE-NC", "there are no categorical columns"));
  result.left_out_columns = {"\"id\" (an identifier)"};
  const std::string html = html_report(result, {.title = "My report",
                                                .description = description_of("amount"),
                                                .command = "tenbin compare sample.csv",
                                                .data_hash = "0123456789abcdef"});
  CHECK(problem_of(html) == "");
  CHECK(count(html, "<h1>My report</h1>") == 1);
  for (const std::string part : {
           "<th scope=\"row\" class=\"text\">fraud</th>\n<td>50</td>\n<td>5.0%</td>",  // class, rows, share
           "<td>37 of 50</td>\n<td>74.0% [60.4%, 84.1%]</td>\n<td>114</td>\n<td>12.0%</td>\n<td>37 of 151 "
           "(24.5%)</td>",
           "<td>no alarms</td>",
           "12 rows equal an earlier one",
           "&quot;amount&quot; looks like an identifier",
           "SMOTE-NC: there are no categorical columns",
           "&quot;id&quot; (an identifier)",
           "<pre><code>tenbin compare sample.csv</code>\n</pre>",
           "<dd>0123456789abcdef</dd>",
           "<dt>Version</dt>\n<dd>tenbin ",
           "<dt>Seed</dt>\n<dd>7</dd>",
           "Leak check: passed",
           "<span class=\"better\">+<span class=\"hidden\"> better</span></span>",
           "<span class=\"worse\">\u2212<span class=\"hidden\"> worse</span></span>",
           "Holm's correction",
       })
    CHECK(missing(html, part) == "");
  CHECK(has(html, "1 to 1,234, mean 2"));
  CHECK(html == html_report(result, {.title = "My report",
                                     .description = description_of("amount"),
                                     .command = "tenbin compare sample.csv",
                                     .data_hash = "0123456789abcdef"}));
}

TEST_CASE("no name from the data becomes markup") {
  std::vector<SampleMethod> methods = some_methods();
  methods[3].name = hostile;
  ComparisonResult result = sample_result(methods, {.classes = {"legit", hostile}, .source = hostile});
  result.label = hostile;
  result.left_out_columns = {hostile};
  result.methods.push_back(left_out_method(hostile + "2", hostile));
  result.leak_check.steps.push_back({hostile, 1, 0, 0});
  const ReportOptions options{.title = hostile, .description = description_of(hostile), .command = hostile};
  Predictions test = sample_predictions({"legit", hostile}, {950, 50});
  test.warnings.push_back({hostile, TransformWarning::Kind::extra_column, "", 0, 1, hostile});
  for (const std::string& html :
       {html_report(result, options), html_report(sample_bundle(test.classes), test, options)}) {
    CHECK(problem_of(html) == "");
    CHECK(count(html, "<script") == 0);
    CHECK(has(html, "<h1>" + escaped + "</h1>"));
    CHECK(has(html, "<title>" + escaped + "</title>"));
    CHECK(has(html, "<code>" + escaped + "</code>"));
    CHECK(has(html, "<th scope=\"row\" class=\"text\">" + escaped + "</th>"));
    CHECK(has(html, "<li>" + escaped + "</li>"));
  }
}

TEST_CASE("reports of many classes, of one split and of numbers that are not defined are well-formed") {
  CHECK(problem_of(html_report(sample_result(some_methods(), {.counts = {500, 90, 60, 30, 20, 10, 4, 3}}))) ==
        "");
  CHECK(problem_of(html_report(sample_result({{"plain", 0.5, 0.5}}))) == "");

  ComparisonResult split = sample_result(some_methods(), {.folds = 1});
  const std::string one = html_report(split);
  CHECK(problem_of(one) == "");
  CHECK(has(one, "A single split has no test of differences"));

  for (MethodResult& method : split.methods)  // without the class in the test rows, and without intervals
    for (std::vector<double>& values : method.values) values[0] = std::nan("");
  std::fill_n(split.t.data<std::int32_t>(), split.t.size(), 0);
  for (MethodResult& method : split.methods) method.average_precision = method.recall_at_fpr = {};
  const std::string undefined = html_report(split);
  CHECK(problem_of(undefined) == "");
  CHECK(has(undefined, "there are no curves"));
  CHECK(has(undefined, "There are none: no fold has test rows of &quot;class 1&quot; and of another class."));

  ComparisonResult leaking = sample_result(some_methods());
  leaking.leak_check.steps[1].test_rows = 3;
  CHECK(has(html_report(leaking), "Leak check: failed"));

  std::vector<std::size_t> counts(250, 3);
  counts[0] = 1000;
  CHECK(problem_of(html_report(sample_result({some_methods()[0], some_methods()[3]}, {.counts = counts}))) ==
        "");
}

TEST_CASE("a report without a bootstrap has no intervals, of folds nor of one split") {
  for (const std::size_t folds : {1, 5}) {
    ComparisonResult result = sample_result(some_methods(), {.folds = folds});
    const std::string with = html_report(result);
    CHECK(has(with, "<h3>Intervals of &quot;class 1&quot; against the rest</h3>"));
    CHECK(has(with, "on the test rows, with its 95% bootstrap interval.") == (folds == 1));
    for (MethodResult& method : result.methods)
      for (PooledMetric* metric : {&method.average_precision, &method.recall_at_fpr})
        for (BootstrapValue* value : {&metric->value, &metric->difference})
          value->low = value->high = std::nan("");
    const std::string without = html_report(result);
    CHECK(problem_of(without) == "");
    CHECK_FALSE(has(without, "bootstrap interval."));
    CHECK_FALSE(has(without, "Intervals of"));
    CHECK(has(without, "on the test rows.</figcaption>") == (folds == 1));
    if (folds == 1) CHECK(count(without, "<path class=\"line c0\"") < count(with, "<path class=\"line c0\""));
  }
}

TEST_CASE("a report of two files has the counts of both") {
  ComparisonResult result = sample_result(some_methods(), {.folds = 1});
  result.test_source = "later.csv";
  result.test_class_counts = {190, 10};
  const std::string html = html_report(result);
  CHECK(problem_of(html) == "");
  for (const std::string part : {"<dt>Test file</dt>\n<dd>later.csv</dd>",
                                 "<dt>Rows</dt>\n<dd>800 for training, 200 for the test</dd>",
                                 "<caption>Classes for training</caption>",
                                 "<th scope=\"row\" class=\"text\">class 1</th>\n<td>40</td>",
                                 "<caption>Classes of the test file</caption>",
                                 "<th scope=\"row\" class=\"text\">class 1</th>\n<td>10</td>"})
    CHECK(missing(html, part) == "");
}

TEST_CASE("a report of a model has its scores, counts and parts") {
  const Predictions test = sample_predictions({"legit", "fraud"}, {950, 50});
  const Bundle bundle = sample_bundle(test.classes);
  const std::string html = html_report(bundle, test);
  CHECK(problem_of(html) == "");
  for (const std::string part :
       {"<td>37 of 50</td>\n<td>74.0% [60.4%, 84.1%]</td>\n<td>95</td>\n<td>37 of 132</td>",
        "MLP(sizes [4, 3, 2]", "from a probability of 0.3 on", "<dd>0123456789abcdef</dd>",
        "<dt>epochs</dt>\n<dd>20</dd>", "<dt>Parameters</dt>\n<dd>23</dd>"})
    CHECK(missing(html, part) == "");

  const Predictions several = sample_predictions({"a", "b", "c"}, {500, 100, 20});
  CHECK(problem_of(html_report(sample_bundle(several.classes), several)) == "");
  CHECK(problem_of(html_report(bundle, sample_predictions({"legit", "fraud"}, {100, 0}))) == "");

  // The positive class may be the first one: then it has the precision of 38 of 855 + 38 ... of its own
  // alarms.
  Bundle other = sample_bundle(test.classes);
  other.decision = Decision(0.3, 0);
  CHECK(has(html_report(other, test), "the first ones are of &quot;legit&quot;"));
  const double precision = 855.0 / (855 + 13);
  CHECK(has(html_report(other, test), "The share of the alarms that are right.</td>\n<td>" +
                                          std::to_string(std::lround(1000 * precision) / 10) + "."));
}

TEST_CASE("a report of a model refuses what it cannot describe") {
  const Bundle bundle = sample_bundle({"legit", "fraud"});
  Predictions test = sample_predictions({"a", "b"}, {10, 10});
  CHECK_THROWS_WITH(html_report(bundle, test),
                    "html_report: expected predictions of the classes legit, fraud, got a, b");
  test.classes = bundle.classes;
  test.t = {};
  CHECK_THROWS_WITH(html_report(bundle, test), "html_report: expected test rows with labels, got 20 without");
  CHECK_THROWS_WITH(html_report(bundle, Predictions{}), "html_report: expected test rows, got none");
  CHECK_THROWS_WITH(next_steps(bundle, Predictions{}), "next_steps: expected test rows, got none");
}

TEST_CASE("numbers in a report") {
  CHECK(detail::decimal_of(-1.26, 1) == "\u22121.3");
  CHECK(detail::decimal_of(-0.04, 1) == "0.0");
  CHECK(detail::decimal_of(std::nan(""), 1) == "-");
  CHECK(detail::percent_of(0.1689) == "16.9%");
  CHECK(detail::percent_of(0) == "0.0%");
  CHECK(detail::percent_of(0.0004) == "<0.1%");
  CHECK(detail::percent_of(0.9999) == ">99.9%");
  CHECK(detail::percent_of(1) == "100.0%");
  CHECK(detail::p_value_of(0.0004) == "p < 0.001");
  CHECK(detail::share_with_interval(0, 0) == "-");
}

TEST_CASE("the interval of a difference over the folds") {
  ComparisonResult result = sample_result(some_methods());
  result.folds.assign(5, FoldResult{800, 200, {}, {}, {}});
  const std::size_t m = metric_index("average_precision");
  result.methods[0].values[m] = {0, 0, 0, 0, 0};
  result.methods[3].values[m] = {1, 2, 3, 4, 5};
  const auto difference =
      detail::paired_difference(result, result.methods[3], result.methods[0], "average_precision");
  // 3 -+ t sqrt((1/5 + 1/4) 2.5), t = 2.776445 of four degrees of freedom.
  CHECK(difference.mean == 3);
  CHECK(difference.low == Approx(3 - 2.776445 * std::sqrt(0.45 * 2.5)).margin(1e-5));
  CHECK(difference.high == Approx(3 + 2.776445 * std::sqrt(0.45 * 2.5)).epsilon(1e-6));
  CHECK(difference.p_value == Approx(student_t_p_value(3 / std::sqrt(0.45 * 2.5), 4)));
}

TEST_CASE("save_report writes the page") {
  const ScratchDirectory folder;
  const ComparisonResult result = sample_result(some_methods());
  save_report(folder / "a.html", result);
  CHECK(read_bytes(folder / "a.html") == html_report(result));
  const Predictions test = sample_predictions({"legit", "fraud"}, {950, 50});
  save_report(folder / "a.html", sample_bundle(test.classes), test);
  CHECK(read_bytes(folder / "a.html") == html_report(sample_bundle(test.classes), test));
  CHECK_THROWS_WITH(save_report(folder / "b/a.html", result), ContainsSubstring("b/a.html"));
}
