// TablePipeline: the golden values are scikit-learn 1.9.1's, and its names of features but for the ends
// "_missing" and "_infrequent".
#include "tenbin/preprocessing/table_pipeline.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "tenbin/core/random.h"
#include "tenbin/datasets/csv.h"
#include "tenbin/preprocessing/detail/date.h"
#include "tenbin/preprocessing/detail/quantile_map.h"
#include "tenbin/serializers/state.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/scratch_directory.h"
#include "tenbin/tests/thread_count.h"

using namespace tenbin;

namespace {

using Names = std::vector<std::string>;
using Floats = std::vector<float>;
using Kind = TransformWarning::Kind;
const std::string counted = " (counted from 0, without the header)";
constexpr double missing = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();

Table table_of(std::vector<Column> columns) { return Table(std::move(columns), std::nullopt, "new.csv"); }

Table fraud() {
  return Table({{"id", Array{1., 2., 3., 4.}},
                {"age", Array{20., missing, 40., 30.}},
                {"country", Array{0, 1, -1, 0}, {"DE", "FR"}},
                {"when", Array{0, 1, 2, 0}, {"2026-11-29 14:03", "2026-11-30", "2024-02-29T23:59:59Z"}},
                {"class", Array{0, 1, 0, 0}, {"legit", "fraud"}}},
               4, "fraud.csv");
}

TablePipeline steps() {
  return TablePipeline()
      .drop({"id"})
      .dates("when", {DatePart::hour, DatePart::weekday})
      .impute({.indicator = true})
      .one_hot();
}

void check_close(const Array& x, const Floats& expected) {
  const Floats got = x.to_vector<float>();
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    INFO(i);
    CHECK(got[i] == Approx(expected[i]).epsilon(1e-6).margin(1e-7));
  }
}

// All bits of a state.
std::string bits(const NamedArrays& state) {
  std::string all;
  for (const auto& [key, array] : state) {
    all += key + '=';
    all.append(static_cast<const char*>(array.raw_data()), array.nbytes());
  }
  return all;
}

}  // namespace

TEST_CASE("TablePipeline makes features of a table", "[pipeline]") {
  TablePipeline prep = steps();
  prep.fit(fraud());
  CHECK(prep.feature_names() == Names{"age", "age_missing", "country_DE", "country_FR", "country_missing",
                                      "when_hour", "when_weekday"});
  CHECK(prep.n_features() == 7);
  CHECK(prep.classes() == Names{"legit", "fraud"});
  CHECK(prep.label_name() == "class");
  CHECK(prep.input_columns() == Names{"age", "country", "when"});
  const Transformed all = prep.transform(fraud());
  CHECK(all.warnings.empty());
  CHECK(all.x.to_vector<float>() == Floats{20, 0, 1, 0, 0, 14, 6,  //
                                           30, 1, 0, 1, 0, 0,  0,  //
                                           40, 0, 0, 0, 1, 23, 3,  //
                                           30, 0, 1, 0, 0, 14, 6});
  CHECK(all.t.to_vector<int>() == std::vector<int>{0, 1, 0, 0});
  const Dataset some = prep.transform(fraud(), {1, 1, 0});
  CHECK(some.x.slice(2, 3).to_vector<float>() == Floats{20, 0, 1, 0, 0, 14, 6});
  CHECK(some.t.to_vector<int>() == std::vector<int>{1, 1, 0});
  CHECK(prep.transform(fraud(), std::vector<std::size_t>{}).x.shape() == Shape{0, 7});
}

TEST_CASE("TablePipeline: the order of the calls does not matter, the order of the steps is fixed",
          "[pipeline]") {
  const Table table = table_of({{"a", Array{0., missing, std::exp(2.) - 1}}, {"b", Array{1., 2., 3.}}});
  TablePipeline one, two;
  one.impute({.strategy = ImputeStrategy::constant})
      .log1p({"a"})
      .scale({.scaling = Scaling::min_max})
      .fit(table);
  two.scale({.scaling = Scaling::min_max})
      .log1p({"a"})
      .impute({.strategy = ImputeStrategy::constant})
      .fit(table);
  CHECK(bits(one.save_state()) == bits(two.save_state()));
  check_close(one.transform(table).x, {0, 0, 0, 0.5f, 1, 1});
}

