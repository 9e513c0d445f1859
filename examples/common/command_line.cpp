#include "tenbin/examples/common/command_line.h"

#include <algorithm>
#include <charconv>
#include <ostream>
#include <type_traits>

#include "tenbin/core/text.h"
#include "tenbin/cuda/runtime.h"

namespace tenbin::examples {

namespace {

bool set(bool& variable, const std::string& text) {
  variable = text == "true";
  return variable || text == "false";
}

bool set(std::string& variable, const std::string& text) {
  variable = text;
  return true;
}

bool set(Device& variable, const std::string& text) {
  if (text == "cpu" || text == "cuda") {
    variable = text == "cpu" ? Device::cpu() : Device::cuda(0);
    return true;
  }
  const std::string cuda = "cuda:";
  int index = 0;
  const char* const end = text.data() + text.size();
  if (text.rfind(cuda, 0) != 0) return false;
  const auto [stop, error] = std::from_chars(text.data() + cuda.size(), end, index);
  if (error != std::errc{} || stop != end || index < 0) return false;
  variable = Device::cuda(index);
  return true;
}

// Why a valid value cannot be used here; empty if it can.
template <class T>
std::string unusable(const T&) {
  return "";
}

std::string unusable(Device device) {
  const int count = gpu::device_count();
  if (device.is_cpu() || device.index < count) return "";
  return count == 0 ? "there is no CUDA device"
                    : "there are only " + std::to_string(count) + " CUDA device(s), counted from 0";
}

template <class Number>
bool set(Number& variable, const std::string& text) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return false;
  variable = value;
  return true;
}

bool is_flag(const CommandLine::Target& variable) { return std::holds_alternative<bool*>(variable); }

const char* expected(const CommandLine::Target& variable) {
  constexpr const char* names[] = {"true or false", "an integer", "an integer >= 0",
                                   "a number",      "a text",     "cpu, cuda or cuda:N"};
  return names[variable.index()];
}

std::string to_text(const CommandLine::Target& variable) {
  detail::TextStream out;
  std::visit([&](const auto* value) { out << std::boolalpha << *value; }, variable);
  return out.str();
}

}  // namespace

void CommandLine::add_option(std::string name, Target variable, std::string description) {
  options_.push_back({std::move(name), variable, std::move(description), to_text(variable)});
}

std::optional<int> CommandLine::parse(int argc, const char* const* argv, std::ostream& out,
                                      std::ostream& error) const {
  const std::string program = argc > 0 ? argv[0] : "example";
  for (int i = 1; i < argc; ++i) {
    if (argv[i] == std::string("--help")) {
      out << help(program);
      return 0;
    }
    const std::string mistake = take(argc, argv, i);
    if (mistake.empty()) continue;
    error << program << ": " << mistake << "; --help lists the options\n";
    return 2;
  }
  return std::nullopt;
}

std::string CommandLine::take(int argc, const char* const* argv, int& i) const {
  const std::string argument = argv[i];
  if (argument.rfind("--", 0) != 0) return "unexpected argument " + argument;
  const std::size_t equals = argument.find('=');
  const std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
  const auto option =
      std::find_if(options_.begin(), options_.end(), [&](const Option& o) { return o.name == name; });
  if (option == options_.end()) return "unknown option --" + name;

  std::string value = "true";
  if (equals != std::string::npos) {
    value = argument.substr(equals + 1);
  } else if (!is_flag(option->variable)) {
    if (i + 1 == argc || std::string(argv[i + 1]).rfind("--", 0) == 0) return "--" + name + " needs a value";
    value = argv[++i];
  }
  const bool valid = std::visit([&](auto* variable) { return set(*variable, value); }, option->variable);
  if (!valid) return "--" + name + " expects " + expected(option->variable) + ", got '" + value + "'";
  const std::string reason = std::visit([](auto* variable) { return unusable(*variable); }, option->variable);
  return reason.empty() ? "" : "--" + name + " " + value + ": " + reason;
}

std::string CommandLine::help(const std::string& program) const {
  std::vector<std::string> names;
  std::size_t width = std::string("--help").size();
  for (const Option& option : options_) {
    names.push_back("--" + option.name + (is_flag(option.variable) ? "" : " <" + option.default_value + ">"));
    width = std::max(width, names.back().size());
  }
  const auto line = [&](const std::string& name, const std::string& text) {
    return "  " + name + std::string(width - name.size() + 2, ' ') + text + "\n";
  };
  std::string text = description_ + "\n\nUsage: " + program + " [options]\n\n";
  for (std::size_t i = 0; i < options_.size(); ++i) text += line(names[i], options_[i].description);
  return text + line("--help", "this text; <> are the defaults");
}

}  // namespace tenbin::examples
