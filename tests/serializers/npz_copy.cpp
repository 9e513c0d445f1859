// Copies the arrays of one .npz file to another: npz_copy FROM TO [stored]. NumPy compares the two.
#include <cstdio>

#include "tenbin/serializers/npz.h"

int main(int argc, char** argv) try {
  if (argc < 3) return 2;
  const tenbin::NpzReader reader(argv[1]);
  tenbin::NamedArrays arrays;
  for (const std::string& key : reader.keys()) arrays.emplace_back(key, reader.read(key));
  tenbin::save_npz(argv[2], arrays, argc == 3);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