TEST_CASE("TablePipeline: a call that names a column goes before one for all", "[pipeline]") {
  const Table table = table_of({{"a", Array{missing, 1., 5., 6.}}, {"b", Array{missing, 1., 5., 6.}}});
  TablePipeline prep;
  prep.impute({.columns = {"b"}, .strategy = ImputeStrategy::constant, .fill_value = -7})
      .impute({.strategy = ImputeStrategy::mean})
      .fit(table);
  CHECK(prep.transform(table, {0}).x.to_vector<float>() == Floats{4, -7});
  prep.impute({.columns = {"b"}}).fit(table);
  CHECK(prep.transform(table, {0}).x.to_vector<float>() == Floats{4, 5});
}

TEST_CASE("TablePipeline scales as scikit-learn", "[pipeline]") {
  const Table fitted = table_of({{"v", Array{3., -1.5, 7.25, 0., 3., 12., 100., -4.}}});
  const Table other = table_of({{"v", Array{-10., -4., -2., 0., 1., 3., 5., 7.25, 50., 99., 101.}}});
  const auto scaled = [&](const ScaleOptions& options) {
    return TablePipeline().scale(options).fit(fitted).transform(other).x;
  };
  check_close(scaled({}),
              {-0.7687103748f, -0.5839889646f, -0.5224151611f, -0.4608413875f, -0.4300544858f, -0.3684806824f,
               -0.3069068789f, -0.2376363724f, 1.0785034895f, 2.5870614052f, 2.6486353874f});
  check_close(scaled({.scaling = Scaling::min_max}),
              {-0.057692308f, 0.f, 0.0192307699f, 0.0384615399f, 0.0480769239f, 0.0673076957f, 0.0865384638f,
               0.1081730798f, 0.5192307830f, 0.9903846383f, 1.0096154213f});
  check_close(scaled({.scaling = Scaling::quantile}),
              {0.f, 0.f, 0.1142857149f, 0.2857142985f, 0.3333333433f, 0.5f, 0.6386554837f, 0.7142857313f,
               0.9188311696f, 0.9983766079f, 1.f});
  check_close(scaled({.scaling = Scaling::quantile, .n_quantiles = 4}),
              {0.f, 0.f, 0.1333333403f, 0.2666666806f, 0.3333333433f, 0.4712643624f, 0.6091954112f,
               0.6716814041f, 0.8230088353f, 0.9964601994f, 1.f});
  check_close(scaled({.scaling = Scaling::quantile, .output = QuantileOutput::normal}),
              {-5.1993374825f, -5.1993374825f, -1.2040469646f, -0.5659488440f, -0.4307273030f, 0.f,
               0.3548672199f, 0.5659488440f, 1.3972524405f, 2.9433555603f, 5.1993374825f});
  // scipy.stats.norm.ppf
  CHECK(detail::normal_quantile(1e-10) == Approx(-6.361340902404056).epsilon(1e-14));
  CHECK(detail::normal_quantile(0.01) == Approx(-2.3263478740408408).epsilon(1e-14));
  CHECK(detail::normal_quantile(0.3) == Approx(-0.5244005127080409).epsilon(1e-14));
  CHECK(detail::normal_quantile(0.975) == Approx(1.959963984540054).epsilon(1e-14));
}

TEST_CASE("TablePipeline: constant columns are divided by 1, columns without values dropped", "[pipeline]") {
  const Table table = table_of({{"c", Array{7., 7.}}, {"none", Array{missing, missing}}});
  for (const Scaling scaling : {Scaling::standard, Scaling::min_max, Scaling::quantile}) {
    TablePipeline prep = TablePipeline().impute().scale({.scaling = scaling});
    CHECK(prep.fit(table).feature_names() == Names{"c"});
    const Transformed other = prep.transform(table_of({{"c", Array{7., 9.}}, {"none", Array{1., 2.}}}));
    CHECK(other.x.to_vector<float>() == Floats{0, scaling == Scaling::quantile ? 1.f : 2.f});
    CHECK(other.warnings.empty());
  }
  TablePipeline constant = TablePipeline().impute({.strategy = ImputeStrategy::constant, .indicator = true});
  CHECK(constant.fit(table).feature_names() == Names{"c", "none", "none_missing"});
  CHECK_THROWS_WITH(TablePipeline().impute().fit(table_of({{"none", Array{missing}}})),
                    "TablePipeline::fit: new.csv has no columns that are features");
}

