#include "tenbin/preprocessing/auto_pipeline.h"

#include <limits>

#include "tenbin/datasets/csv.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

using Names = std::vector<std::string>;

// 120 rows with a column for every decision.
Table payments() {
  std::string text = "id,when,day,amount,country,comment,empty,same,leak,class\n";
  for (int i = 0; i < 120; ++i) {
    const std::string n = std::to_string(i), day = std::to_string(10 + i % 20);
    const bool fraud = i % 10 == 3;
    text += std::to_string(1000 + i) + ",2026-01-" + day + " 0" + std::to_string(i % 9) + ":30:00,2026-03-" +
            day + ',' + (i % 7 == 0 ? "" : std::to_string(0.5 + i * i % 13)) + ',' +
            (i % 3 == 0 ? "DE" : "FR") + ",text " + n + ",,7," + (fraud ? "9.5" : "1.5") + ',' +
            (fraud ? "fraud" : "legit") + '\n';
  }
  const ScratchDirectory directory;
  write_bytes(directory / "p.csv", text);
  Table table = load_csv(directory / "p.csv", {.label = "class"});
  return Table(table.columns(), 9, "p.csv");
}

Names features(const AutoPipeline& automatic, const Table& table) {
  TablePipeline pipeline = automatic.pipeline;
  return pipeline.fit(table).feature_names();
}

Names texts(const AutoPipeline& automatic) {
  Names all;
  for (const ColumnNote& note : automatic.notes) all.push_back(note.text);
  return all;
}

}  // namespace

TEST_CASE("auto_pipeline leaves out what is useless and says why") {
  const Table table = payments();
  const AutoPipeline automatic = auto_pipeline(table);
  CHECK(features(automatic, table) ==
        Names{"when_hour", "when_weekday", "day_weekday", "amount", "country_DE", "country_FR", "leak"});
  CHECK(
      texts(automatic) ==
      Names{
          R"("id" looks like a row number, an identifier or a time: whole numbers that rise from row to row)",
          R"("when" has dates, which become hour, weekday)", R"("day" has dates, which become weekday)",
          R"("comment" looks like an identifier or free text: 120 different values in 120 rows)",
          R"("empty" has no values)", R"("same" has the same value in all rows)",
          R"("leak" alone separates the classes: ROC AUC 1.0000; is it known at the time of the prediction?)"});
  using Kind = ColumnNote::Kind;
  std::vector<Kind> kinds;
  for (const ColumnNote& note : automatic.notes) kinds.push_back(note.kind);
  CHECK(kinds == std::vector<Kind>{Kind::left_out, Kind::dates, Kind::dates, Kind::left_out, Kind::left_out,
                                   Kind::left_out, Kind::doubt});
}

TEST_CASE("auto_pipeline does what its options say") {
  const Table table = payments();
  AutoPipelineOptions options;
  options.keep = {"id", "day"};  // a kept column of dates is a category
  options.drop = {"leak", "country"};
  options.dates = {{"when", {DatePart::month, DatePart::minute}}};
  const AutoPipeline automatic = auto_pipeline(table, describe(table), options);
  const Names names = features(automatic, table);
  REQUIRE(names.size() == 24);
  CHECK(names[0] == "id");
  CHECK(names[1] == "when_month");
  CHECK(names[2] == "when_minute");
  CHECK(names[3] == "day_2026-03-10");
  CHECK(names[23] == "amount");
  CHECK(texts(automatic)[0] == R"("when" has dates, which become month, minute)");

  options = {};
  options.most_categories = 1;
  CHECK(texts(auto_pipeline(table, options))[3] == R"("country" has 2 different texts, more than 1)");
  options = {};
  options.dates = {{"country", {DatePart::year}}};
  options.date_format = "%d.%m.%Y";
  CHECK_THROWS_AS(features(auto_pipeline(table, options), table), Error);
}

TEST_CASE("auto_pipeline: missing values, other tables and no label") {
  const Table table = payments();
  TablePipeline pipeline = auto_pipeline(table).pipeline;
  pipeline.fit(table);
  CHECK(pipeline.transform(table.without({"leak"}), {.missing_columns = Unknown::missing}).x.shape() ==
        Shape{120, 7});
  const Table unlabelled = table.without({"class"});
  CHECK(auto_pipeline(unlabelled).notes.size() == 6);  // without labels there is no leak
}

TEST_CASE("auto_pipeline: errors") {
  const Table table = payments();
  AutoPipelineOptions options;
  options.drop = {"class"};
  CHECK_THROWS_WITH(auto_pipeline(table, options), R"(auto_pipeline: "class" is the label, not a feature)");
  options = {};
  options.keep = {"amont"};
  CHECK_THROWS_WITH(auto_pipeline(table, options), ContainsSubstring(R"(no column is named "amont")"));
  options = {};
  options.dates = {{"whenn", {}}};
  CHECK_THROWS_WITH(auto_pipeline(table, options), ContainsSubstring(R"(no column is named "whenn")"));
  options = {};
  options.drop = {"when", "day", "amount", "country", "leak"};
  CHECK_THROWS_WITH(
      auto_pipeline(table, options),
      R"(p.csv: no column is left to learn from: "id" looks like a row number, an identifier or a time: )"
      R"(whole numbers that rise from row to row, "comment" looks like an identifier or free text: 120 )"
      R"(different values in 120 rows, "empty" has no values, ...)");
  CHECK_THROWS_WITH(auto_pipeline(table, describe(table.without({"id"}))),
                    "auto_pipeline: expected the description of a table of 10 columns, got one of 9");
}
