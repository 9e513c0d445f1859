// tenbin evaluate: tests a saved model on rows whose classes are known.
#include <iostream>

#include "tenbin/report/report.h"
#include "tenbin/tools/data.h"
#include "tenbin/tools/scores_output.h"

namespace tenbin::tools {

void evaluate(const EvaluateOptions& options) {
  const Predictor predictor = Predictor::load(options.model);
  const Table table = load_table(options.file, options.data);
  const Predictions predictions = predictor(table, transform_options(options.tolerance));
  print(predictions.warnings);
  const Assessment assessment(predictions, options.file);
  if (!options.report.empty()) {
    ReportOptions report;
    report.command = options.command;
    report.data_hash = Provenance::of(table).data_hash;
    save_report(options.report, predictor.bundle(), predictions, report);
  }
  if (options.json) return print(assessment.json());
  std::cout << assessment.text() << report_line(options.report);
}

}  // namespace tenbin::tools