TEST_CASE("TablePipeline merges rare categories as scikit-learn", "[pipeline]") {
  // 5 DE, 3 FR, 1 US, 2 AT, 2 missing
  const Column fitted{"country", Array{1, 1, 1, 1, 1, 2, 2, 2, 3, 0, 0, -1, -1}, {"AT", "DE", "FR", "US"}};
  const Table table = table_of({fitted});
  const Table other = table_of({{"country", Array{0, 3, 1, 2, -1}, {"DE", "AT", "XX", "US"}}});
  const auto encoded = [&](const EncodeOptions& options) {
    return TablePipeline().one_hot(options).fit(table).transform(other).x.to_vector<float>();
  };
  const auto names = [&](const EncodeOptions& options) {
    return TablePipeline().one_hot(options).fit(table).feature_names();
  };
  CHECK(names({.min_frequency = 2}) ==
        Names{"country_AT", "country_DE", "country_FR", "country_missing", "country_infrequent"});
  CHECK(encoded({.min_frequency = 2}) == Floats{0, 1, 0, 0, 0,  //
                                                0, 0, 0, 0, 1,  //
                                                1, 0, 0, 0, 0,  //
                                                0, 0, 0, 0, 1,  //
                                                0, 0, 0, 1, 0});
  CHECK(names({.min_frequency = 3}) == Names{"country_DE", "country_FR", "country_infrequent"});
  CHECK(encoded({.min_frequency = 3}) == Floats{1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1});
  CHECK(encoded({.min_frequency = 0.2}) == encoded({.min_frequency = 3}));
  CHECK(names({.min_frequency = 4}) == Names{"country_DE", "country_infrequent"});
  CHECK(encoded({.unknown = UnknownCategory::ignore}) == Floats{0, 1, 0, 0, 0,  //
                                                                0, 0, 0, 1, 0,  //
                                                                1, 0, 0, 0, 0,  //
                                                                0, 0, 0, 0, 0,  //
                                                                0, 0, 0, 0, 1});
  // Without an infrequent category, an unknown one is taken for missing.
  CHECK(encoded({})[15 + 4] == 1);

  const auto ordinal = [&](const EncodeOptions& options) {
    return TablePipeline().ordinal(options).scale().fit(table).transform(other).x.to_vector<float>();
  };
  CHECK(ordinal({}) == Floats{1, 3, 0, 4, 4});
  CHECK(ordinal({.unknown = UnknownCategory::ignore}) == Floats{1, 3, 0, -1, 4});
  CHECK(ordinal({.min_frequency = 2}) == Floats{1, 4, 0, 4, 3});
  CHECK_THROWS_WITH(
      encoded({.unknown = UnknownCategory::error}),
      "new.csv: column \"country\" has the category \"XX\" in row 3" + counted +
          ", which no fitted row of new.csv has; `unknown` of `one_hot` and `ordinal` can tolerate it");
  const Transformed warned = TablePipeline().one_hot().fit(table).transform(other, {3, 3, 0});
  REQUIRE(warned.warnings.size() == 1);
  CHECK(warned.warnings[0].kind == Kind::unseen_category);
  CHECK(warned.warnings[0].value == "XX");
  CHECK(warned.warnings[0].row == 3);
  CHECK(warned.warnings[0].count == 2);
  CHECK(warned.warnings[0].text == "new.csv: column \"country\" has \"XX\" in row 3" + counted +
                                       ", the first of 2 such values; no fitted row has it");
}

TEST_CASE("TablePipeline: no other row changes a bit of the state", "[pipeline]") {
  random::Generator generator(1);
  const auto make = [&](double odd, const std::string& other, std::int32_t code) {
    return Table({{"a", Array{1., 5., odd, missing, 2.}},
                  {"n", Array{3., 3., odd, 10., 2.}},
                  {"c", Array{1, 2, 0, 1, -1}, {other, "10", "9"}},
                  {"d", Array{0, 0, code, 0, 0}, {"2026-01-01", "nonsense"}},
                  {"t", Array{0, 1, code, 1, 0}, {"no", "yes"}}},
                 4, "data.csv");
  };
  const std::vector<std::size_t> rows = {0, 1, 3, 4};
  const auto state = [&](const Table& table) {
    return bits(TablePipeline()
                    .dates("d", {DatePart::timestamp})
                    .impute({.indicator = true})
                    .one_hot({.min_frequency = 0.3})
                    .ordinal({.columns = {"n"}})
                    .scale({.columns = {"a"}, .scaling = Scaling::quantile})
                    .fit(table, rows)
                    .save_state());
  };
  const std::string expected = state(make(0, "8", 0));
  CHECK(state(make(1e300, "text", 1)) == expected);
  CHECK(state(make(-infinite, "", 1)) == expected);
  CHECK(state(make(missing, "9.5", 0)) == expected);
  CHECK(bits(TablePipeline().ordinal().impute().fit(make(0, "8", 0).without({"d"}), {0, 1}).save_state()) !=
        bits(TablePipeline().ordinal().impute().fit(make(0, "8", 0).without({"d"}), {0, 3}).save_state()));
}

