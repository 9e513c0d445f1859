// Links that describe themselves: LinkConfig, Network, register_link.
#include "tenbin/links/network.h"

#include "tenbin/core/config.h"
#include "tenbin/core/random.h"
#include "tenbin/functions/activation/elu.h"
#include "tenbin/functions/activation/leaky_relu.h"
#include "tenbin/functions/activation/relu.h"
#include "tenbin/functions/activation/softmax.h"
#include "tenbin/functions/activation/tanh.h"
#include "tenbin/links/batch_normalization.h"
#include "tenbin/links/dropout.h"
#include "tenbin/links/embed_id.h"
#include "tenbin/links/layer_normalization.h"
#include "tenbin/links/mlp.h"
#include "tenbin/serializers/npz.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/scratch_directory.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// A link of a user, with a link of its own inside.
struct FraudNet : Chain {
  FraudNet(std::size_t n_in, double slope) : n_in(n_in), slope(slope) {}

  std::size_t n_in;
  double slope;
  Linear l1 = link("l1", Linear(n_in, 4));
  Linear l2 = link("l2", Linear(4, 2));

  Variable operator()(const Variable& x) const { return l2(leaky_relu(l1(x), slope)); }

  LinkConfig get_config() const { return LinkConfig("FraudNet").set("n_in", n_in).set("slope", slope); }
  static FraudNet from_config(const LinkConfig& config) {
    return FraudNet(config.size("n_in"), config.number("slope"));
  }
};

struct Nameless : Chain {
  Linear l1 = link("l1", Linear(3, 2));
  Variable operator()(const Variable& x) const { return l1(x); }
};

// The network built again from its JSON and its parameters, in a file.
Network rebuilt(const Network& network) {
  const ScratchDirectory scratch;
  const std::string path = scratch / "weights.npz";
  save_npz(path, network.link());
  const Network made = Network::from_config(LinkConfig::from_json(network.get_config().to_json()));
  load_npz(path, made.link());
  return made;
}

void require_rebuilt(const Network& network, const Array& x) {
  const TestMode test_mode;
  const Network made = rebuilt(network);
  INFO(network.get_config().to_json());
  CHECK(made.get_config() == network.get_config());
  CHECK(values(made(x).data()) == values(network(x).data()));
}

// The text of the Error that `f` throws.
template <class F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

Array input(std::size_t columns, Dtype dtype = Dtype::float32) {
  return random::Generator(7).normal({5, columns}, 0, 1, dtype);
}

}  // namespace

TEST_CASE("A network is built again from its description") {
  random::seed(1);
  require_rebuilt(MLP({3, 4, 2}), input(3));
  require_rebuilt(MLP({3, 4, 4, 2}, {.activation = tenbin::tanh, .dropout = 0.25, .dtype = Dtype::float64}),
                  input(3, Dtype::float64));
  require_rebuilt(MLP({3, 2}, {.activation = with_arguments(leaky_relu, 0.125)}), input(3));
  require_rebuilt(Linear(3, 2, {.nobias = true}), input(3));
  require_rebuilt(Sequential(), input(3));
  require_rebuilt(Sequential(Linear(3, 4), relu, Dropout(0.5), Linear(4, 2), with_arguments(softmax, 1)),
                  input(3));
  require_rebuilt(
      Sequential(Linear(3, 4, {.nobias = true}), BatchNormalization(4, {.decay = 0.5, .eps = 1e-3}),
                 with_arguments(elu, 1), Sequential(LayerNormalization(4), Linear(4, 1))),
      input(3));
  require_rebuilt(
      Sequential(BatchNormalization(3, {.use_gamma = false, .use_beta = false, .dtype = Dtype::float64})),
      input(3, Dtype::float64));
  require_rebuilt(EmbedID(5, 2, {.ignore_label = -1}), Array{0, 4, -1, 2});
}

TEST_CASE("A described network has the sizes that its first input gave it") {
  random::seed(1);
  const TestMode test_mode;
  const Sequential lazy(Linear(4), LayerNormalization(), relu, Linear(2));
  const Network network = lazy;
  lazy(input(3));
  CHECK(network.get_config().children("layers")[0].size("in_size") == 3);
  CHECK(network.get_config().children("layers")[1].size("size") == 4);
  require_rebuilt(network, input(3));
}

TEST_CASE("A network shares the parameters of the link that it is made from") {
  random::seed(1);
  MLP model({3, 2});
  const Network network = model;
  const Array x = input(3);
  model[0].b.set_data(Array{1.f, 2.f});
  CHECK(values(network(x).data()) == values(model(x).data()));
}

