// Decides on the payments in tomorrow.csv by the model in fraud.npz, and writes decisions.csv.
#include <tenbin/tenbin.h>

#include <iostream>

using namespace tenbin;

int main() try {
  const Table table = load_csv("tomorrow.csv");
  const Predictions p = Predictor::load("fraud.npz")(table, {.missing_columns = Unknown::missing});
  for (const TransformWarning& warning : p.warnings) std::cerr << warning.text << '\n';
  write_csv(p.table({table["id"]}), "decisions.csv");
} catch (const Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