TEST_CASE("TablePipeline: a file with other columns in another order", "[pipeline]") {
  const TablePipeline prep = steps().fit(fraud());
  const Table other({{"class", Array{0, -1}, {" fraud"}},
                     {"when", Array{20261129., missing}},
                     {"extra", Array{0., 1.}},
                     {"age", Array{0, 1}, {"1e1", "old"}}},
                    std::nullopt, "new.csv");
  CHECK_THROWS_WITH(
      prep.transform(other.without({"class"})),
      "new.csv: column \"age\" is numeric in fraud.csv, here \"old\" is not a number (1 of 2 values "
      "are not); if it stands for a missing value, add it to `missing`; `.unreadable = "
      "Unknown::missing` makes all such values missing");
  CHECK(prep.transform(other.without({"class", "when"}), {0}, {.missing_columns = Unknown::missing})
            .x.data<float>()[0] == 10);
  CHECK_THROWS_WITH(prep.transform(other, {.unreadable = Unknown::missing}),
                    "new.csv: no column is named \"country\", which the pipeline needs; there are \"class\", "
                    "\"when\", \"extra\", "
                    "\"age\"; `.missing_columns = Unknown::missing` makes it a column of missing values");
  const TransformOptions tolerant{Unknown::missing, Unknown::missing, Unknown::missing};
  CHECK_THROWS_WITH(prep.transform(other, tolerant),
                    ContainsSubstring("has the category \" fraud\" in row 0"));
  const Transformed result = prep.transform(other.without({"class"}), tolerant);
  CHECK_FALSE(result.t);
  CHECK_THROWS_WITH(static_cast<Dataset>(result),
                    "Transformed: the table had no labels, so it is no Dataset; take x");
  CHECK(result.x.to_vector<float>() == Floats{10, 0, 0, 0, 1, 14, 4.5f,  //
                                              30, 1, 0, 0, 1, 14, 4.5f});
  std::string kinds;
  for (const TransformWarning& warning : result.warnings) kinds += warning.text + '\n';
  CHECK(kinds ==
        "new.csv: column \"extra\" is ignored: fraud.csv does not have it\n"
        "new.csv: column \"age\" has \"old\" in row 1" +
            counted +
            "; taken for missing, since it is not a number that can be used\n"
            "new.csv: column \"country\" is not there: its values are taken for missing\n"
            "new.csv: column \"when\" has \"20261129\" in row 0" +
            counted + "; taken for missing, since it is not a date\n");
}

TEST_CASE("TablePipeline refuses a column that is there twice, if it is needed", "[pipeline]") {
  const TablePipeline prep = TablePipeline().fit(table_of({{"a", Array{1., 2.}}}));
  const auto with = [&](const char* second, const char* third) {
    return prep.transform(table_of({{"a", Array{1.}}, {second, Array{2.}}, {third, Array{3.}}})).x;
  };
  CHECK(with("b", "b").to_vector<float>() == Floats{1});
  CHECK_THROWS_WITH(with("a", "b"), "new.csv: more than one column is named \"a\"");
  CHECK_THROWS_WITH(with("a", "a"), "new.csv: more than one column is named \"a\"");
}

TEST_CASE("TablePipeline finds the classes by name", "[pipeline]") {
  const TablePipeline prep = TablePipeline().fit(
      Table({{"x", Array{1., 2., 3.}}, {"t", Array{0, 1, 0}, {"0", "1"}}}, 1, "train.csv"));
  const auto t = [&](Column column) {
    return prep.transform(table_of({{"x", Array{1., 2.}}, std::move(column)})).t;
  };
  CHECK(t({"t", Array{0, 1}, {"1.0", "0"}}).to_vector<int>() == std::vector<int>{1, 0});
  CHECK(t({"t", Array{1., 0.}}).to_vector<int>() == std::vector<int>{1, 0});
  CHECK_FALSE(t({"t", Array{missing, missing}}));
  CHECK_THROWS_WITH(t({"t", Array{1., missing}}), "new.csv: the label \"t\" is missing in row 1" + counted);
  CHECK_THROWS_WITH(t({"t", Array{1., 2.}}), "new.csv: column \"t\" has the category \"2\" in row 1" +
                                                 counted + ", which train.csv does not have");
}

