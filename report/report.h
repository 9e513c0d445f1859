// Reports of a comparison and of a trained model: one HTML file with tables and charts.
#pragma once

#include <optional>
#include <string>

#include "tenbin/bundle/predictor.h"
#include "tenbin/comparison/result.h"
#include "tenbin/datasets/table_description.h"

namespace tenbin {

struct ReportOptions {
  std::string title = {};                            ///< empty: the kind of report and the data
  std::optional<TableDescription> description = {};  ///< of the data, for its columns and warnings
  std::string command = {};                          ///< that makes the same result again
  std::string data_hash = {};                        ///< `Provenance::of(table).data_hash`
};

/// The report of a comparison as one file of HTML, which loads nothing else and has no scripts: what the data
/// are, every method in tables and charts, the counts behind the shares, what was chosen, the leak check,
/// what to do next (`next_steps`) and how to do it again. Browsers show it light or dark, and print it. All
/// names are escaped. The same arguments give the same bytes. Errors: no method but the majority was
/// possible.
///
///     save_report("report.html", compare(table), {.description = describe(table)});
std::string html_report(const ComparisonResult& result, const ReportOptions& options = {});

/// The report of a trained model on test rows, which must not be those that it was trained or tuned on.
/// Errors: the test rows have no labels; there are none; other classes than the bundle's.
///
///     const Predictor model = Predictor::load("fraud.npz");
///     save_report("fraud.html", model.bundle(), model(test));
std::string html_report(const Bundle& bundle, const Predictions& test, const ReportOptions& options = {});

/// Writes the report to a file, which is replaced atomically. Errors: those of `html_report` and of
/// OutputFile.
void save_report(const std::string& path, const ComparisonResult& result, const ReportOptions& options = {});
void save_report(const std::string& path, const Bundle& bundle, const Predictions& test,
                 const ReportOptions& options = {});

}  // namespace tenbin
