// Trained models in one file, and the predictions that they make in another program.
#include "tenbin/bundle/bundle.h"

#include <cmath>
#include <thread>

#include "tenbin/bundle/predictor.h"
#include "tenbin/core/random.h"
#include "tenbin/links/mlp.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/serializers/state.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

// age, country, class: legit = 0, fraud = 1.
Table training_table() {
  return Table({{"age", Array{30., 50., missing, 20., 40., 60.}},
                {"country", Array{0, 1, 0, 1, -1, 0}, {"DE", "FR"}},
                {"class", Array{0, 1, 0, 0, 1, 0}, {"legit", "fraud"}}},
               2, "train.csv");
}

// Columns in another order, one more, no labels, an unseen category.
Table new_table() {
  return Table({{"note", Array{1., 2., 3.}},
                {"country", Array{1, 0, -1}, {"FR", "IT"}},
                {"age", Array{35., missing, 70.}}},
               std::nullopt, "new.csv");
}

Bundle trained() {
  random::seed(1);
  const Table table = training_table();
  TablePipeline prep = TablePipeline().impute().one_hot().scale();
  prep.fit(table);
  MLP model({prep.n_features(), 3, 2});
  const Dataset data = prep.transform(table);
  Bundle bundle{prep, model};
  bundle.calibration = Calibration(PlattScaling()).fit(model(data.x).data(), data.t);
  bundle.decision = Decision(0.3);
  bundle.made = Provenance::of(table);
  bundle.made.seed = ~std::uint64_t{0};
  bundle.made.options = {{"epochs", "20"}};
  bundle.made.scores = {{"ap", 0.1 + 0.2}};
  return bundle;
}

std::string error_of_loading(const std::string& path) {
  try {
    load_bundle(path);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// The file with the content of one entry replaced.
void replace_entry(const std::string& path, const std::string& key, const Array& value) {
  NamedArrays arrays;
  const NpzReader reader(path);
  for (const std::string& each : reader.keys())
    arrays.emplace_back(each, each == key ? value : reader.read(each));
  save_npz(path, arrays);
}

// The manifest with one text replaced by another.
void edit_manifest(const std::string& path, const std::string& old_text, const std::string& new_text) {
  const Array manifest = NpzReader(path).read("manifest");
  const std::vector<std::uint8_t> bytes = manifest.to_vector<std::uint8_t>();
  std::string text(bytes.begin(), bytes.end());
  const std::size_t place = text.find(old_text);
  REQUIRE(place != std::string::npos);
  text.replace(place, old_text.size(), new_text);
  replace_entry(path, "manifest", text_state(text));
}

// Whatever has become of the file, the model is refused or predicts the same.
void require_refused_or_same(const std::string& path, const std::string& bytes, const Array& expected,
                             std::size_t& refused) {
  write_bytes(path, bytes);
  try {
    const Predictions p = Predictor::load(path)(new_table());
    CHECK(values(p.probabilities) == values(expected));
  } catch (const Error&) {
    ++refused;
  }
}

}  // namespace

TEST_CASE("A loaded bundle predicts the same bits, from a table of another shape") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "fraud.npz";
  const Bundle bundle = trained();
  save_bundle(path, bundle);
  const Predictor here(bundle), there = Predictor::load(path);
  const Predictions a = here(new_table()), b = there(new_table());
  CHECK(values(a.probabilities) == values(b.probabilities));
  CHECK(a.probabilities.shape() == Shape{3, 2});
  CHECK(values(a.decisions) == values(b.decisions));
  CHECK(b.classes == std::vector<std::string>{"legit", "fraud"});
  for (std::size_t row = 0; row < b.size(); ++row) {
    const bool is_fraud = values(b.probabilities)[2 * row + 1] >= 0.3;
    CHECK(b.decision(row) == (is_fraud ? "fraud" : "legit"));
  }
  REQUIRE(b.warnings.size() == 2);
  CHECK_FALSE(b.t);

  // The parts one after the other give the same.
  const Array logits = bundle.network(Variable(Array(bundle.pipeline->transform(new_table()).x))).data();
  CHECK(values(bundle.calibration(logits)) == values(b.probabilities));

  // Labels that are there come along.
  CHECK(values(there(training_table()).t) == std::vector<double>{0, 1, 0, 0, 1, 0});
}

TEST_CASE("A bundle keeps how it was made, and the same model gives the same bytes") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "fraud.npz", again = scratch / "again.npz";
  save_bundle(path, trained());
  const Bundle loaded = load_bundle(path);
  CHECK(loaded.made.data_rows == 6);
  CHECK(loaded.made.data_columns == 3);
  CHECK(loaded.made.data_hash == Provenance::of(training_table()).data_hash);
  CHECK(loaded.made.data_hash.size() == 16);
  CHECK(loaded.made.seed == ~std::uint64_t{0});
  CHECK(loaded.made.options == std::map<std::string, std::string>{{"epochs", "20"}});
  CHECK(loaded.made.scores == std::map<std::string, double>{{"ap", 0.1 + 0.2}});
  CHECK(loaded.made.version == "0.1.0");
  CHECK_THROWS_WITH(
      TablePipeline(*loaded.pipeline).fit(training_table()),
      "TablePipeline::fit: this pipeline was loaded and has no steps; describe them in a new one");
  save_bundle(again, loaded);
  CHECK(read_bytes(path) == read_bytes(again));
}