TEST_CASE("Building a network needs neither memory nor random numbers") {
  random::seed(3);
  const Array expected = random::default_generator().normal({4});
  random::seed(3);
  const std::size_t huge = std::size_t{1} << 40;
  for (const LinkConfig& config :
       {LinkConfig("Linear")
            .set("in_size", huge)
            .set("out_size", huge)
            .set("nobias", false)
            .set("dtype", Dtype::float32),
        LinkConfig("EmbedID").set("in_size", huge).set("out_size", huge).set("dtype", Dtype::float32),
        LinkConfig("LayerNormalization").set("size", huge).set("eps", 0.5).set("dtype", Dtype::float32),
        LinkConfig("BatchNormalization")
            .set("size", huge)
            .set("decay", 0.5)
            .set("eps", 0.5)
            .set("use_gamma", true)
            .set("use_beta", true)
            .set("dtype", Dtype::float64)}) {
    const Network network = Network::from_config(config);
    CHECK(network.link().count_params() == 0);
  }
  CHECK(values(random::default_generator().normal({4})) == values(expected));
  CHECK(Linear(3, 2).W.is_initialized());  // links that are made afterwards have values
}

TEST_CASE("A loaded parameter must have the shape that the description says") {
  const ScratchDirectory scratch;
  const std::string path = scratch / "weights.npz";
  random::seed(1);
  save_npz(path, Sequential(Linear(3, 4), LayerNormalization(4), BatchNormalization(4)));
  const auto error_of_loading = [&](const Sequential& described) {
    const Network other = Network::from_config(Network(described).get_config());
    return error_of([&] { load_npz(path, other.link()); });
  };
  CHECK(error_of_loading(Sequential(Linear(2, 4), LayerNormalization(4), BatchNormalization(4))) ==
        path + ": 0/W: expected float32(4, 2), got float32(4, 3)");
  CHECK(error_of_loading(Sequential(Linear(3, 4), LayerNormalization(5), BatchNormalization(4))) ==
        path + ": 1/gamma: expected float32(5), got float32(4)");
  CHECK(error_of_loading(Sequential(Linear(3, 4), LayerNormalization(4), BatchNormalization(5))) ==
        path + ": 2/gamma: expected float32(5), got float32(4)");
}

TEST_CASE("A link of a user is saved by the name that it is registered by") {
  random::seed(1);
  const std::string unknown = error_of([] { Network network{FraudNet(3, 0.1)}; });
  CHECK_THAT(unknown,
             ContainsSubstring("Network: no link is registered as \"FraudNet\"; there are "
                               "BatchNormalization, Dropout, EmbedID, LayerNormalization, Linear, MLP, ") &&
                 ContainsSubstring("Sequential; register_link adds one"));
  CHECK(register_link<FraudNet>("FraudNet"));
  CHECK(register_link<FraudNet>("FraudNet"));  // a header may be included in several files
  require_rebuilt(FraudNet(3, 0.1), input(3));
  require_rebuilt(Sequential(Linear(2, 3), FraudNet(3, 0.3)), input(2));
  CHECK(error_of([] { register_link<MLP>("FraudNet"); }) ==
        "register_link: \"FraudNet\" is the name of another link");
  CHECK(error_of([] { register_link<FraudNet>("MLP"); }) ==
        "register_link: \"MLP\" is the name of another link");
  CHECK(error_of([] { register_link<FraudNet>(""); }) == "register_link: the name is empty");
}

TEST_CASE("What cannot be described is an error") {
  random::seed(1);
  CHECK_THAT(
      error_of([] { Network network{Sequential(Linear(3, 2), [](const Variable& x) { return x; })}; }),
      ContainsSubstring(
          "Sequential: layer 1 is a function without a name, which cannot be saved; expected one of abs, "));
  CHECK_THAT(error_of([] {
               Network network{MLP({3, 2}, {.activation = [](const Variable& x) { return x; }})};
             }),
             ContainsSubstring("MLP: the activation is a function without a name"));
  CHECK(error_of([] { Network network{Sequential(relu, Nameless())}; }) ==
        "Sequential: layer 1 is a link that does not describe itself: give it the functions get_config and "
        "from_config, and a name by register_link");
  MLP model({3, 4, 2});
  model[1] = Linear(4, 2, {.nobias = true});
  CHECK(
      error_of([&] { Network network = model; }) ==
      "MLP: expected layers with b and of one dtype, got float32 without b as layer 1; a Sequential can have "
      "them");
  CHECK(error_of([] { Network()(input(3)); }) == "Network::operator(): the network is empty");
  CHECK_FALSE(Network());
}

TEST_CASE("A LinkConfig keeps every value through JSON") {
  LinkConfig config("Net");
  config.set("flag", true)
      .set("count", -3)
      .set("third", 1.0 / 3)
      .set("whole", 2.0)
      .set("name", "a \"b\" \xC3\xA4")
      .set("dtype", Dtype::float64)
      .set("sizes", std::vector<std::size_t>{30, 0, 2})
      .set("none", std::vector<std::size_t>())
      .set("layers", std::vector<LinkConfig>{LinkConfig("relu"), LinkConfig("elu").set("argument", 0.1)});
  LinkConfig again = LinkConfig::from_json(config.to_json());
  CHECK(again == config);
  CHECK(again.kind() == "Net");
  CHECK(again.flag("flag"));
  CHECK(again.integer("count") == -3);
  CHECK(again.number("count") == -3);
  CHECK(again.number("third") == 1.0 / 3);
  CHECK(again.number("whole") == 2);
  CHECK(again.text("name") == "a \"b\" \xC3\xA4");
  CHECK(again.dtype("dtype") == Dtype::float64);
  CHECK(again.sizes("sizes") == std::vector<std::size_t>{30, 0, 2});
  CHECK(again.children("none").empty());
  CHECK(again.children("layers")[1].number("argument") == 0.1);
  CHECK(again.set("count", 4).size("count") == 4);
  CHECK(again != config);
}

