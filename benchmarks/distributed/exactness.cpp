// How far a training on shards is from the one on whole batches: the largest difference of the weights.
//
//   [mpirun -n RANKS] exactness FILE EPOCHS
//
// FILE (npz) has x, t, weight, order (the rows of all batches), batch_size, and the initial W1, b1, W2, b2 of
// an MLP, of which ddp.py trains the same one with PyTorch. SGD, rate 0.1; softmax cross entropy with class
// weights, divided by the weights of the batch. The last batch of an epoch is shorter.
#include <tenbin/distributed.h>
#include <tenbin/tenbin.h>

#include <iostream>
#include <map>
#include <string>
#include <vector>

using namespace tenbin;

namespace {

struct Net : Chain {
  Net(std::size_t in, std::size_t hidden, std::size_t out)
      : l1(link("l1", Linear(in, hidden))), l2(link("l2", Linear(hidden, out))) {}
  Linear l1, l2;
  Variable operator()(const Variable& x) const { return l2(relu(l1(x))); }
};

std::vector<Array> arrays_of(const Net& model) {
  return {model.l1.W.data(), model.l1.b.data(), model.l2.W.data(), model.l2.b.data()};
}

void measure(const Communicator& comm, const std::vector<std::string>& arguments) {
  const NpzReader file(arguments.at(0));
  const auto read = [&](const char* name) { return file.read(name); };
  const std::size_t epochs = std::stoul(arguments.at(1));
  const Dataset data(read("x"), read("t"));
  const Array weight = read("weight");
  const auto batch_size = static_cast<std::size_t>(read("batch_size").item());
  const std::vector<std::int64_t> order = read("order").to_vector<std::int64_t>();
  std::vector<Array> trained[2];
  for (const bool is_whole : {false, true}) {
    Net model(read("W1").shape()[1], read("W1").shape()[0], read("W2").shape()[0]);
    const std::vector<const char*> names = {"W1", "b1", "W2", "b2"};
    std::vector<Array> initial = arrays_of(model);
    for (std::size_t i = 0; i < 4; ++i) initial[i].assign(read(names[i]));
    SGD optimizer({.lr = 0.1});
    optimizer.setup(model);
    DataParallel parallel(optimizer, comm);
    const LossFunction loss = [&](const Array& x, const Array& t) {
      return softmax_cross_entropy(model(x), t, {.normalize = Normalize::weight_sum, .class_weight = weight});
    };
    for (std::size_t e = 0; e < epochs; ++e)
      for (std::size_t begin = 0; begin < order.size(); begin += batch_size) {
        const std::size_t end = std::min(begin + batch_size, order.size());
        const Dataset batch = data.subset({order.begin() + static_cast<std::ptrdiff_t>(begin),
                                           order.begin() + static_cast<std::ptrdiff_t>(end)});
        if (is_whole) {
          Variable value = loss(Arrays{batch.x, batch.t});
          model.cleargrads();
          value.backward();
          optimizer.update();
        } else {
          const ShardedDataset shards = scatter(batch, comm);
          parallel.update(loss, batch_source(shards, {.batch_size = batch.size(), .shuffle = false})->next());
        }
      }
    for (const Array& array : arrays_of(model)) trained[is_whole].push_back(array.copy());
  }
  double largest = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto a = trained[0][i].to_vector<double>(), b = trained[1][i].to_vector<double>();
    for (std::size_t j = 0; j < a.size(); ++j) largest = std::max(largest, std::abs(a[j] - b[j]));
  }
  if (comm.is_first())
    std::cout << "{\"ranks\": " << comm.size() << ", \"largest_difference\": " << largest << "}\n";
}

}  // namespace

int main(int argc, char** argv) {
  return run([&](const Communicator& comm) { measure(comm, {argv + 1, argv + argc}); });
}
