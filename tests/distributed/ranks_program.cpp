// What the tests start by mpirun, with any number of ranks, and by itself:
//
//   ranks_program hash OPTIMIZER NORMALIZE STEPS    trains and prints the hash of the model
//   ranks_program train DIRECTORY                   trains with snapshots, which it resumes, and prints it,
//   too ranks_program fail                              rank 1 throws ranks_program leave rank 1 ends before
//   the others
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "tenbin/distributed.h"
#include "tenbin/tests/distributed/parallel_training.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

Normalize normalize_of(const std::string& name) {
  if (name == "valid_count") return Normalize::valid_count;
  if (name == "batch_size") return Normalize::batch_size;
  if (name == "weight_sum") return Normalize::weight_sum;
  throw Error("no normalize ", name);
}

// Writes the number of this process, for a test that kills it.
void train(const Communicator& comm, const std::string& directory) {
  if (comm.is_first()) std::filesystem::create_directories(directory);
  comm.barrier();
  const std::string pid = directory + "/pid." + std::to_string(comm.rank());
  std::ofstream(pid + ".new") << ::getpid() << std::endl;
  std::filesystem::rename(pid + ".new", pid);
  random::seed(7);
  const ParallelNet model;
  Adam optimizer({.alpha = 0.01});
  optimizer.setup(model);
  optimizer.add_hook(GradientClipping(0.5));
  DataParallel parallel(optimizer, comm);
  const ShardedDataset data = scatter(comm.is_first() ? three_classes() : Dataset(), comm);
  const ShardedDataset valid = scatter(comm.is_first() ? three_classes(90, 12) : Dataset(), comm);
  Trainer trainer(
      Updater(batch_source(data, {.batch_size = 32}), optimizer,
              parallel.step([&](const Array& x, const Array& t) {
                return softmax_cross_entropy(model(x), t, {.class_weight = Array{0.5f, 1.f, 4.f}});
              })),
      {.stop = Epochs(30), .out = directory, .peers = peers(comm)});
  trainer.extend(
      evaluator(valid, [&](const Variable& x) { return softmax(model(x)); }, {{"f1", &ConfusionMatrix::f1}}));
  trainer.extend(LogReport());
  trainer.extend(Snapshot({.trigger = Iterations(5), .n_retains = 2, .autoload = true}));
  // Slower than the machine, so that a test can kill it in the middle.
  trainer.extend([](Trainer&) { std::this_thread::sleep_for(std::chrono::milliseconds(2)); },
                 {.trigger = Iterations(1)});
  trainer.run();
  if (comm.is_first()) std::cout << std::hex << hash_of_state(model) << '\n';
}

void program(const Communicator& comm, const std::vector<std::string>& arguments) {
  const std::string& what = arguments.at(0);
  if (what == "hash") {
    const std::uint64_t hash =
        train_in_parallel(comm, arguments.at(1), normalize_of(arguments.at(2)), std::stoul(arguments.at(3)));
    // Of every rank, so that one that differs is seen.
    for (const Array& other :
         comm.allgather(Array(std::vector<std::int64_t>{static_cast<std::int64_t>(hash)})))
      if (static_cast<std::uint64_t>(other.item<std::int64_t>()) != hash) throw Error("the ranks differ");
    if (comm.is_first()) std::cout << std::hex << hash << '\n';
  } else if (what == "train") {
    train(comm, arguments.at(1));
  } else if (what == "fail") {
    comm.barrier();
    if (comm.rank() == 1) throw Error("the disk is full");
    comm.barrier();
  } else if (what == "leave") {
    if (comm.rank() == 1) return;
    comm.barrier();
  } else {
    throw Error("ranks_program: no program '", what, "'");
  }
}

}  // namespace

int main(int argc, char** argv) {
  return run([&](const Communicator& comm) { program(comm, {argv + 1, argv + argc}); });
}