TEST_CASE("TablePipeline: numbers that are categories, and codes that are all digits", "[pipeline]") {
  const TablePipeline prep =
      TablePipeline().one_hot({.columns = {"branch"}}).fit(table_of({{"branch", Array{10., 9., -0.}}}));
  CHECK(prep.feature_names() == Names{"branch_0", "branch_9", "branch_10"});
  CHECK(prep.transform(table_of({{"branch", Array{9.f, 0.f}}})).x.to_vector<float>() ==
        Floats{0, 1, 0, 1, 0, 0});
  CHECK(prep.transform(table_of({{"branch", Array{1, 0}, {"10", "x"}}})).warnings[0].value == "x");

  const TablePipeline zip =
      TablePipeline().one_hot().fit(table_of({{"zip", Array{0, 1}, {"01067", "SW1A"}}}));
  const Transformed other = zip.transform(table_of({{"zip", Array{1067., 7.}}}));
  CHECK(other.x.to_vector<float>() == Floats{1, 0, 0, 0});
  CHECK(other.warnings[0].value == "7");
}

TEST_CASE("TablePipeline is the same after saving and loading", "[pipeline]") {
  const testing::ScratchDirectory scratch;
  const std::string path = scratch / "prep.npz";
  TablePipeline prep = steps().scale({.columns = {"age"}, .scaling = Scaling::quantile}).fit(fraud());
  save_npz(path, prep);
  TablePipeline loaded = TablePipeline::load(path);
  CHECK(bits(loaded.save_state()) == bits(prep.save_state()));
  CHECK(loaded.feature_names() == prep.feature_names());
  CHECK(loaded.classes() == prep.classes());
  CHECK(loaded.transform(fraud()).x.to_vector<float>() == prep.transform(fraud()).x.to_vector<float>());
  CHECK(loaded.transform(fraud()).t.to_vector<int>() == prep.transform(fraud()).t.to_vector<int>());
  CHECK_THROWS_WITH(
      loaded.fit(fraud()),
      "TablePipeline::fit: this pipeline was loaded and has no steps; describe them in a new one");

  // Every entry that is missing, of another type or out of range is an Error, and changes nothing. All
  // damaged states are in one file.
  const NamedArrays state = prep.save_state();
  TablePipeline other =
      TablePipeline().one_hot({.columns = {"country"}}).fit(fraud().without({"id", "when", "age"}));
  const std::string before = bits(other.save_state());
  const std::vector<std::tuple<std::string, Array, std::string>> changes = {
      {"format", integer_state(2), "expected version 1 of a TablePipeline, got 2"},
      {"columns", names_state({"age", "age", "when"}), "\"age\" occurs twice"},
      {"label", names_state({}), "expected one name for the classes, got 0"},
      {"column/0/kind", integer_state(3), "expected 0 to 2, got 3"},
      {"column/0/scale", number_state(0), "expected > 0, got 0"},
      {"column/0/center", number_state(missing), "expected a finite number"},
      {"column/0/quantiles", Array{2., 1.}, "expected finite numbers in ascending order"},
      {"column/0/fill", number_state(missing), "there is nothing to fill with"},
      {"column/1/feature_of", Array{0, 7}, "the features are not in the order of the categories"},
      {"column/1/missing_at", integer_state(1), "the features are not in the order of the categories"},
      {"column/1/categories", names_state({"DE", "DE"}), "a category occurs twice"},
      {"column/1/unknown", integer_state(3), "expected 0 to 2, got 3"},
      {"column/2/parts", Array({4, 4}, Dtype::int64), "expected different numbers from 0 to 8, got 4"},
      {"column/2/format", text_state("%q"), "has an unknown directive"},
  };
  NamedArrays all;
  std::size_t cases = 0;
  const auto add = [&](const NamedArrays& damaged) {
    for (const auto& [key, array] : damaged) all.emplace_back(std::to_string(cases) + '/' + key, array);
    ++cases;
  };
  const auto with = [&](const std::string& key, const Array& value) {
    NamedArrays damaged = state;
    for (auto& [name, array] : damaged)
      if (name == key) array = value;
    return damaged;
  };
  for (const auto& [key, value, what] : changes) add(with(key, value));
  for (std::size_t i = 0; i < state.size(); ++i) {
    add(with(state[i].first, Array{1.f, 2.f, 3.f}));
    NamedArrays damaged = state;
    damaged.erase(damaged.begin() + static_cast<std::ptrdiff_t>(i));
    add(damaged);
  }
  save_npz(path, all, false);
  const NpzReader file(path);
  for (std::size_t i = 0; i < cases; ++i) {
    StateReader reader(file, {.path = std::to_string(i) + '/'});
    INFO(i);
    if (i < changes.size())
      CHECK_THROWS_WITH(other.prepare_load(reader),
                        ContainsSubstring(path + ": " + std::to_string(i) + '/') &&
                            ContainsSubstring(std::get<2>(changes[i])));
    else
      CHECK_THROWS_AS(other.prepare_load(reader), Error);
  }
  CHECK(bits(other.save_state()) == before);
}