TEST_CASE("A score that is not defined is kept as such") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "fraud.npz";
  Bundle bundle = trained();
  bundle.made.scores = {{"ap", missing}, {"recall", 0.5}};
  save_bundle(path, bundle);
  const Scores scores = load_bundle(path).made.scores;
  CHECK(scores.size() == 2);
  CHECK(std::isnan(scores.at("ap")));
  CHECK(scores.at("recall") == 0.5);
}

TEST_CASE("Predictions become a table and scores") {
  const Predictor predictor(trained());
  const Predictions p = predictor(training_table());
  const Table table = p.table({training_table()["age"]});
  REQUIRE(table.columns().size() == 4);
  CHECK(table.columns()[0].name == "age");
  CHECK(table.columns()[1].name == "decision");
  CHECK(table.columns()[1].categories == p.classes);
  CHECK(table.columns()[2].name == "probability_legit");
  CHECK(table.columns()[3].name == "probability_fraud");
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(values(table.columns()[1].values)[i] == values(p.decisions)[i]);
    CHECK(values(table.columns()[2].values)[i] == values(p.probabilities)[2 * i]);
    CHECK(values(table.columns()[3].values)[i] == values(p.probabilities)[2 * i + 1]);
  }
  CHECK(predictor(training_table().rows({})).table().size() == 0);
  CHECK_THROWS_AS(p.table({new_table()["age"]}), Error);

  CHECK(p.scores() == classification_scores(p.t, p.probabilities, p.decisions, p.classes));
  CHECK_THROWS_WITH(predictor(new_table()).scores(), "Predictions::scores: the table has no labels");
}

TEST_CASE("A missing column is an error, unless the call says otherwise") {
  const Predictor predictor(trained());
  CHECK_THROWS_WITH(predictor(new_table().without({"age"})), ContainsSubstring("age"));
  const Predictions p = predictor(new_table().without({"age"}), {.missing_columns = Unknown::missing});
  REQUIRE(p.warnings.size() == 3);
  CHECK(p.size() == 3);
}

TEST_CASE("The hash of a table depends on its values, names and categories") {
  const auto hash = [](Table table) { return Provenance::of(table).data_hash; };
  const std::string usual = hash(training_table());
  CHECK(hash(training_table()) == usual);
  for (std::size_t c = 0; c < 3; ++c) {
    std::vector<Column> columns = training_table().columns();
    columns[c].name += 'x';
    CHECK(hash(Table(columns, 2)) != usual);
  }
  std::vector<Column> columns = training_table().columns();
  columns[1].categories[1] = "IT";
  CHECK(hash(Table(columns, 2)) != usual);
  columns = training_table().columns();
  columns[0].values = Array{30., 50., missing, 20., 40., 61.};
  CHECK(hash(Table(columns, 2)) != usual);
}

TEST_CASE("A bundle without pipeline takes the network's input") {
  random::seed(1);
  const ScratchDirectory scratch;
  const std::string path = scratch / "model.npz";
  const MLP model({3, 4, 1});  // one logit, of class "b"
  save_bundle(path, {.network = model, .classes = {"a", "b"}});
  const Predictor predictor = Predictor::load(path, {.batch_size = 2});
  const Array x = random::Generator(3).normal({5, 3});
  const Predictions p = predictor(x);
  CHECK(p.probabilities.shape() == Shape{5, 2});
  const std::vector<double> z = values(model(x).data());
  for (std::size_t i = 0; i < 5; ++i)
    CHECK(values(p.probabilities)[2 * i + 1] == Approx(1 / (1 + std::exp(-z[i]))).epsilon(1e-6));
  CHECK_THROWS_WITH(predictor(new_table()),
                    "Predictor: the bundle has no pipeline: expected an array, the input of the network");
  CHECK(predictor(Array::zeros({0, 3})).size() == 0);
}

