// Memory allocation fails at every allocation through load, train, save and load, with 1 and with 4 threads:
// once, or from there on. Each failure may only cause an exception: no crash, no leak, no change of existing
// data, and the same bits as usual on the next try.
//
// This program's malloc replaces that of the C library, for all libraries and for operator new.
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "tenbin/cpu/gemm.h"
#include "tenbin/tenbin.h"
#include "tenbin/tests/scratch_directory.h"

// ---- malloc ----------------------------------------------------------------------------------------------

namespace {

std::atomic<long> live_blocks{0};
std::atomic<long> calls{0};         // since the failure was set up
std::atomic<long> failing_call{0};  // 0: none
std::atomic<bool> sticky{false};    // whether all later calls fail as well
std::atomic<long> failures{0};

bool fails() {
  const long planned = failing_call;
  if (planned == 0) return false;
  const long call = ++calls;
  const bool fail = sticky ? call >= planned : call == planned;
  if (fail) ++failures;
  return fail;
}

void* counted(void* block) {
  if (block != nullptr) ++live_blocks;
  return block;
}

void* refused() {
  errno = ENOMEM;
  return nullptr;
}

}  // namespace

extern "C" {

void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* block, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
void __libc_free(void* block);

void* malloc(std::size_t bytes) { return fails() ? refused() : counted(__libc_malloc(bytes)); }
void* calloc(std::size_t count, std::size_t bytes) {
  return fails() ? refused() : counted(__libc_calloc(count, bytes));
}
void* realloc(void* block, std::size_t bytes) {
  if (block == nullptr) return malloc(bytes);
  return fails() ? refused() : __libc_realloc(block, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) {
  return fails() ? refused() : counted(__libc_memalign(alignment, bytes));
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) { return memalign(alignment, bytes); }
int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) {
  void* const got = memalign(alignment, bytes);
  if (got == nullptr) return ENOMEM;
  *block = got;
  return 0;
}
void free(void* block) {
  if (block == nullptr) return;
  --live_blocks;
  __libc_free(block);
}

}  // extern "C"

// ---- the scenario ----------------------------------------------------------------------------------------

using namespace tenbin;

namespace {

int reported = 0;

void report(const std::string& what) {
  constexpr int most = 40;
  if (++reported <= most) std::fprintf(stderr, "out_of_memory: %s\n", what.c_str());
}

struct Net : Chain {
  Linear l1, l2, l3;
  explicit Net(std::size_t units) : l1(units), l2(units, units), l3(units, 2) {
    link("l1", l1);
    link("l2", l2);
    link("l3", l3);
  }
  Variable operator()(const Variable& x) const { return l3(relu(l2(relu(l1(x))))); }
};

struct Training {
  Net net;
  Adam optimizer;
  explicit Training(std::size_t units) : net(units) { optimizer.setup(net); }

