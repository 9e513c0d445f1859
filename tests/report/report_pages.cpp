// Writes the reports that report_in_browser.sh opens into a folder.
#include <iostream>

#include "tenbin/report/report.h"
#include "tenbin/tests/report/sample.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

const std::string hostile = "<script>console.error('markup')</script> \"quoted\" & 'x' \xF0\x9F\x92\xB8";
const std::string unbroken(120, 'w');

std::vector<SampleMethod> many_methods() {
  const std::vector<std::string> names = {"plain",         "majority",         "logistic regression",
                                          "focal loss",    "class weights",    "weights + prior correction",
                                          "SMOTE",         "LDAM-DRW",         "post-hoc logit adjustment",
                                          "over-sampling", "balanced softmax", hostile};
  std::vector<SampleMethod> methods;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const double step = 0.02 * static_cast<double>(i);
    methods.push_back({names[i], 0.3 + step, 0.6 + step, 0.4 + step, 0.05 + step / 4});
  }
  return methods;
}

TableDescription description() {
  TableDescription table;
  table.source = hostile;
  table.rows = 1000;
  table.columns = 4;
  table.duplicate_rows = 3;
  for (const std::string& name : {std::string("amount"), hostile, unbroken}) {
    ColumnDescription column;
    column.name = name;
    column.kind = ColumnKind::categorical;
    column.distinct = 5;
    column.top = {{hostile, 10}, {unbroken, 5}};
    table.column.push_back(column);
  }
  table.warnings = {{TableProblem::identifier, hostile, hostile + " looks like an identifier"}};
  return table;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string folder = argc > 1 ? argv[1] : ".";
  const ReportOptions options{
      .description = description(), .command = "tenbin compare " + unbroken + ".csv", .data_hash = "0123"};
  SampleOptions two{.classes = {"legit", hostile}, .source = hostile};
  save_report(folder + "/two.html", sample_result(many_methods(), two), options);
  SampleOptions many{.counts = {900, 200, 100, 90, 80, 70, 50, 20},
                     .classes = {"walking", unbroken, hostile}};
  save_report(folder + "/many.html", sample_result(many_methods(), many));
  save_report(folder + "/split.html", sample_result(many_methods(), {.folds = 1}));
  Predictions test = sample_predictions({"legit", hostile}, {950, 50});
  test.warnings.push_back({hostile, TransformWarning::Kind::extra_column, "", 0, 1, hostile + " is ignored"});
  save_report(folder + "/model.html", sample_bundle(test.classes), test, options);
  const Predictions several = sample_predictions({unbroken, "b", hostile}, {500, 100, 20});
  save_report(folder + "/classes.html", sample_bundle(several.classes), several);
} catch (const Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
