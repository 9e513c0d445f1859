// ONNX files: their bytes, their inputs, what cannot be exported. bundle.onnx_runtime runs them.
#include "tenbin/bundle/onnx.h"

#include <cmath>
#include <limits>

#include "tenbin/bundle/detail/onnx_message.h"
#include "tenbin/bundle/detail/onnx_network.h"
#include "tenbin/core/random.h"
#include "tenbin/links/embed_id.h"
#include "tenbin/links/mlp.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

struct FraudNet : Chain {
  Linear l1 = link("l1", Linear(3, 2));
  Variable operator()(const Variable& x) const { return l1(x); }
  LinkConfig get_config() const { return LinkConfig("OnnxFraudNet"); }
  static FraudNet from_config(const LinkConfig&) { return FraudNet(); }
};
const bool registered = register_link<FraudNet>("OnnxFraudNet");

// Number 3, text "a", a date and "decisions", which is the name of an output.
Table mixed_table() {
  return Table({{"age", Array{30., 50., 20.}},
                {"when_hour", Array{1., 2., 3.}},
                {"when", Array{0, 1, 0}, {"2026-11-29T14:03", "2026-11-30"}},
                {"country", Array{0, 1, -1}, {"DE", "FR"}},
                {"decisions", Array{1.5, 2., 1.5}},
                {"class", Array{0, 1, 0}, {"legit", "fraud"}}},
               5, "train.csv");
}

Bundle mixed_bundle() {
  TablePipeline prep = TablePipeline()
                           .dates("when", {DatePart::hour, DatePart::weekday})
                           .impute()
                           .one_hot()
                           .one_hot({.columns = {"decisions"}})
                           .scale();
  prep.fit(mixed_table());
  random::seed(1);
  Bundle bundle;
  bundle.network = MLP({prep.n_features(), 2});
  bundle.pipeline = std::move(prep);
  return bundle;
}

Bundle without_pipeline(const Network& network, std::vector<std::string> classes = {"no", "yes"}) {
  Bundle bundle;
  bundle.network = network;
  bundle.classes = std::move(classes);
  return bundle;
}

std::string error_of(const Bundle& bundle) {
  const ScratchDirectory scratch;
  std::string text = "no error";
  try {
    export_onnx(scratch / "model.onnx", bundle);
  } catch (const Error& error) {
    text = error.what();
    CHECK(scratch.count() == 0);
  }
  return text;
}

}  // namespace

TEST_CASE("An ONNX message is encoded as Protocol Buffers do it") {
  using detail::OnnxMessage;
  using namespace std::string_literals;
  // The examples of the documentation of Protocol Buffers.
  CHECK(OnnxMessage().integer(1, 150).encoded() == "\x08\x96\x01");
  CHECK(OnnxMessage().bytes(2, "testing").encoded() == "\x12\x07testing");
  CHECK(OnnxMessage().message(3, OnnxMessage().integer(1, 150)).encoded() == "\x1a\x03\x08\x96\x01");
  CHECK(OnnxMessage().integer(1, 0).encoded() == "\x08\x00"s);
  CHECK(OnnxMessage().integer(1, 127).encoded() == "\x08\x7f");
  CHECK(OnnxMessage().integer(1, 128).encoded() == "\x08\x80\x01");
  CHECK(OnnxMessage().integer(1, -1).encoded() == "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  CHECK(OnnxMessage().integer(1, std::numeric_limits<std::int64_t>::max()).encoded() ==
        "\x08\xff\xff\xff\xff\xff\xff\xff\xff\x7f");
  CHECK(OnnxMessage().integer(20, 1).encoded() == "\xa0\x01\x01");  // the tag has two bytes
  CHECK(OnnxMessage().bytes(1, "").encoded() == "\x0a\x00"s);
  CHECK(OnnxMessage().bytes(1, std::string(300, 'x')).encoded() == "\x0a\xac\x02" + std::string(300, 'x'));
  OnnxMessage both;
  both.integer(1, 1).append(OnnxMessage().integer(1, 2)).integer(2, 3);
  CHECK(both.encoded() == "\x08\x01\x08\x02\x10\x03");
}