  void step(const Dataset& data) {
    Variable loss = softmax_cross_entropy(net(data.x), data.t, {.class_weight = Array{1.f, 3.f}});
    net.cleargrads();
    loss.backward();
    optimizer.update();
  }
};

std::string bytes_of(const NamedArrays& arrays) {
  std::string all;
  for (const auto& [name, array] : arrays) {
    all += name;
    if (array) all.append(static_cast<const char*>(array.raw_data()), array.nbytes());
  }
  return all;
}

std::string bytes_of(const std::unique_ptr<Training>& training) {
  if (!training) return "none";
  return bytes_of(training->net.state_arrays()) + bytes_of(training->optimizer.save_state());
}

// The action during which memory fails. `state` must not change if it throws.
struct Stage {
  std::string name;
  std::function<void()> prepare;
  std::function<void()> run;
  std::function<std::string()> state;
};

enum class Outcome { done, thrown, unknown_exception };

Outcome run(const Stage& stage, long failing, bool keep_failing) {
  calls = 0;
  failures = 0;
  sticky = keep_failing;
  failing_call = failing;
  Outcome outcome = Outcome::done;
  try {
    stage.run();
  } catch (const std::bad_alloc&) {
    outcome = Outcome::thrown;
  } catch (const Error&) {
    outcome = Outcome::thrown;
  } catch (...) {
    outcome = Outcome::unknown_exception;
  }
  failing_call = 0;
  return outcome;
}

// One point of failure: `where` is for error messages.
void check_one(const Stage& stage, long failing, bool keep_failing, const std::string& before,
               const std::string& after, const std::string& where) {
  stage.prepare();
  const Outcome outcome = run(stage, failing, keep_failing);
  const bool failed = failures > 0;
  const std::string now = stage.state();
  if (outcome == Outcome::unknown_exception) report(where + "neither std::bad_alloc nor Error");
  if (outcome == Outcome::thrown && !failed) report(where + "an exception without a failure");
  if (outcome == Outcome::done) {
    if (now != after) report(where + "it succeeds, with other bits");
    return;
  }
  if (now != before) report(where + "it throws, and changes the state");
  if (run(stage, 0, false) != Outcome::done) report(where + "it cannot be tried again");
  if (stage.state() != after) report(where + "other bits when tried again");
}

// At every allocation with one thread; at some allocations with several threads, which wait for each other.
void check(const Stage& stage, long most = 1000) {
  if (num_threads() > 1) most = std::min(most, 40L);
  stage.prepare();
  const std::string before = stage.state();
  run(stage, 0, false);
  const std::string after = stage.state();
  for (const bool keep_failing : {false, true}) {
    stage.prepare();
    constexpr long never = 1L << 40;
    run(stage, never, false);
    const long total = calls;
    const long stride = std::max(1L, total / most);
    const auto where = [&](long k) {
      return stage.name + ", " + std::to_string(num_threads()) + " threads, " +
             (keep_failing ? "from allocation " : "allocation ") + std::to_string(k) + " of " +
             std::to_string(total) + ": ";
    };
    long most_blocks = live_blocks;  // after a run that succeeds, as each run below does in the end
    for (long k = 1; k <= total; k += stride) {
      check_one(stage, k, keep_failing, before, after, where(k));
      const long blocks = live_blocks;
      if (blocks > most_blocks) report(where(k) + std::to_string(blocks - most_blocks) + " blocks leak");
      most_blocks = std::max(most_blocks, blocks);
    }
    std::printf("%s, %zu threads, %s: %ld allocations\n", stage.name.c_str(), num_threads(),
                keep_failing ? "sticky" : "single", total);
  }
}

// The pool gets no memory for its threads: the caller does the work.
void check_start_of_threads() {
  std::atomic<std::size_t> sum{0};
  calls = 0;
  sticky = true;
  failing_call = 1;
  parallel_for(100, [&](std::size_t i) { sum += i; });
  failing_call = 0;
  if (sum != 4950) report("parallel_for without memory for threads");
}

// Every thread of the pool, and the libraries used by it, allocate their own memory once.
void warm_up() {
  std::atomic<std::size_t> here{0};
  parallel_for(num_threads(), [&](std::size_t) {
    ++here;
    while (here < num_threads()) std::this_thread::yield();
    const Array a = Array::ones({64, 64});
    Array c = Array::empty({64, 64}, a.dtype());
    cpu::gemm(false, false, 64, 64, 64, a, a, 0, c);
  });
}

void check_all(const testing::ScratchDirectory& scratch) {
  const std::string csv = scratch / "data.csv", folder = scratch / "models", model = folder + "/model.npz",
                    state = folder + "/adam.npz";
  std::filesystem::create_directory(folder);
  std::string text = "age,colour,label\n";
  for (int i = 0; i < 100; ++i)
    text += std::to_string(i * 37 % 101) + ".5," + (i % 3 == 0 ? "red" : "blue") + ',' +
            (i % 7 == 0 ? "1\n" : "0\n");
  testing::write_bytes(csv, text);

  Dataset data;
  const auto load = [&] {
    const Table table = load_csv(csv, {.label = "label"});
    const Array x = table.features({.categories = Categories::codes});
    data = Dataset(StandardScaler(x).transform(x), table.labels());
  };
  check({"load", [&] { data = Dataset(); }, load,
         [&] {
           return bytes_of(NamedArrays{{"x", data.x}, {"t", data.t}});
         }});

  std::unique_ptr<Training> training;
  const auto make = [&](std::size_t units) {
    random::seed(1);
    training = std::make_unique<Training>(units);
  };
  check({"build", [&] { training.reset(); }, [&] { make(5); }, [&] { return bytes_of(training); }});
  const auto step = [&] { training->step(data); };
  // Layers that have taken their size from the batch keep it, whatever fails later.
  const auto after_a_step = [&] { return training->optimizer.t() == 0 ? "no step" : bytes_of(training); };
  check({"first step", [&] { make(5); }, step, after_a_step});
  const auto make_and_step = [&] { make(5), step(); };
  check({"step", make_and_step, step, [&] { return bytes_of(training); }});
  // Large enough for several threads.
  check({"wide step", [&] { make(300), step(); }, step, [&] { return bytes_of(training); }}, 40);

  const auto save = [&] {
    save_npz(model, training->net);
    save_npz(state, training->optimizer);
  };
  make_and_step();
  save();
  const std::string old_model = testing::read_bytes(model), old_state = testing::read_bytes(state);
  step();
  const auto files = [&] {
    return std::to_string(std::distance(std::filesystem::directory_iterator(folder), {})) + " files " +
           testing::read_bytes(model) + testing::read_bytes(state);
  };
  const auto old_files = [&] {
    testing::write_bytes(model, old_model);
    testing::write_bytes(state, old_state);
  };
  check({"save the model", old_files, [&] { save_npz(model, training->net); }, files});
  check({"save the optimizer", old_files, [&] { save_npz(state, training->optimizer); }, files});

  save();
  check({"load the model", make_and_step, [&] { load_npz(model, training->net); },
         [&] { return bytes_of(training); }});
  check({"load the optimizer", make_and_step, [&] { load_npz(state, training->optimizer); },
         [&] { return bytes_of(training); }});
  // With hyperparameters that need another layout of the state.
  training->optimizer.hyperparam = {.alpha = 1e-5, .amsgrad = true};
  step();
  save_npz(state, training->optimizer);
  check({"load another optimizer", make_and_step, [&] { load_npz(state, training->optimizer); },
         [&] { return bytes_of(training); }});
  std::filesystem::remove_all(folder);
}

}  // namespace

int main() {
  memory::set_max_cached_bytes(0);  // every block comes from the system
  const testing::ScratchDirectory scratch;
  for (const std::size_t threads : {1u, 4u}) {
    set_num_threads(threads);
    check_start_of_threads();
    warm_up();
    check_all(scratch);
  }
  if (reported > 0) std::fprintf(stderr, "out_of_memory: %d errors\n", reported);
  return reported == 0 ? 0 : 1;
}