TEST_CASE("The errors of a LinkConfig name the link and the value") {
  LinkConfig config("Net");
  config.set("n", -1).set("x", 0.5).set("dtype", "int32");
  CHECK(error_of([&] { config.size("n"); }) ==
        "LinkConfig: Net: \"n\": expected an integer from 0 on, got -1");
  CHECK(error_of([&] { config.size("m"); }) ==
        "LinkConfig: Net: \"m\": expected an integer from 0 on, got nothing");
  CHECK(error_of([&] { config.integer("x"); }) == "LinkConfig: Net: \"x\": expected an integer, got 0.5");
  CHECK(error_of([&] { config.flag("n"); }) == "LinkConfig: Net: \"n\": expected true or false, got -1");
  CHECK(error_of([&] { config.number("dtype"); }) ==
        "LinkConfig: Net: \"dtype\": expected a number, got \"int32\"");
  CHECK(error_of([&] { config.text("x"); }) == "LinkConfig: Net: \"x\": expected a text, got 0.5");
  CHECK(error_of([&] { config.dtype("dtype"); }) ==
        "LinkConfig: Net: \"dtype\": expected \"float32\" or \"float64\", got \"int32\"");
  CHECK(error_of([&] { config.sizes("x"); }) == "LinkConfig: Net: \"x\": expected a list of sizes, got 0.5");
  CHECK(error_of([&] { config.children("x"); }) ==
        "LinkConfig: Net: \"x\": expected a list of links and functions, got 0.5");
  CHECK(error_of([&] { config.set("x", std::numeric_limits<double>::infinity()); }) ==
        "LinkConfig: Net: \"x\" must be a finite number, got inf");
  CHECK(error_of([&] { config.set("kind", 1); }) == "LinkConfig: Net: a value cannot have the name \"kind\"");
  CHECK(error_of([&] { config.set("x", ~std::uint64_t{0}); }) == "LinkConfig: Net: \"x\" must be below 2^63");
  CHECK(config.number("x") == 0.5);
}

TEST_CASE("A LinkConfig refuses JSON that is none of its own") {
  CHECK(error_of([] { LinkConfig::from_json("{\"kind\": \"Net\""); }) ==
        "LinkConfig: expected JSON, got {\"kind\": \"Net\"");
  for (const char* const text :
       {"3", "[]", "{}", "{\"kind\": 3}", "{\"kind\": \"Net\", \"n\": null}",
        "{\"kind\": \"Net\", \"n\": [0.5]}", "{\"kind\": \"Net\", \"n\": [-1]}",
        "{\"kind\": \"Net\", \"n\": [[1]]}", "{\"kind\": \"Net\", \"n\": {\"kind\": \"a\"}}",
        "{\"kind\": \"Net\", \"n\": [{\"kind\": \"a\"}, 1]}",
        "{\"kind\": \"Net\", \"n\": 18446744073709551615}", "{\"kind\": \"Net\", \"n\": 1e999}"}) {
    INFO(text);
    CHECK_THAT(error_of([&] { LinkConfig::from_json(text); }), ContainsSubstring("LinkConfig: "));
  }
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "{\"kind\": \"Sequential\", \"layers\": [";
  for (int i = 0; i < 100; ++i) deep += "]}";
  CHECK_THAT(error_of([&] { LinkConfig::from_json(deep); }), ContainsSubstring("LinkConfig: "));
}

TEST_CASE("A description with a wrong value does not build") {
  const auto error = [](const char* json) {
    return error_of([&] { Network::from_config(LinkConfig::from_json(json)); });
  };
  CHECK_THAT(error(R"({"kind": "Net"})"), ContainsSubstring("Network: no link is registered as \"Net\""));
  CHECK(error(R"({"kind": "Dropout", "ratio": 1.5})") == "dropout: ratio must be in [0, 1), got 1.5");
  CHECK_THAT(error(R"({"kind": "Sequential", "layers": [{"kind": "leaky_relu"}]})"),
             ContainsSubstring("\"argument\": expected a number, got nothing"));
  CHECK_THAT(error(R"({"kind": "Sequential", "layers": [{"kind": "softmax", "argument": 4294967297}]})"),
             ContainsSubstring("\"argument\": expected an axis, got 4294967297"));
  CHECK_THAT(error(R"({"kind": "MLP", "sizes": [3, 2], "activation": [], "dropout": 0, "dtype": "float32"})"),
             ContainsSubstring("expected one activation, got 0"));
  CHECK_THAT(error(R"({"kind": "MLP", "sizes": [3, 2], "activation": [{"kind": "Linear"}], "dropout": 0,
                           "dtype": "float32"})"),
             ContainsSubstring("there is no function \"Linear\""));
}