TEST_CASE("TablePipeline: what fit refuses", "[pipeline]") {
  const auto fit_error = [](TablePipeline prep, const Table& table) {
    try {
      prep.fit(table);
    } catch (const Error& error) {
      CHECK_THROWS_WITH(prep.n_features(),
                        "TablePipeline::n_features: the pipeline is not fitted; call `fit` first");
      return std::string(error.what());
    }
    return std::string("no error");
  };
  const Table table = fraud();
  CHECK(fit_error(TablePipeline().one_hot().drop({"when"}), table) ==
        "fraud.csv: column \"age\" is missing in row 1" + counted +
            "; add `impute` to the pipeline, or drop the column");
  CHECK(fit_error(TablePipeline().impute().drop({"when"}), table) ==
        "fraud.csv: column \"country\" is categorical (\"DE\", \"FR\"); add `one_hot` or `ordinal` to the "
        "pipeline, "
        "or drop it");
  CHECK(fit_error(TablePipeline().drop({"ID"}), table) ==
        "fraud.csv: no column is named \"ID\"; there are \"id\", \"age\", \"country\", \"when\", \"class\"");
  CHECK(fit_error(TablePipeline().scale({.columns = {"country"}}), table) ==
        "TablePipeline::fit: scale names \"country\", which is not numeric");
  CHECK(fit_error(TablePipeline().one_hot({.columns = {"class"}}), table) ==
        "TablePipeline::fit: one_hot names \"class\", which is the label");
  CHECK(fit_error(TablePipeline().drop({"id"}).impute({.columns = {"id"}}), table) ==
        "TablePipeline::fit: impute names \"id\", which is dropped");
  CHECK(fit_error(TablePipeline(), table_of({{"x", Array{1., infinite}}})) ==
        "new.csv: column \"x\" is infinite in row 1" + counted);
  CHECK(fit_error(TablePipeline().log1p(), table_of({{"x", Array{1., -1.}}})) ==
        "new.csv: column \"x\" is -1 in row 1" + counted + ": log1p needs values above -1");
  const Table date = table_of({{"d", Array{0, 1}, {"2024-02-29", "2023-02-29"}}});
  CHECK(fit_error(TablePipeline().dates("d", {DatePart::day}), date) ==
        "new.csv: column \"d\": \"2023-02-29\" in row 1" + counted +
            " is not a date in ISO 8601; pass `.format` for another form");
  Column odd{"x", Array{0, 1, 2}, {"1", "2", "?"}};
  odd.text_line = 4;
  CHECK_THAT(fit_error(TablePipeline().one_hot(), table_of({odd})),
             ContainsSubstring("is text, since \"?\" is not a number (1 of 3 values are not)"));
  CHECK(fit_error(TablePipeline().one_hot({.columns = {"x"}}), table_of({odd})) == "no error");
  CHECK_THROWS_WITH(TablePipeline().fit(table, {4}),
                    "TablePipeline::fit: rows[0] = 4, but fraud.csv has 4 rows");
  CHECK_THROWS_WITH(TablePipeline().fit(table, std::vector<std::size_t>{}),
                    "TablePipeline::fit: expected rows to fit on, got none of fraud.csv");
  CHECK_THROWS_WITH(TablePipeline().one_hot({.min_frequency = -1}),
                    "TablePipeline::one_hot: expected min_frequency >= 0, a count or a share, got -1");
  CHECK_THROWS_WITH(TablePipeline().dates("d", {DatePart::day}, {.format = "%d.%m"}),
                    "TablePipeline::dates: the format \"%d.%m\" lacks %Y");
}