TEST_CASE("A small model has the bytes that onnx.proto gives it") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "model.onnx";
  Linear link(2, 2, {.nobias = true});
  link.W.set_data(Array{{1.f, 2.f}, {3.f, 4.f}});
  export_onnx(path, without_pipeline(link), {.checks = false});
  const std::string bytes = read_bytes(path);
  using namespace std::string_literals;
  // IR version 7, producer tenbin.
  CHECK(bytes.substr(0, 10) == "\x08\x07\x12\x06tenbin");
  const auto contains = [&](const std::string& part) { return bytes.find(part) != std::string::npos; };
  // W: dims 2 and 2, float, name, raw data.
  CHECK(contains(
      "\x2a\x1b\x08\x02\x08\x02\x10\x01\x42\x01W\x4a\x10\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\x40"s));
  // The node Gemm(x, W) with transB = 1.
  CHECK(
      contains("\x0a\x01x\x0a\x01W\x12\x06Gemm_1\x1a\x06Gemm_"
               "1\x22\x04Gemm\x2a\x0d\x0a\x06transB\xa0\x01\x02\x18\x01"));
  // The input x: float, (N, 2).
  CHECK(contains("\x0a\x01x\x12\x0f\x0a\x0d\x08\x01\x12\x09\x0a\x03\x12\x01N\x0a\x02\x08\x02"));
  // ai.onnx 13; ai.onnx.ml 2 with a pipeline only.
  CHECK(contains("\x42\x04\x0a\x00\x10\x0d"s));
  CHECK_FALSE(contains("ai.onnx.ml"));
  CHECK(contains(R"(["no","yes"])"));
  // What fails where the logits are not finite is there if asked for.
  CHECK_FALSE(contains("IsNaN"));
  export_onnx(path, without_pipeline(link));
  CHECK(read_bytes(path).find("IsNaN") != std::string::npos);
}

TEST_CASE("The same bundle gives the same ONNX file, which replaces another in one step") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "model.onnx", again = scratch / "again.onnx";
  write_bytes(path, "an old file");
  Bundle bundle = mixed_bundle();
  bundle.made = Provenance::of(mixed_table());
  export_onnx(path, bundle);
  save_bundle(scratch / "model.npz", bundle);
  export_onnx(again, load_bundle(scratch / "model.npz"));
  CHECK(read_bytes(path).find(bundle.made.data_hash) != std::string::npos);
  CHECK(read_bytes(path).find("\x42\x0e\x0a\x0a"
                              "ai.onnx.ml\x10\x02") != std::string::npos);
  CHECK(scratch.count() == 3);
  // The version is known once the bundle has been saved; it is written either way.
  CHECK(read_bytes(path) == read_bytes(again));
  CHECK_THROWS_AS(export_onnx(scratch / "missing/model.onnx", bundle), Error);
  CHECK(scratch.count() == 3);
}

TEST_CASE("onnx_inputs lists the columns, the parts of dates, and their types") {
  const std::vector<OnnxInput> inputs = onnx_inputs(mixed_bundle());
  std::string text;
  for (const OnnxInput& input : inputs)
    text += input.name + ' ' + input.column + ' ' + input.type + (input.part ? " part\n" : "\n");
  CHECK(text ==
        "age age tensor(double)\n"
        "when_hour when_hour tensor(double)\n"
        "when_hour_ when tensor(double) part\n"
        "when_weekday when tensor(double) part\n"
        "country country tensor(string)\n"
        "decisions_ decisions tensor(double)\n");
  CHECK(inputs[2].part == DatePart::hour);
  CHECK(inputs[3].part == DatePart::weekday);

  const std::vector<OnnxInput> x = onnx_inputs(without_pipeline(Sequential(EmbedID(3, 2), Linear(2, 2))));
  REQUIRE(x.size() == 1);
  CHECK(x[0].name == "x");
  CHECK(x[0].type == "tensor(int64)");
  CHECK(onnx_inputs(without_pipeline(MLP({2, 2}, {.dtype = Dtype::float64})))[0].type == "tensor(double)");
  CHECK(onnx_inputs(without_pipeline(Sequential(relu, Linear(2, 2))))[0].type == "tensor(float)");
}

