#include "tenbin/distributed/data_parallel.h"

#include <cmath>
#include <map>
#include <mutex>

#include "tenbin/distributed/detail/tree_sum.h"
#include "tenbin/tests/catch.h"
#include "tenbin/tests/distributed/parallel_training.h"
#include "tenbin/tests/distributed/thread_ranks.h"
#include "tenbin/tests/function_test.h"
#include "tenbin/tests/training/small_training.h"

using namespace tenbin;
using namespace tenbin::testing;

namespace {

// A value of rank 0, after all ranks have the same one.
template <class T>
T on_all_ranks(std::size_t ranks, const std::function<T(const Communicator&)>& program) {
  std::vector<T> values(ranks);
  on_ranks(ranks, [&](const Communicator& comm) { values[comm.rank()] = program(comm); });
  for (const T& value : values)
    if (!(value == values[0])) throw Error("the ranks have different results");
  return values[0];
}

// All arrays of the batch of a rank, as one batch.
Arrays whole_batch(const Arrays& batch, std::size_t arrays) {
  Arrays whole;
  for (std::size_t a = 0; a < arrays; ++a) {
    Variables parts;
    for (std::size_t i = a; i < batch.size(); i += arrays) parts.push_back(batch[i].astype(Dtype::float64));
    whole.push_back(concat(parts, 0).data().astype(batch[a].dtype()));
  }
  return whole;
}

using Loss = std::function<Variable(const ParallelNet& model, const Array& x, const Array& t)>;

struct OneStep {
  double loss;
  std::vector<double> gradient;
  std::vector<double> state;
};

// A step by DataParallel, with the gradients that the optimizer got, and the same step by hand.
std::pair<OneStep, OneStep> parallel_and_plain(const Loss& loss, std::size_t batch_size,
                                               std::size_t shards = 8) {
  const auto step_of = [&](bool is_parallel) {
    random::seed(1);
    const ParallelNet model(0);
    SGD optimizer({.lr = 0.1});
    optimizer.setup(model);
    const auto batches = batch_source(scatter(three_classes(), Communicator(), {.shards = shards}),
                                      {.batch_size = batch_size, .seed = 5});
    const Arrays batch = batches->next();
    OneStep step{};
    if (is_parallel) {
      DataParallel parallel(optimizer, {}, {.shards = shards});
      step.loss = parallel.update([&](const Array& x, const Array& t) { return loss(model, x, t); }, batch);
    } else {
      const Arrays whole = whole_batch(batch, 2);
      Variable value = loss(model, whole[0], whole[1]);
      value.backward();
      optimizer.update();
      step.loss = value.item();
    }
    for (const Parameter& parameter : model.params())
      if (parameter.grad())
        for (const double g : parameter.grad().to_vector<double>()) step.gradient.push_back(g);
    for (const auto& [path, array] : model.state_arrays())
      for (const double value : array.to_vector<double>()) step.state.push_back(value);
    return step;
  };
  return {step_of(true), step_of(false)};
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

void check_same(const Loss& loss, std::size_t batch_size = 64) {
  const auto [parallel, plain] = parallel_and_plain(loss, batch_size);
  CHECK(parallel.loss == Approx(plain.loss).epsilon(1e-6));
  CHECK(largest_difference(parallel.gradient, plain.gradient) < 1e-6);
  CHECK(largest_difference(parallel.state, plain.state) < 1e-6);
}

}  // namespace

TEST_CASE("a training has the same bits on any number of ranks", "[threads]") {
  const auto optimizer = GENERATE(as<std::string>(), "SGD", "MomentumSGD", "Adam");
  const auto normalize = GENERATE(Normalize::valid_count, Normalize::batch_size, Normalize::weight_sum);
  const auto train = [&](const Communicator& comm) {
    return train_in_parallel(comm, optimizer, normalize, 12);
  };
  const std::uint64_t expected = train(Communicator());
  for (const std::size_t ranks : {2u, 3u, 8u}) {
    CAPTURE(optimizer, ranks);
    CHECK(on_all_ranks<std::uint64_t>(ranks, train) == expected);
  }
}

TEST_CASE("a step on shards is the step on the whole batch") {
  const Array weight = Array{0.3f, 1.7f, 6.f};
  SECTION("softmax cross entropy, every divisor, ignored labels") {
    const auto normalize = GENERATE(Normalize::valid_count, Normalize::batch_size, Normalize::weight_sum);
    const auto ignored = GENERATE(as<std::int64_t>(), -1, 1);
    check_same([&](const ParallelNet& model, const Array& x, const Array& t) {
      return softmax_cross_entropy(model(x), t,
                                   {.normalize = normalize, .class_weight = weight, .ignore_label = ignored});
    });
  }
  SECTION("fewer rows than shards") {
    check_same([&](const ParallelNet& model, const Array& x,
                   const Array& t) { return softmax_cross_entropy(model(x), t, {.class_weight = weight}); },
               3);
  }
  SECTION("sums, and several losses") {
    check_same([&](const ParallelNet& model, const Array& x, const Array& t) {
      const Variable y = model(x);
      return 0.01 * softmax_cross_entropy(y, t, {.reduce = Reduce::sum}) + softmax_focal_loss(y, t);
    });
  }
  SECTION("soft targets") {
    const auto normalize = GENERATE(Normalize::valid_count, Normalize::weight_sum);
    check_same([&](const ParallelNet& model, const Array& x, const Array& t) {
      Array q = Array::full({t.size(), 3}, 0.1);
      for (std::size_t i = 0; i < t.size(); ++i)
        q.data<float>()[3 * i + std::size_t(t.data<std::int32_t>()[i])] = 0.8f;
      return softmax_cross_entropy(model(x), q, {.normalize = normalize, .class_weight = weight});
    });
  }
  SECTION("sigmoid losses") {
    check_same([&](const ParallelNet& model, const Array& x, const Array& t) {
      const Variable y = reshape(get_item(model(x), {Slice::all(), 1}), {t.size()});
      Array is_one = Array::zeros({t.size()}, Dtype::int32);
      for (std::size_t i = 0; i < t.size(); ++i)
        is_one.data<std::int32_t>()[i] = t.data<std::int32_t>()[i] == 1;
      return sigmoid_cross_entropy(y, is_one, {.pos_weight = Array{3.f}}) + sigmoid_focal_loss(y, is_one);
    });
  }
  SECTION("losses against numbers") {
    check_same([&](const ParallelNet& model, const Array& x, const Array&) {
      const Variable y = model(x);
      const Array target = x.astype(Dtype::float32);
      const Variable three = get_item(Variable(target, false), {Slice::all(), Slice(0, 3)});
      return mean_squared_error(y, three) + mean_absolute_error(y, three) +
             batch_mean(huber_loss(y, three, 0.5)) +
             0.1 * hinge(y, Array::zeros({y.shape()[0]}, Dtype::int32));
    });
  }
  SECTION("a term that does not depend on rows counts once") {
    check_same([&](const ParallelNet& model, const Array& x, const Array& t) {
      return softmax_cross_entropy(model(x), t) + 0.1 * sum(square(model.l1.W));
    });
  }
  SECTION("logit adjustment and margins") {
    check_same([&](const ParallelNet& model, const Array& x, const Array& t) {
      const Variable y = model(x);
      return logit_adjusted_cross_entropy(y, t, log_prior({213, 70, 18})) +
             ldam_loss(y, t, Array{0.1f, 0.2f, 0.5f}, {.class_weight = weight}, 2);
    });
  }
}

TEST_CASE("the mean of the shards' weighted means is another loss") {
  // What averaging over ranks computes: the test above would find it.
  const Array weight = Array{0.3f, 1.7f, 6.f};
  const Loss loss = [&](const ParallelNet& model, const Array& x, const Array& t) {
    return softmax_cross_entropy(model.l2(relu(model.l1(x))), t,
                                 {.normalize = Normalize::weight_sum, .class_weight = weight});
  };
  const auto [parallel, plain] = parallel_and_plain(loss, 45);
  CHECK(parallel.loss == Approx(plain.loss).epsilon(1e-6));
  random::seed(1);
  const ParallelNet model(0);
  const Arrays batch =
      batch_source(scatter(three_classes(), Communicator()), {.batch_size = 45, .seed = 5})->next();
  double mean = 0;
  for (std::size_t i = 0; i < 8; ++i) mean += loss(model, batch[2 * i], batch[2 * i + 1]).item() / 8;
  CHECK(std::abs(mean - plain.loss) > 0.005);
}

TEST_CASE("a loss that only knows a shard is an error") {
  const ParallelNet model;
  SGD optimizer({.lr = 0.1});
  optimizer.setup(model);
  DataParallel parallel(optimizer);
  const auto batches = batch_source(scatter(three_classes(), Communicator()), {.batch_size = 64, .seed = 5});
  const std::uint64_t before = hash_of_state(model.l1);
  const auto update = [&](const LossFunction& loss) { return parallel.update(loss, batches->next()); };

  CHECK_THROWS_WITH(update([&](const Array& x, const Array& t) {
                      return mean(softmax_cross_entropy(model(x), t, {.reduce = Reduce::no}));
                    }),
                    ContainsSubstring("DataParallel: the losses of shards 0 and 1 differ: ") &&
                        ContainsSubstring("use a loss of this library, or batch_mean instead of mean"));
  CHECK_THROWS_WITH(update([&](const Array& x, const Array& t) -> Variable {
                      if (t.data<std::int32_t>()[0] == 0)
                        return softmax_cross_entropy(model.l2(relu(model.l1(x))), t);
                      return sum(model.l1(x));
                    }),
                    ContainsSubstring("the loss must call the same functions for every shard"));
  int calls = 0;
  CHECK_THROWS_WITH(update([&](const Array& x, const Array& t) -> Variable {
                      if (++calls == 3) throw Error("the third shard");
                      return softmax_cross_entropy(model(x), t);
                    }),
                    "the third shard");
  CHECK_THROWS_WITH(parallel.update([&](const Array&, const Array&) { return Variable(); }, batches->next()),
                    "DataParallel: the loss function must return the loss");
  CHECK_THROWS_WITH(
      parallel.update([&](const Array& x, const Array& t) { return softmax_cross_entropy(model(x), t); },
                      Arrays{Array::zeros({3, 6}), Array::zeros({3}, Dtype::int32)}),
      ContainsSubstring("DataParallel: expected the arrays of each of 8 shards, got 2 arrays"));
  CHECK(hash_of_state(model.l1) == before);
  // After errors, the next step is a step as any other.
  CHECK(update([&](const Array& x, const Array& t) { return softmax_cross_entropy(model(x), t); }) > 0);
  CHECK(hash_of_state(model.l1) != before);
  CHECK_THROWS_WITH(DataParallel(optimizer, {}, {.shards = 0}),
                    "DataParallel: expected as many shards as ranks or more, got 0 shards for 1 ranks");
}

TEST_CASE("an error on one rank is an error on all", "[threads]") {
  const auto errors = errors_on_ranks(3, [](const Communicator& comm) {
    random::seed(7);
    const ParallelNet model;
    SGD optimizer({.lr = 0.1});
    optimizer.setup(model);
    DataParallel parallel(optimizer, comm);
    const auto batches = batch_source(scatter(three_classes(), comm), {.batch_size = 64, .seed = 5});
    for (int i = 0; i < 3; ++i)
      parallel.update(
          [&](const Array& x, const Array& t) {
            if (comm.rank() == 1 && i == 2) throw Error("the disk is full");
            return softmax_cross_entropy(model(x), t);
          },
          batches->next());
  });
  CHECK(errors ==
        std::vector<std::string>{"rank 1: the disk is full", "the disk is full", "rank 1: the disk is full"});
}

TEST_CASE("ranks whose models or random numbers differ get an error", "[threads]") {
  const auto train = [](const Communicator& comm, std::size_t width, std::uint64_t seed) {
    random::seed(seed);
    const MLP model({6, width, 3});
    SGD optimizer({.lr = 0.1});
    optimizer.setup(model);
    DataParallel parallel(optimizer, comm);
    const auto batches = batch_source(scatter(three_classes(), comm), {.batch_size = 64, .seed = 5});
    parallel.update([&](const Array& x, const Array& t) { return softmax_cross_entropy(model(x), t); },
                    batches->next());
    return hash_of_state(model);
  };
  const auto widths = errors_on_ranks(2, [&](const Communicator& comm) { train(comm, 8 + comm.rank(), 1); });
  CHECK(widths[0] ==
        "DataParallel: the models or optimizers of ranks 0 and 1 differ: 0/W float32(8, 6) and 0/W "
        "float32(9, 6)");
  const auto seeds = errors_on_ranks(2, [&](const Communicator& comm) { train(comm, 8, comm.rank()); });
  CHECK_THAT(seeds[0], ContainsSubstring("DataParallel: the random numbers of the ranks differ"));
  const auto many = errors_on_ranks(9, [&](const Communicator& comm) { train(comm, 8, 1); });
  CHECK(many[8] == "DataParallel: expected as many shards as ranks or more, got 8 shards for 9 ranks");
}

TEST_CASE("rank 0 sends its parameters, also those that had no size, and the optimizer's state",
          "[threads]") {
  const auto train = [](const Communicator& comm) {
    random::seed(1);
    const Linear first(std::size_t{8}), second(8, 3);
    const Sequential model(first, BatchNormalization(8), relu, second);
    MomentumSGD optimizer({.lr = 0.1});
    optimizer.setup(model);
    if (!comm.is_first()) {  // all that the others have is replaced
      for (auto [path, array] : model.state_arrays())
        if (array) array.fill(9);
      for (auto [path, array] : optimizer.state_arrays()) array.fill(7);
    }
    DataParallel parallel(optimizer, comm);
    const auto batches = batch_source(scatter(three_classes(), comm), {.batch_size = 64, .seed = 5});
    for (int i = 0; i < 3; ++i)
      parallel.update([&](const Array& x, const Array& t) { return softmax_cross_entropy(model(x), t); },
                      batches->next());
    if (optimizer.t() != 3) throw Error("another number of updates");
    return hash_of_state(model);
  };
  CHECK(on_all_ranks<std::uint64_t>(3, train) == train(Communicator()));
}

TEST_CASE("groups, frozen and shared parameters are updated as in one process", "[threads]") {
  const auto train = [](const Communicator& comm) {
    random::seed(1);
    struct Net : Chain {
      Linear l1 = link("l1", Linear(6, 6));
      Linear again = link("again", l1);  // the same parameters
      Linear frozen = link("frozen", Linear(6, 6));
      Linear l2 = link("l2", Linear(6, 3));
      Variable operator()(const Variable& x) const { return l2(relu(frozen(relu(again(relu(l1(x))))))); }
    };
    const Net model;
    Link(model.frozen).disable_update();
    SGD optimizer({.lr = 0.1});
    optimizer.setup(model);
    optimizer.group("l2/*", {.lr = 0.5}).add_hook(WeightDecay(0.1));
    DataParallel parallel(optimizer, comm);
    const auto batches = batch_source(scatter(three_classes(), comm), {.batch_size = 64, .seed = 5});
    for (int i = 0; i < 3; ++i)
      parallel.update([&](const Array& x, const Array& t) { return softmax_cross_entropy(model(x), t); },
                      batches->next());
    return parameters_of(model);
  };
  const std::vector<double> alone = train(Communicator());
  CHECK(on_all_ranks<std::vector<double>>(2, train) == alone);
}

TEST_CASE("parameters and hyperparameters that differ between ranks are an error", "[threads]") {
  const auto errors_of = [](auto change) {
    return errors_on_ranks(2, [&](const Communicator& comm) {
      random::seed(1);
      const MLP model({6, 4, 3});
      SGD optimizer({.lr = 0.1});
      optimizer.setup(model);
      DataParallel parallel(optimizer, comm);
      const auto batches = batch_source(scatter(three_classes(), comm), {.batch_size = 64, .seed = 5});
      for (int i = 0; i < 3; ++i) {
        if (comm.rank() == 1 && i == 1) change(model, optimizer);
        parallel.update([&](const Array& x, const Array& t) { return softmax_cross_entropy(model(x), t); },
                        batches->next());
      }
    });
  };
  const auto rate = errors_of([](const MLP&, SGD& optimizer) { optimizer.hyperparam.lr = 0.2; });
  const auto weights = errors_of([](const MLP& model, SGD&) { Array(model[0].W.data()).fill(0); });
  for (const auto& errors : {rate, weights})
    for (const std::string& error : errors)
      CHECK_THAT(error, ContainsSubstring("the parameters or hyperparameters of the ranks differ"));
}

TEST_CASE("reports of shards are means over the rows of the batch", "[threads]") {
  const auto train = [](const Communicator& comm) {
    random::seed(7);
    const ParallelNet model(0);
    Adam optimizer({.alpha = 0.01});
    optimizer.setup(model);
    DataParallel parallel(optimizer, comm);
    Updater updater(batch_source(scatter(three_classes(), comm), {.batch_size = 45, .seed = 5}), optimizer,
                    parallel.step([&](const Array& x, const Array& t) {
                      const Variable y = model(x);
                      report("accuracy", accuracy(y.data(), t));
                      return softmax_cross_entropy(y, t);
                    }));
    Observation observation;
    updater.update(observation);
    double weight = 0;
    observation.for_each([&](const Observation::Entry& entry) { weight = entry.weight; });
    return std::vector<double>{*observation.get("main/accuracy"), *observation.get("main/loss"), weight};
  };
  const std::vector<double> alone = train(Communicator());
  CHECK(on_all_ranks<std::vector<double>>(3, train) == alone);
  CHECK(alone[2] == 45);
  CHECK(std::abs(alone[0] * 45 - std::round(alone[0] * 45)) < 1e-9);  // of 45 rows
}

TEST_CASE("gradients of shards are added as a binary tree, on any number of ranks", "[threads]") {
  const auto shards = GENERATE(as<std::size_t>(), 1, 2, 3, 5, 8, 11);
  const auto size = GENERATE(as<std::size_t>(), 0, 1, 7, 1000);
  const auto sum_of = [&](const Communicator& comm) {
    const detail::ShardRange range(shards, comm);
    std::vector<Array> terms;
    for (std::size_t i = range.first; i < range.last; ++i)
      terms.push_back(random::Generator(i).normal({size}, 0, 1e3));
    Array sum = Array::empty({size});
    detail::tree_sum(comm, range, terms, sum);
    return sum.to_vector<double>();
  };
  const std::vector<double> alone = sum_of(Communicator());
  for (std::size_t ranks = 2; ranks <= shards; ++ranks)
    CHECK(on_all_ranks<std::vector<double>>(ranks, sum_of) == alone);
  std::vector<double> exact(size, 0);
  for (std::size_t i = 0; i < shards; ++i) {
    const auto term = random::Generator(i).normal({size}, 0, 1e3).to_vector<double>();
    for (std::size_t j = 0; j < size; ++j) exact[j] += term[j];
  }
  CHECK(largest_difference(alone, exact) < 1e-2);
}

TEST_CASE("a step on shards on any device, with the bits of one rank on two", "[gpu][threads]") {
  for (const Device device : devices()) {
    const auto train = [&](const Communicator& comm) {
      random::seed(7);
      ParallelNet model(0);
      model.to(device);
      SGD optimizer({.lr = 0.05});
      optimizer.setup(model);
      optimizer.add_hook(GradientClipping(0.5));
      DataParallel parallel(optimizer, comm, {.shards = 3});
      const auto batches =
          batch_source(scatter(comm.is_first() ? three_classes(60) : Dataset(), comm, {.shards = 3}),
                       {.batch_size = 25, .seed = 5});
      const Array weight = Array{0.3f, 1.7f, 6.f}.to(device);
      for (int i = 0; i < 4; ++i) {
        Arrays batch = batches->next();
        for (Array& array : batch) array = array.to(device);
        parallel.update(
            [&](const Array& x, const Array& t) {
              const Variable y = model(x);
              return softmax_cross_entropy(y, t,
                                           {.normalize = Normalize::weight_sum, .class_weight = weight}) +
                     softmax_focal_loss(y, t) + mean_squared_error(y, y * 0.5);
            },
            batch);
      }
      std::vector<double> state;
      for (const auto& [path, array] : model.state_arrays())
        for (const double value : array.to_vector<double>()) state.push_back(value);
      return state;
    };
    const std::vector<double> alone = train(Communicator());
    CHECK(on_all_ranks<std::vector<double>>(2, train) == alone);
    static std::vector<double> on_cpu;
    if (device.is_cpu()) on_cpu = alone;
    CHECK(largest_difference(alone, on_cpu) < 1e-4);
  }
}