TEST_CASE("TablePipeline: what transform refuses", "[pipeline]") {
  const TablePipeline prep =
      TablePipeline().log1p({"b"}).fit(table_of({{"a", Array{1., 2.}}, {"b", Array{0., 1.}}}));
  const auto other = [&](double a, double b, const TransformOptions& options = {}) {
    return prep.transform(table_of({{"a", Array{0., a}}, {"b", Array{0., b}}}), options);
  };
  CHECK_THROWS_WITH(other(missing, 0), "new.csv: column \"a\" is missing in row 1" + counted +
                                           ", and the pipeline does not impute it");
  CHECK_THROWS_WITH(other(infinite, 0),
                    "new.csv: column \"a\" is inf in row 1" + counted +
                        ", expected a finite number; `.unreadable = Unknown::missing` makes all "
                        "such values missing");
  CHECK_THROWS_WITH(other(0, -1), ContainsSubstring("is -1 in row 1" + counted +
                                                    ", expected a finite number above -1, for log1p"));
  CHECK_THROWS_WITH(other(1e300, 0),
                    "new.csv: column \"a\" is beyond float32 after scaling in row 1" + counted);
  CHECK_THROWS_WITH(prep.transform(fraud(), {9}),
                    "TablePipeline::transform: rows[0] = 9, but fraud.csv has 4 rows");

  const TablePipeline imputed = TablePipeline().impute().log1p().fit(table_of({{"a", Array{1., 2.}}}));
  const Transformed result =
      imputed.transform(table_of({{"a", Array{-5., infinite, missing}}}), {.unreadable = Unknown::missing});
  CHECK(result.warnings[0].value == "-5");
  CHECK(result.warnings[0].count == 2);
  check_close(result.x, Floats(3, static_cast<float>(std::log(2.5))));
}

TEST_CASE("dates are read without locale or time zone", "[pipeline]") {
  const auto part = [](const std::string& text, DatePart part, const std::string& format = "") {
    const auto time = detail::parse_date(text, format);
    return time ? detail::part_of(*time, part) : missing;
  };
  // Python's datetime: (datetime.fromisoformat(text) - datetime(1970, 1, 1)).total_seconds(), weekday(),
  // tm_yday
  CHECK(part("1970-01-01", DatePart::timestamp) == 0);
  CHECK(part("2026-11-29 14:03", DatePart::timestamp) == 1795960980);
  CHECK(part("2026-11-29T14:03:07.250+01:00", DatePart::timestamp) == 1795957387);
  CHECK(part("2026-11-29T14:03:07.250+01:00", DatePart::hour) == 14);
  CHECK(part("1969-12-31T23:59:59Z", DatePart::timestamp) == -1);
  CHECK(part("0001-01-01", DatePart::timestamp) == -62135596800);
  CHECK(part("9999-12-31", DatePart::timestamp) == 253402214400);
  CHECK(part("2026-11-29", DatePart::weekday) == 6);
  CHECK(part("0001-01-01", DatePart::weekday) == 0);
  CHECK(part("2026-11-28", DatePart::is_weekend) == 1);
  CHECK(part("2026-11-27", DatePart::is_weekend) == 0);
  CHECK(part("2024-12-31", DatePart::day_of_year) == 366);
  CHECK(part("2023-03-01", DatePart::day_of_year) == 60);
  CHECK(part("29.11.2026", DatePart::day, "%d.%m.%Y") == 29);
  CHECK(part("1/9/2026 7:05", DatePart::month, "%m/%d/%Y %H:%M") == 1);
  CHECK(part("1/9/2026 7:05", DatePart::minute, "%m/%d/%Y %H:%M") == 5);
  CHECK(part("20261129", DatePart::day, "%Y%m%d") == 29);
  CHECK(part("69%1%1", DatePart::year, "%y%%%m%%%d") == 1969);
  CHECK(part("68-1-1", DatePart::year, "%y-%m-%d") == 2068);
  CHECK(part(" 2000-02-29 ", DatePart::year) == 2000);
  for (const char* const text :
       {"", "2023-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "2026-1-1",
        "2026-11-29 24:00", "2026-11-29 14", "2026-11-29 14:60", "2026-11-29 14:03:60", "2026-11-29 14:03x",
        "2026-11-29T", "0000-01-01", "2026-11-29 14:03:07.", "2026-11-29 14:03+1", "26-11-29",
        "2026-11-29 14:03+24:00"}) {
    INFO(text);
    CHECK(std::isnan(part(text, DatePart::year)));
  }
}

TEST_CASE("TablePipeline: the number of threads does not matter", "[pipeline]") {
  const Array a = random::Generator(3).normal({5001}, 1, 2, Dtype::float64);
  const Array b = random::Generator(4).uniform({5001}, 0, 5, Dtype::float64).astype(Dtype::int32);
  const Table table = table_of({{"a", a}, {"b", b, {"v", "w", "x", "y", "z"}}});
  const TablePipeline prep = TablePipeline().one_hot().scale().fit(table);
  const Floats expected = prep.transform(table).x.to_vector<float>();
  for (const std::size_t count : {std::size_t{1}, std::size_t{3}}) {
    const testing::ThreadCount threads(count);
    CHECK(prep.transform(table).x.to_vector<float>() == expected);
  }
}

