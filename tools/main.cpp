// The `tenbin` command: what is on its command line, and what its exit code means.
//
//     0: done    1: an error of data or files    2: a mistake in the command line    130: Ctrl-C    143:
//     SIGTERM
//
// CLI11 is included here only, since it takes long to compile.
#include <CLI/CLI.hpp>
#include <charconv>
#include <exception>
#include <iostream>
#include <optional>

#include "tenbin/core/error.h"
#include "tenbin/datasets/detail/parse_number.h"
#include "tenbin/datasets/text_table.h"
#include "tenbin/tools/commands.h"
#include "tenbin/tools/data.h"
#include "tenbin/tools/interrupt.h"

using namespace tenbin::tools;

namespace {

// Numbers that an option may have. CLI::Range names the largest number, too, and "-1" wraps around.
CLI::Validator at_least(std::uint64_t smallest) {
  return CLI::Validator(
      [smallest](const std::string& text) {
        std::uint64_t number = 0;
        const char* const end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, number);
        if (error == std::errc{} && stop == end && number >= smallest) return std::string();
        return "expected a whole number of at least " + std::to_string(smallest) + ", got " + text;
      },
      "");
}

CLI::Validator share(bool with_ends) {
  return CLI::Validator(
      [with_ends](const std::string& text) {
        const std::optional<double> number = tenbin::detail::to_number(text);
        if (number && (with_ends ? *number >= 0 && *number <= 1 : *number > 0 && *number < 1))
          return std::string();
        return std::string("expected a number ") + (with_ends ? "from 0 to 1" : "between 0 and 1") +
               ", got " + text;
      },
      "");
}

// An option that can be given several times, with one value each. CLI11 would write "NAMES ...", as if the
// values were separate arguments.
CLI::Option* add_list(CLI::App* command, const std::string& name, std::vector<std::string>& values,
                      const std::string& about) {
  return command->add_option(name, values, about + std::string("; may be repeated"))
      ->allow_extra_args(false)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("NAMES");
}

void add_json(CLI::App* command, bool& json) {
  command->add_flag("--json", json, "print the result as JSON");
}

void add_file(CLI::App* command, std::string& file) {
  command->add_option("FILE", file, "CSV or ARFF file, plain or compressed with gzip")
      ->required()
      ->type_name("");
}

void add_model(CLI::App* command, std::string& model) {
  command->add_option("MODEL", model, "what `tenbin train` has saved")->required()->type_name("");
}

void add_format(CLI::App* command, DataOptions& data) {
  command->add_option("--delimiter", data.delimiter, "between fields: ; or tab (default: guessed)")
      ->type_name("CHARACTER");
  command->add_option("--decimal", data.decimal, "the decimal point of the file")
      ->type_name("CHARACTER")
      ->capture_default_str();
  command->add_flag("--no-header", data.no_header, "the first line is data; columns are named 0, 1, ...");
  add_list(command, "--missing", data.missing, "another text that stands for a missing value, such as -999")
      ->type_name("TEXT");
}

void add_label(CLI::App* command, DataOptions& data) {
  command->add_option("--label", data.label, "the column with the classes: its name or its number, from 0")
      ->type_name("NAME");
  command->add_option("--positive", data.positive, "the class of interest of two (default: the rarer text)")
      ->type_name("CLASS");
  command->add_flag("--many-classes", data.many_classes, "a label of more than 100 numbers is no quantity");
}

void add_training_data(CLI::App* command, DataOptions& data, ColumnOptions& columns) {
  add_label(command, data);
  add_list(command, "--drop", columns.drop, "columns to leave out: a,b");
  add_list(command, "--keep", columns.keep, "columns that are features, though they look useless: a,b");
  add_list(command, "--dates", columns.dates, "a column of dates, with its parts: when=hour,weekday,month")
      ->type_name("NAME[=PARTS]");
  command
      ->add_option("--date-format", columns.date_format, "of --dates that are not in ISO 8601, as %d.%m.%Y")
      ->type_name("FORMAT");
  add_format(command, data);
}

void add_tolerance(CLI::App* command, ToleranceOptions& tolerance) {
  const auto add = [&](const char* name, std::string& value, const char* about) {
    command->add_option(name, value, about)
        ->type_name("")
        ->check(CLI::IsMember({"error", "missing"}))
        ->capture_default_str();
  };
  add("--missing-columns", tolerance.missing_columns, "columns that the file lacks: error or missing values");
  add("--unreadable", tolerance.unreadable, "texts that are no numbers: error or missing values");
  add("--invalid-dates", tolerance.invalid_dates, "texts that are no dates: error or missing values");
}

