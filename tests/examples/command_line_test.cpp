#include "tenbin/examples/common/command_line.h"

#include <sstream>

#include "tenbin/cuda/runtime.h"
#include "tenbin/tests/catch.h"

using tenbin::examples::CommandLine;

namespace {

struct Values {
  std::size_t epochs = 20;
  int shift = -3;
  double rate = 0.001;
  bool quick = false;
  std::string name = "mlp";
  tenbin::Device device;
};

struct Outcome {
  Values values;
  std::optional<int> exit_code;
  std::string out;
  std::string error;
};

Outcome parse(std::vector<const char*> arguments) {
  Outcome outcome;
  CommandLine command_line("Trains.");
  command_line.add("epochs", outcome.values.epochs, "passes over the data");
  command_line.add("shift", outcome.values.shift, "moves it");
  command_line.add("rate", outcome.values.rate, "step size");
  command_line.add("quick", outcome.values.quick, "less of everything");
  command_line.add("name", outcome.values.name, "what it is called");
  command_line.add("device", outcome.values.device, "where to run");
  arguments.insert(arguments.begin(), "demo");
  std::ostringstream out;
  std::ostringstream error;
  outcome.exit_code = command_line.parse(static_cast<int>(arguments.size()), arguments.data(), out, error);
  outcome.out = out.str();
  outcome.error = error.str();
  return outcome;
}

void check_mistake(std::vector<const char*> arguments, const std::string& text) {
  const Outcome outcome = parse(std::move(arguments));
  CHECK(outcome.exit_code == 2);
  CHECK(outcome.out.empty());
  CHECK(outcome.error == "demo: " + text + "; --help lists the options\n");
}

}  // namespace

TEST_CASE("CommandLine keeps the defaults") {
  const Outcome outcome = parse({});
  CHECK_FALSE(outcome.exit_code);
  CHECK(outcome.values.epochs == 20);
  CHECK(outcome.values.name == "mlp");
  CHECK(outcome.values.device == tenbin::Device::cpu());
  CHECK((outcome.out + outcome.error).empty());
}

TEST_CASE("CommandLine reads values in both spellings, and flags") {
  const Outcome outcome = parse({"--epochs", "5", "--rate=2.5e-4", "--shift", "-7", "--quick", "--name=cnn"});
  CHECK_FALSE(outcome.exit_code);
  CHECK(outcome.values.epochs == 5);
  CHECK(outcome.values.rate == 2.5e-4);
  CHECK(outcome.values.shift == -7);
  CHECK(outcome.values.quick);
  CHECK(outcome.values.name == "cnn");
  CHECK_FALSE(parse({"--quick", "--quick=false"}).values.quick);
  CHECK(parse({"--epochs=1", "--epochs=2"}).values.epochs == 2);
  CHECK(parse({"--name=a=b"}).values.name == "a=b");
  CHECK(parse({"--name="}).values.name.empty());
}

TEST_CASE("CommandLine explains mistakes and leaves with 2") {
  check_mistake({"--epoch", "5"}, "unknown option --epoch");
  check_mistake({"--epoch=5"}, "unknown option --epoch");
  check_mistake({"-h"}, "unexpected argument -h");
  check_mistake({"train"}, "unexpected argument train");
  check_mistake({"--epochs"}, "--epochs needs a value");
  check_mistake({"--epochs", "--quick"}, "--epochs needs a value");
  check_mistake({"--epochs", "-1"}, "--epochs expects an integer >= 0, got '-1'");
  check_mistake({"--epochs=5x"}, "--epochs expects an integer >= 0, got '5x'");
  check_mistake({"--shift", "1.5"}, "--shift expects an integer, got '1.5'");
  check_mistake({"--shift", "99999999999"}, "--shift expects an integer, got '99999999999'");
  check_mistake({"--rate="}, "--rate expects a number, got ''");
  check_mistake({"--rate", "fast"}, "--rate expects a number, got 'fast'");
  check_mistake({"--quick=yes"}, "--quick expects true or false, got 'yes'");
}

TEST_CASE("CommandLine takes a device, if there is one") {
  using tenbin::Device;
  CHECK(parse({"--device", "cpu"}).values.device == Device::cpu());
  const int count = tenbin::gpu::device_count();
  if (count == 0) {
    check_mistake({"--device", "cuda"}, "--device cuda: there is no CUDA device");
    check_mistake({"--device=cuda:0"}, "--device cuda:0: there is no CUDA device");
  } else {
    CHECK(parse({"--device", "cuda"}).values.device == Device::cuda(0));
    const std::string last = "--device=cuda:" + std::to_string(count - 1);
    CHECK(parse({last.c_str()}).values.device == Device::cuda(count - 1));
    check_mistake({"--device=cuda:99"}, "--device cuda:99: there are only " + std::to_string(count) +
                                            " CUDA device(s), counted from 0");
  }
  for (const std::string text : {"gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1.5", "cuda0", "cuda:0 ", ""})
    check_mistake({("--device=" + text).c_str()}, "--device expects cpu, cuda or cuda:N, got '" + text + "'");
}

TEST_CASE("CommandLine prints its help and leaves with 0") {
  const Outcome outcome = parse({"--epochs", "5", "--help"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.error.empty());
  CHECK(outcome.out ==
        "Trains.\n"
        "\n"
        "Usage: demo [options]\n"
        "\n"
        "  --epochs <20>   passes over the data\n"
        "  --shift <-3>    moves it\n"
        "  --rate <0.001>  step size\n"
        "  --quick         less of everything\n"
        "  --name <mlp>    what it is called\n"
        "  --device <cpu>  where to run\n"
        "  --help          this text; <> are the defaults\n");
}