TEST_CASE("Every function that a saved model can have as a layer has a form in ONNX") {
  std::string names;
  try {
    detail::function_of(LinkConfig("nothing"));
  } catch (const Error& error) {
    names = error.what();
  }
  const std::string start = "there are ";
  names = names.substr(names.find(start) + start.size()) + ", ";
  std::size_t count = 0;
  for (std::size_t at = 0, end = 0; (end = names.find(", ", at)) != std::string::npos;
       at = end + 2, ++count) {
    detail::OnnxGraph graph(true);
    const detail::OnnxValue x = graph.input("x", detail::OnnxType::float32, {{2, ""}}, "");
    CHECK_NOTHROW(detail::export_function(LinkConfig(names.substr(at, end - at)).set("argument", 1), x));
  }
  CHECK(count >= 19);
}

TEST_CASE("What has no form in ONNX is an error that names it, and no file is written") {
  CHECK(error_of(Bundle()) == "export_onnx: the network is empty");
  CHECK(
      error_of(without_pipeline(FraudNet())) ==
      "export_onnx: the link /, a \"OnnxFraudNet\", has no form in ONNX: only the library's own links have");
  CHECK(error_of(without_pipeline(Sequential(Linear(3, 3), Sequential(relu, FraudNet())))) ==
        "export_onnx: the link /1/0/, a \"OnnxFraudNet\", has no form in ONNX: only the library's own links "
        "have");
  CHECK(error_of(without_pipeline(Sequential(Linear(2, 3), relu, Linear(4, 2)))) ==
        "export_onnx: the link /1/ takes 4 features, and gets 3");
  CHECK(error_of(without_pipeline(Sequential(Linear(2, 3), EmbedID(4, 2)))) ==
        "export_onnx: the link /1/, an EmbedID, is not the first layer");
  CHECK(error_of(without_pipeline(Linear(2, 3))) ==
        "export_onnx: the network has 3 outputs, and there are names for 2 classes");
  CHECK(error_of(without_pipeline(Linear(2, 1), {"a", "b", "c"})) ==
        "export_onnx: the network has 1 outputs, and there are names for 3 classes");
  CHECK(error_of(without_pipeline(Linear(2, 2), {"a", "\xff"})) ==
        "export_onnx: the name of a class is not UTF-8");
  CHECK(error_of(without_pipeline(Linear(2, 1))) == "no error");
  Bundle bundle = without_pipeline(Linear(2, 2));
  bundle.made.options["note"] = "\xff";
  CHECK(error_of(bundle) == "export_onnx: a text of `made` is not UTF-8");
}

TEST_CASE("Columns that ONNX cannot name, and categories that it takes for missing, are errors") {
  const auto error_with = [](const std::string& name, const std::vector<std::string>& categories) {
    TablePipeline prep = TablePipeline().one_hot();
    prep.fit(Table({{name, Array{0, 1, 0}, categories}, {"class", Array{0, 1, 0}, {"legit", "fraud"}}}, 1));
    Bundle bundle;
    bundle.network = Linear(2, 2);
    bundle.pipeline = std::move(prep);
    return error_of(bundle);
  };
  CHECK(error_with("", {"a", "b"}) ==
        "export_onnx: a column of the pipeline has no name, which an input of ONNX needs");
  CHECK(error_with("\xff", {"a", "b"}) == "export_onnx: the column \"\xff\" is not UTF-8");
  CHECK(error_with("city", {"", "b"}) ==
        "export_onnx: column \"city\" has the category \"\", an empty text, which means a missing value in "
        "ONNX");
  CHECK(error_with("city", {"a", "\xff"}) == "no error");
}