// `run` is called if the command was given.
template <class Options>
void finish(CLI::App* command, const Options& options, void (*run)(const Options&),
            const std::string& example) {
  command->footer("\nExample:\n  " + example);
  command->callback([&options, run] { run(options); });
}

void add_describe(CLI::App& app, DescribeOptions& options) {
  CLI::App* command =
      app.add_subcommand("describe", "Shows what is in a file, and what is suspicious about it");
  add_file(command, options.file);
  add_label(command, options.data);
  add_format(command, options.data);
  add_json(command, options.json);
  finish(command, options, describe, "tenbin describe fraud.csv --label class");
}

void add_compare(CLI::App& app, CompareOptions& options) {
  CLI::App* command = app.add_subcommand(
      "compare", "Compares methods against class imbalance on your file, and writes a report");
  add_file(command, options.file);
  command->add_option("--test", options.test, "test on this file instead of cross-validation")
      ->type_name("FILE");
  add_training_data(command, options.data, options.columns);
  add_list(command, "--methods", options.methods, "methods to compare: plain,SMOTE (default: all)");
  command->add_option("--baseline", options.baseline, "the method that the others are compared with")
      ->type_name("NAME")
      ->capture_default_str();
  command->add_option("--folds", options.folds, "of the cross-validation")
      ->check(at_least(2))
      ->capture_default_str();
  command->add_option("--repeats", options.repeats, "of the cross-validation")
      ->check(at_least(1))
      ->capture_default_str();
  command->add_option("--inner-folds", options.inner_folds, "on which settings are chosen")
      ->check(at_least(2))
      ->capture_default_str();
  command->add_option("--epochs", options.max_epochs, "most passes over the training rows")
      ->check(at_least(1))
      ->capture_default_str();
  command->add_option("--false-alarms", options.false_alarms, "share of negative rows that may be alarms")
      ->check(share(true))
      ->capture_default_str();
  command->add_option("--resamples", options.resamples, "of the bootstrap; 0: no intervals")
      ->check(at_least(0))
      ->capture_default_str();
  command->add_flag("--untuned", options.untuned, "do not choose the methods' own settings");
  command->add_option("--seed", options.seed, "of folds, weights and samplers")
      ->check(at_least(0))
      ->capture_default_str();
  command->add_option("--device", options.device, "cpu, cuda or cuda:1")->capture_default_str();
  command->add_option("--out", options.out, "folder for report.html, comparison.json and comparison.csv")
      ->type_name("FOLDER");
  command->add_flag("--restart", options.restart, "do not go on from what is in the folder");
  add_json(command, options.json);
  finish(command, options, compare, "tenbin compare fraud.csv --label class --repeats 1");
}

void add_train(CLI::App& app, TrainOptions& options) {
  CLI::App* command = app.add_subcommand("train", "Trains a model, tests it on rows held out, and saves it");
  add_file(command, options.file);
  command->add_option("--test", options.test, "test on this file, train on all rows of FILE")
      ->type_name("FILE");
  add_training_data(command, options.data, options.columns);
  CLI::Option* method =
      command->add_option("--method", options.method, "one of the methods of `tenbin compare`")
          ->type_name("NAME");
  command->add_option("--comparison", options.comparison, "the best method of this comparison.json")
      ->type_name("FILE")
      ->excludes(method);
  command->add_option("--best-by", options.best_by, "the metric that makes it the best")
      ->type_name("METRIC")
      ->capture_default_str();
  command
      ->add_option("--objective", options.objective,
                   "of the threshold: \"recall >= 0.9\", \"precision >= 0.5\", \"fpr <= 0.01\", "
                   "\"alarms <= 0.005\", f1, f2, \"balanced accuracy\", g-mean, \"cost 1:50\"")
      ->type_name("TEXT");
  command->add_option("--test-share", options.test_share, "share of the rows held out")
      ->check(share(false))
      ->capture_default_str();
  command->add_option("--epochs", options.max_epochs, "most passes over the training rows")
      ->check(at_least(1))
      ->capture_default_str();
  command->add_flag("--untuned", options.untuned, "do not choose the method's own settings");
  command->add_option("--seed", options.seed, "of the split, weights and samplers")
      ->check(at_least(0))
      ->capture_default_str();
  command->add_option("--device", options.device, "cpu, cuda or cuda:1")->capture_default_str();
  command->add_option("--out", options.out, "the model")->type_name("FILE")->capture_default_str();
  command->add_option("--report", options.report, "an HTML report of the test")->type_name("FILE");
  add_json(command, options.json);
  finish(command, options, train,
         "tenbin train fraud.csv --label class --objective \"recall >= 0.9\" --out fraud.npz");
}

