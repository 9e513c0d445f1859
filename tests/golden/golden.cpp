#include "tenbin/tests/golden/golden.h"

#include <fstream>
#include <iostream>
#include <sstream>

namespace tenbin::testing {

namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

std::map<std::string, std::string> parse_pairs(const std::string& text) {
  std::map<std::string, std::string> pairs;
  for (const std::string& part : split(text, ';')) {
    const std::size_t equals = part.find('=');
    pairs[part.substr(0, equals)] = part.substr(equals + 1);
  }
  return pairs;
}

}  // namespace

std::string GoldenCase::option(const std::string& name, const std::string& otherwise) const {
  const auto found = options.find(name);
  return found == options.end() ? otherwise : found->second;
}

double GoldenCase::number(const std::string& name, double otherwise) const {
  return options.count(name) > 0 ? std::stod(options.at(name)) : otherwise;
}

bool GoldenCase::flag(const std::string& name, bool otherwise) const {
  return options.count(name) > 0 ? options.at(name) == "true" : otherwise;
}

std::vector<int> GoldenCase::axes(const std::string& name) const {
  std::vector<int> axes;
  if (option(name, "none") == "none") return axes;
  for (const std::string& axis : split(option(name), ',')) axes.push_back(std::stoi(axis));
  return axes;
}

void run_golden(const std::string& group, std::size_t expected_runs,
                const std::function<LeftOut(const GoldenCase&)>& check) {
  const bool has_folder = group.find('/') != std::string::npos;
  const std::string stem = std::string(TENBIN_TEST_DATA) + (has_folder ? "/" : "/golden/") + group;
  const NpzReader arrays(stem + ".npz");
  std::ifstream lines(stem + ".tsv");
  REQUIRE(lines);
  std::size_t total = 0, ran = 0;
  std::map<std::string, std::vector<std::string>> left_out;  // reason -> ids
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string> columns = split(line, '\t');
    columns.resize(5);
    const GoldenCase golden{
        columns[0], columns[1], parse_pairs(columns[2]), parse_pairs(columns[3]), parse_pairs(columns[4]),
        &arrays};
    CAPTURE(group, golden.id);
    ++total;
    const LeftOut reason = check(golden);
    if (reason.empty()) {
      ++ran;
    } else {
      left_out[reason].push_back(golden.id);
    }
  }
  std::cout << "golden " << group << ": " << ran << " of " << total << " cases ran\n";
  for (const auto& [reason, ids] : left_out) {
    std::cout << "  left out, " << reason << ":";
    for (const std::string& id : ids) std::cout << ' ' << id;
    std::cout << '\n';
  }
  CHECK(ran == expected_runs);
}

void check_golden(const GoldenCase& golden, const Array& actual, const Array& expected) {
  CHECK(actual.shape() == expected.shape());
  if (golden.is_float32()) {
    check_close(values(actual), values(expected), 1e-6, 1e-5);
  } else {
    check_close(values(actual), values(expected), 1e-12, 1e-12);
  }
}

void check_golden_function(const GoldenCase& golden, const std::vector<std::string>& roles,
                           const std::function<Variable(const Variables&)>& function) {
  for (const Device device : devices()) {
    CAPTURE(device);
    Variables xs;
    for (const std::string& role : roles) xs.push_back(Variable(golden.input(role).to(device)));
    Variable y = function(xs);
    check_golden(golden, y.data(), golden.output("y"));
    const Array gy = golden.has_input("gy") ? golden.input("gy") : Array::ones(y.shape(), y.dtype());
    y.set_grad(gy.to(device));
    y.backward();
    for (std::size_t i = 0; i < roles.size(); ++i) {
      INFO("gradient of " << roles[i]);
      REQUIRE(golden.has_output("g" + roles[i]));
      check_golden(golden, xs[i].grad(), golden.output("g" + roles[i]));
    }
  }
}

}  // namespace tenbin::testing
