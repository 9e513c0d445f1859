// The command line of an example: --name value, --name=value, flags and --help.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tenbin/core/device.h"

namespace tenbin::examples {

/// Variables that the command line may set. Their values before parsing are the defaults.
///
///     std::size_t epochs = 20;
///     bool quick = false;
///     CommandLine command_line("Trains an MLP on MNIST.");
///     command_line.add("epochs", epochs, "passes over the training set");
///     command_line.add("quick", quick, "train on a tenth of the data");
///     if (const auto exit_code = command_line.parse(argc, argv, std::cout, std::cerr)) return *exit_code;
class CommandLine {
 public:
  using Target = std::variant<bool*, int*, std::size_t*, double*, std::string*, Device*>;

  explicit CommandLine(std::string description) : description_(std::move(description)) {}

  /// The variable must outlive this object. A bool is a flag: `--quick`, or `--quick=false`. A Device is
  /// `cpu`, `cuda` or `cuda:1`; a device that does not exist is a mistake.
  template <class T>
  void add(std::string name, T& variable, std::string description) {
    add_option(std::move(name), &variable, std::move(description));
  }

  /// Sets the variables. No value: continue. A number: return it from main; 0 after --help, which is printed
  /// on `out`; 2 after a mistake in the command line, which is explained on `error`.
  std::optional<int> parse(int argc, const char* const* argv, std::ostream& out, std::ostream& error) const;

  std::string help(const std::string& program) const;

 private:
  struct Option {
    std::string name;
    Target variable;
    std::string description;
    std::string default_value;
  };
  void add_option(std::string name, Target variable, std::string description);
  // Parses the argument at argv[i], and advances i if the value is the next argument. Returns an error text,
  // or an empty one.
  std::string take(int argc, const char* const* argv, int& i) const;

  std::string description_;
  std::vector<Option> options_;
};

}  // namespace tenbin::examples