TEST_CASE("Any number of threads may use one predictor") {
  const Predictor predictor(trained());
  const std::vector<double> expected = values(predictor(new_table()).probabilities);
  std::vector<std::vector<double>> got(4);
  std::vector<std::thread> threads;
  for (auto& each : got) threads.emplace_back([&] { each = values(predictor(new_table()).probabilities); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& each : got) CHECK(each == expected);
}

TEST_CASE("Parts that do not fit together are refused before anything is written") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "fraud.npz";
  write_bytes(path, "before");
  const auto error = [&](auto change) {
    Bundle bundle = trained();
    change(bundle);
    try {
      save_bundle(path, bundle);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("no error");
  };
  CHECK(error([](Bundle& b) { b.network = {}; }) == "save_bundle: the network is empty");
  CHECK(error([](Bundle& b) {
          b.network = MLP({0, 2});
        }) == "save_bundle: the network's parameter 0/W is not initialised");
  CHECK_THAT(error([](Bundle& b) {
               b.network = MLP({5, 2});
             }),
             ContainsSubstring("save_bundle: the network does not take the 4 features of the pipeline"));
  CHECK_THAT(error([](Bundle& b) {
               b.network = MLP({4, 3});
               b.calibration = {};
               b.decision = {};
             }),
             ContainsSubstring("save_bundle: the network has 3 classes, there are names for 2"));
  CHECK(error([](Bundle& b) {
          b.classes = {"fraud", "legit"};
        }) == "save_bundle: the classes are fraud, legit, those of the pipeline legit, fraud");
  CHECK(error([](Bundle& b) {
          b.decision = Decision::expected_cost(Array::zeros({3, 3}));
        }) == "save_bundle: the decision has 3 classes, there are names for 2");
  CHECK(error([](Bundle& b) { b.made.scores["ap"] = -HUGE_VAL; }) == "save_bundle: the score ap is -inf");
  CHECK_THAT(error([](Bundle& b) { b.made.options["a"] = "\xff"; }),
             ContainsSubstring("save_bundle: the manifest cannot be written as JSON"));
  CHECK_THAT(error([](Bundle& b) { b.pipeline = TablePipeline(); }), ContainsSubstring("fit"));
  CHECK_THROWS_WITH(save_bundle(path, {.network = MLP({3, 2}), .classes = {"a"}}),
                    "save_bundle: expected the names of two classes or more, got a");
  CHECK(read_bytes(path) == "before");
}

TEST_CASE("A file that is not a bundle of this program is refused") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "fraud.npz";
  const auto error_after = [&](const std::string& old_text, const std::string& new_text) {
    save_bundle(path, trained());
    edit_manifest(path, old_text, new_text);
    return error_of_loading(path);
  };
  CHECK(error_after("\"version\": 1,", "\"version\": 2,") ==
        path + ": the bundle is of version 2, this program reads versions up to 1");
  CHECK(error_after("tenbin bundle", "other bundle") ==
        path + ": not a bundle: its manifest is of another kind");
  CHECK_THAT(error_after("\"kind\": \"MLP\"", "\"kind\": \"Net\""),
             ContainsSubstring("no link is registered as \"Net\""));
  CHECK_THAT(error_after("\"kind\": \"relu\"", "\"kind\": \"tan\""),
             ContainsSubstring("there is no function \"tan\"") && Catch::Matchers::StartsWith(path + ": "));
  CHECK_THAT(error_after("\"classes\":", "\"klasses\":"),
             ContainsSubstring(path + ": manifest: a value is missing or of another type"));
  CHECK_THAT(error_after("\"has_pipeline\": true", "\"has_pipeline\": false"),
             ContainsSubstring(path + ": entries that are not part of this bundle: pipeline/"));
  CHECK_THAT(error_after("{", ""), ContainsSubstring("not a bundle"));
  CHECK_THAT(error_after("\"legit\",", ""), ContainsSubstring("classes are fraud, those of the pipeline"));

  // A network of other sizes, whose description does not fit its weights.
  save_bundle(path, trained());
  replace_entry(path, "network/0/W", Array::zeros({2, 4}));
  CHECK(error_of_loading(path) == path + ": network/0/W: expected float32(3, 4), got float32(2, 4)");

  save_npz(path, {{"x", Array{1.f}}});
  CHECK(error_of_loading(path) == path + ": not a bundle: there is no manifest");
}

TEST_CASE("A bundle that is cut is refused") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "fraud.npz";
  save_bundle(path, trained());
  const std::string whole = read_bytes(path);
  for (std::size_t size = 0; size < whole.size(); size += 13) {
    write_bytes(path, whole.substr(0, size));
    INFO(size);
    CHECK(error_of_loading(path) != "no error");
  }
}

TEST_CASE("A bundle with a flipped bit is refused, or predicts the same") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "fraud.npz";
  save_bundle(path, trained());
  const std::string whole = read_bytes(path);
  const Array expected = Predictor::load(path)(new_table()).probabilities;
  std::size_t refused = 0, flips = 0;
  for (std::size_t i = 0; i < whole.size(); i += 11, ++flips) {
    std::string bytes = whole;
    bytes[i] = static_cast<char>(bytes[i] ^ 1 << flips % 8);
    require_refused_or_same(path, bytes, expected, refused);
  }
  CHECK(refused > flips / 2);
}

// By hand: every bit, every length.
TEST_CASE("Every bit of a bundle is flipped, and it is cut at every byte", "[.exhaustive]") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "fraud.npz";
  save_bundle(path, trained());
  const std::string whole = read_bytes(path);
  const Array expected = Predictor::load(path)(new_table()).probabilities;
  std::size_t refused = 0, cut = 0;
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
    require_refused_or_same(path, bytes, expected, refused);
  }
  for (std::size_t size = 0; size < whole.size(); ++size)
    require_refused_or_same(path, whole.substr(0, size), expected, cut);
  CHECK(cut == whole.size());
  WARN(refused << " of " << 8 * whole.size() << " flipped bits are refused; the others change no prediction");
}