void add_predict(CLI::App& app, PredictOptions& options) {
  CLI::App* command =
      app.add_subcommand("predict", "Writes decisions and probabilities for the rows of a file");
  add_model(command, options.model);
  add_file(command, options.file);
  command->add_option("--out", options.out, "a CSV file (default: standard output)")->type_name("FILE");
  CLI::Option* keep = add_list(command, "--keep", options.keep,
                               "columns to copy (default: those that the model does not read)");
  command->add_flag("--keep-nothing", options.keep_nothing, "copy no columns")->excludes(keep);
  add_tolerance(command, options.tolerance);
  add_format(command, options.data);
  add_json(command, options.json);
  finish(command, options, predict, "tenbin predict fraud.npz tomorrow.csv --out decisions.csv");
}

void add_evaluate(CLI::App& app, EvaluateOptions& options) {
  CLI::App* command = app.add_subcommand("evaluate", "Tests a saved model on rows whose classes are known");
  add_model(command, options.model);
  add_file(command, options.file);
  add_tolerance(command, options.tolerance);
  add_format(command, options.data);
  command->add_option("--report", options.report, "an HTML report of the test")->type_name("FILE");
  add_json(command, options.json);
  finish(command, options, evaluate, "tenbin evaluate fraud.npz september.csv");
}

void add_export(CLI::App& app, ExportOptions& options) {
  CLI::App* command = app.add_subcommand("export", "Writes a model for other programs: ONNX or safetensors");
  add_model(command, options.model);
  command->add_option("--to", options.to, "model.onnx: all of it; model.safetensors: the weights")
      ->required()
      ->type_name("FILE");
  add_json(command, options.json);
  finish(command, options, export_model, "tenbin export fraud.npz --to fraud.onnx");
}

std::string command_line(int argc, char** argv) {
  std::string text = "tenbin";
  for (int i = 1; i < argc; ++i) text += ' ' + shell_word(argv[i]);
  return text;
}

// Messages of the library name what a program would set; here are the options of the command line.
std::string in_words_of_the_command_line(std::string text) {
  const std::pair<std::string, std::string> words[] = {
      {"`.missing_columns = Unknown::missing`", "`--missing-columns missing`"},
      {"`.unreadable = Unknown::missing`", "`--unreadable missing`"},
      {"`.invalid_dates = Unknown::missing`", "`--invalid-dates missing`"},
      {"pass `.format` for another form", "--date-format names another form"},
  };
  for (const auto& [library, option] : words) {
    const std::size_t at = text.find(library);
    if (at != std::string::npos) text.replace(at, library.size(), option);
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app("Classifiers for imbalanced data: compares the remedies, trains, predicts.", "tenbin");
  app.set_version_flag("--version", "tenbin " TENBIN_VERSION);
  app.require_subcommand(1);
  app.footer(
      "\n`tenbin COMMAND --help` lists the options of a command, with an example.\n\n"
      "Exit codes: 0 done, 1 an error of data or files, 2 a mistake in the command line,\n"
      "130 stopped by Ctrl-C, 143 by SIGTERM.");
  DescribeOptions describe_options;
  CompareOptions compare_options;
  TrainOptions train_options;
  PredictOptions predict_options;
  EvaluateOptions evaluate_options;
  ExportOptions export_options;
  compare_options.command = train_options.command = evaluate_options.command = command_line(argc, argv);
  add_describe(app, describe_options);
  add_compare(app, compare_options);
  add_train(app, train_options);
  add_predict(app, predict_options);
  add_evaluate(app, evaluate_options);
  add_export(app, export_options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (!std::cout.flush()) throw tenbin::Error("standard output: cannot write");
  return 0;
} catch (const UsageError& error) {
  std::cerr << "tenbin: " << tenbin::detail::escaped(error.what()) << '\n';
  return 2;
} catch (const Interrupted&) {
  exit_interrupted();
} catch (const std::exception& error) {
  std::cerr << "tenbin: " << tenbin::detail::escaped(in_words_of_the_command_line(error.what())) << '\n';
  return 1;
}