TEST_CASE("TablePipeline: sparse rows are the dense ones", "[pipeline]") {
  // 2500 rows: more than two blocks. Numbers with zeros and missing values, categories with unseen ones.
  std::vector<double> ages, amounts;
  std::vector<int> countries, shops, labels;
  for (int i = 0; i < 2500; ++i) {
    ages.push_back(i % 7 == 0 ? missing : i % 3);
    amounts.push_back(i % 5 == 0 ? 0 : i * 0.25);
    countries.push_back(i % 11 == 0 ? -1 : i % 4);
    shops.push_back(i * 37 % 300);
    labels.push_back(i % 2);
  }
  Names shop_names;
  for (int i = 0; i < 300; ++i) shop_names.push_back("shop" + std::to_string(i));
  const Table table({{"age", Array(ages)},
                     {"country", Array(countries), {"DE", "FR", "IT", "JP"}},
                     {"amount", Array(amounts)},
                     {"shop", Array(shops), shop_names},
                     {"y", Array(labels), {"no", "yes"}}},
                    4, "big.csv");
  const auto agree = [](const Transformed& dense, const SparseTransformed& sparse) {
    CHECK(sparse.x.shape() == dense.x.shape());
    CHECK(sparse.x.to_dense().to_vector<float>() == dense.x.to_vector<float>());
    CHECK(sparse.x.nnz() == CsrMatrix::from_dense(dense.x).nnz());
    REQUIRE(static_cast<bool>(sparse.t) == static_cast<bool>(dense.t));
    if (dense.t) CHECK(sparse.t.to_vector<int>() == dense.t.to_vector<int>());
    REQUIRE(sparse.warnings.size() == dense.warnings.size());
    for (std::size_t i = 0; i < dense.warnings.size(); ++i)
      CHECK(sparse.warnings[i].text == dense.warnings[i].text);
  };
  std::vector<std::size_t> first(1200), mixed{2499, 7, 7, 0}, none;
  for (std::size_t i = 0; i < first.size(); ++i) first[i] = i;
  TablePipeline min_max = TablePipeline()
                              .impute({.indicator = true})
                              .one_hot({.min_frequency = 2, .unknown = UnknownCategory::ignore})
                              .scale({.scaling = Scaling::min_max});
  TablePipeline ordinal =
      TablePipeline().drop({"age"}).ordinal().log1p({"amount"}).scale({.columns = {"amount"}});
  for (TablePipeline& prep : {std::ref(min_max), std::ref(ordinal)}) {
    prep.fit(table, first);
    agree(prep.transform(table), prep.transform_sparse(table));
    agree(prep.transform(table, mixed), prep.transform_sparse(table, mixed));
    agree(prep.transform(table, none), prep.transform_sparse(table, none));
    const TransformOptions tolerant{.missing_columns = Unknown::missing};
    const Table part = table_of({table["amount"], table["shop"]});
    agree(prep.transform(part, tolerant), prep.transform_sparse(part, tolerant));
  }
  const SparseDataset data = min_max.transform_sparse(table, mixed);
  CHECK(data.size() == 4);
  const testing::ThreadCount one(1);
  const SparseTransformed alone = min_max.transform_sparse(table);
  const testing::ThreadCount three(3);
  const SparseTransformed threads = min_max.transform_sparse(table);
  CHECK(alone.x.indices().to_vector<int>() == threads.x.indices().to_vector<int>());
  CHECK(alone.x.data().to_vector<float>() == threads.x.data().to_vector<float>());
}

TEST_CASE("TablePipeline: what transform_sparse refuses", "[pipeline]") {
  CHECK_THROWS_WITH(steps().transform_sparse(fraud()),
                    "TablePipeline::transform_sparse: the pipeline is not fitted; call `fit` first");
  TablePipeline prep = TablePipeline().impute();
  prep.fit(Table({{"a", Array{1., 2.}}}, std::nullopt, "a.csv"));
  const auto as_data = [&] { return SparseDataset(prep.transform_sparse(table_of({{"a", Array{1.}}}))); };
  CHECK_THROWS_WITH(as_data(),
                    "SparseTransformed: the table had no labels, so it is no SparseDataset; take x");
  CHECK_THROWS_WITH(prep.transform_sparse(table_of({{"a", Array{1., 1e300}}})),
                    "new.csv: column \"a\" is beyond float32 after scaling in row 1" + counted);
  CHECK_THROWS_WITH(prep.transform_sparse(table_of({{"b", Array{1.}}})),
                    "new.csv: no column is named \"a\", which the pipeline needs; there are \"b\"; "
                    "`.missing_columns = Unknown::missing` makes it a column of missing values");
}
