#include "tenbin/distributed/data_parallel.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tenbin/core/config.h"
#include "tenbin/core/hash.h"
#include "tenbin/core/random.h"
#include "tenbin/core/text.h"
#include "tenbin/distributed/detail/shard_threads.h"
#include "tenbin/distributed/detail/tree_sum.h"
#include "tenbin/optimizers/detail/shard_gradients.h"

namespace tenbin {

namespace {

using Member = detail::ShardThreads::Member;

constexpr std::uint64_t shard_stream = 0x7368617264;  // "shard" in ASCII

// 53 bits of a hash: exact as a double.
double hash_of(const std::string& text) {
  detail::Fnv1a hash;
  hash.add(text.data(), text.size());
  return static_cast<double>(hash.value() >> 11);
}

bool has_same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

std::string hyperparameters_of(Optimizer& optimizer) {
  detail::TextStream lines;
  lines.precision(std::numeric_limits<double>::max_digits10);
  const auto add = [&](Optimizer& rule) {
    for (const Hyperparameter& each : rule.hyperparameters()) {
      lines << optimizer.name() << ' ' << rule.pattern() << (rule.pattern().empty() ? "" : " ") << each.name
            << ' ';
      std::visit([&](const auto* value) { lines << *value << '\n'; }, each.value);
    }
  };
  add(optimizer);
  for (Optimizer* const group : optimizer.groups()) add(*group);
  return lines.str();
}

// `l1/W float32(8, 30)`, a line for each parameter and persistent value, and `Adam alpha 0.001` for each
// hyperparameter.
std::string description(const Link& model, Optimizer& optimizer) {
  std::string lines;
  for (const auto& [path, array] : model.state_arrays())
    lines += detail::text_of(path, ' ', array.dtype(), array.shape(),
                             array.device().is_cpu() ? "" : " on a GPU", '\n');
  return lines + hyperparameters_of(optimizer);
}

// The first line in which two texts differ.
std::string first_difference(const std::string& a, const std::string& b) {
  std::size_t begin = 0, i = 0;
  for (; i < a.size() && i < b.size() && a[i] == b[i]; ++i)
    if (a[i] == '\n') begin = i + 1;
  const auto line = [&](const std::string& text) {
    return begin < text.size() ? text.substr(begin, text.find('\n', begin) - begin) : std::string("nothing");
  };
  return line(a) + " and " + line(b);
}

}  // namespace

struct DataParallel::State {
  State(Optimizer& its_optimizer, Communicator its_comm, std::size_t shards)
      : optimizer(its_optimizer), comm(std::move(its_comm)), threads(comm, shards) {}

  // A shard of this rank.
  struct Part {
    explicit Part(Optimizer& optimizer) : gradients(optimizer) {}
    Optimizer::ShardGradients gradients;
    Observation reports;
  };

  Optimizer& optimizer;
  Communicator comm;
  detail::ShardThreads threads;
  std::vector<std::unique_ptr<Part>> parts;
  bool has_parameters = false;  // those of rank 0
  bool has_gradients = false;   // once

  // ---- before the first step ----

  bool is_initialized() const {
    bool all = true;
    optimizer.target().visit([&](const Parameter& parameter) { all = all && parameter.is_initialized(); });
    return all;
  }

  void require_initialized() const {
    if (is_initialized()) return;  // as in every step: the paths are for the error alone
    optimizer.target().visit_named([](const std::string& path, const Parameter& parameter) {
      if (!parameter.is_initialized())
        throw Error("DataParallel: the parameter ", path,
                    " has no values yet: give it its size, or use it in the "
                    "loss from the first step on");
    });
  }

  // Parameters without a size get it from a batch without rows, as they would from one with rows. The ranks'
  // random numbers stay the same, whether a rank has to do that or not.
  void initialize_parameters(const LossFunction& loss, const Arrays& batch) const {
    if (is_initialized()) return;
    const random::KeepDefaultGenerator keep;
    const NoBackprop off;
    Observation unused;
    const ReportScope scope(unused, "");
    loss(rows_of_none(batch));
    require_initialized();
  }
  static Arrays rows_of_none(const Arrays& batch) {
    if (detail::CsrParts::are_in(batch)) {
      Arrays none = detail::CsrParts::of(detail::CsrParts::matrix(batch).slice(0, 0));
      for (std::size_t i = detail::CsrParts::count; i < batch.size(); ++i)
        none.push_back(batch[i].slice(0, 0));
      return none;
    }
    Arrays none;
    for (const Array& array : batch) none.push_back(array.slice(0, 0));
    return none;
  }

  void share_parameters(const LossFunction& loss, const Arrays& batch) {
    comm.together([&] { initialize_parameters(loss, batch); });
    const Link model = optimizer.target();
    const std::vector<std::string> all = comm.allgather(description(model, optimizer));
    for (std::size_t r = 1; r < all.size(); ++r)
      if (all[r] != all[0])
        throw Error("DataParallel: the models or optimizers of ranks 0 and ", r,
                    " differ: ", first_difference(all[0], all[r]));
    make_parts();  // moves the parameters, and their state, into the optimizer's buffers
    const auto send = [&](const NamedArrays& arrays) {
      for (auto [path, array] : arrays)
        if (comm.size() > 1 && array) array.assign(comm.broadcast(array));
    };
    send(model.state_arrays());
    send(optimizer.state_arrays());
    has_parameters = true;
  }

  void make_parts() {
    if (!parts.empty() && parts[0]->gradients.fits()) return;
    parts.clear();
    for (std::size_t i = 0; i < threads.range().count(); ++i)
      parts.push_back(std::make_unique<Part>(optimizer));
  }

  // ---- a step ----

  struct Step {
    double loss = 0;
    double rows = 0;
    std::vector<std::pair<std::string, double>> reports;
  };

  // Numbers that differ if the parameters or the hyperparameters do: a few elements of each array on the CPU.
  double fingerprint() const {
    constexpr std::size_t samples = 16;
    std::string text = hyperparameters_of(optimizer);
    optimizer.target().visit([&](const Parameter& parameter) {
      const Array& array = parameter.data();
      if (!array.device().is_cpu()) return;
      const auto* const bytes = static_cast<const char*>(array.raw_data());
      const std::size_t item = item_size(array.dtype()),
                        step = std::max<std::size_t>(array.size() / samples, 1);
      for (std::size_t i = 0; i < array.size(); i += step) text.append(bytes + i * item, item);
    });
    return hash_of(text);
  }

  // The arrays of each shard of this rank.
  std::vector<Arrays> cut(const Arrays& batch) const {
    const std::size_t count = threads.range().count();
    if (batch.empty() || batch.size() % count != 0)
      throw Error("DataParallel: expected the arrays of each of ", count, " shards, got ", batch.size(),
                  " arrays: batch_source(scatter(...)) makes such batches, with as many shards");
    const std::size_t each = batch.size() / count;
    std::vector<Arrays> shards(count);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (batch[i].ndim() == 0)
        throw Error("DataParallel: expected arrays with rows, got ", batch[i], " at ", i);
      shards[i / each].push_back(batch[i]);
    }
    return shards;
  }

  // The numbers that every shard tells after forward: of its rank, the seed and the fingerprint; the loss,
  // the rows, the hash of the keys, and the reports.
  struct Told {
    static constexpr std::size_t before_reports = 5;
    const std::vector<double>& all;
    std::size_t count;

    double seed(std::size_t shard) const { return all[shard * count]; }
    double loss(std::size_t shard) const { return all[shard * count + 1]; }
    double rows(std::size_t shard) const { return all[shard * count + 2]; }
    double keys(std::size_t shard) const { return all[shard * count + 3]; }
    double fingerprint(std::size_t shard) const { return all[shard * count + 4]; }
    double report(std::size_t shard, std::size_t i) const { return all[shard * count + before_reports + i]; }
    std::size_t shards() const { return all.size() / count; }
  };

  static void require_agreement(const Told& told) {
    for (std::size_t s = 1; s < told.shards(); ++s) {
      if (told.seed(s) != told.seed(0))
        throw Error(
            "DataParallel: the random numbers of the ranks differ: seed them alike, and draw from "
            "random::default_generator() on all ranks or on none");
      if (told.fingerprint(s) != told.fingerprint(0))
        throw Error(
            "DataParallel: the parameters or hyperparameters of the ranks differ: change them on all ranks "
            "alike; only before the first step are they sent from rank 0");
      if (told.keys(s) != told.keys(0))
        throw Error("DataParallel: shards 0 and ", s,
                    " report different keys: report the same for every shard");
      if (!has_same_bits(told.loss(s), told.loss(0)))
        throw Error("DataParallel: the losses of shards 0 and ", s, " differ: ", told.loss(0), " and ",
                    told.loss(s),
                    "; the loss must be that of the whole batch: use a loss of this library, or batch_mean "
                    "instead of mean");
    }
  }

  void run_shard(Member& member, Part& part, const LossFunction& loss, const Arrays& batch, double seed,
                 double of_state, Step& step) {
    random::default_generator() =
        random::substream(static_cast<std::uint64_t>(seed), shard_stream, member.index());
    const auto rows = static_cast<double>(batch.back().shape()[0]);
    part.reports.clear();
    Variable value;
    {
      const ReportScope scope(part.reports, "", rows);
      value = loss(batch);
    }
    if (!value) throw Error("DataParallel: the loss function must return the loss");
    if (value.size() != 1) throw Error("DataParallel: expected a loss of one element, got ", value);

    std::vector<double> told{seed, value.item(), rows, 0, of_state};
    std::vector<std::string> keys;
    part.reports.for_each([&](const Observation::Entry& entry) {
      keys.push_back(entry.key);
      told.push_back(entry.read());
    });
    told[3] = hash_of(detail::joined(keys));
    const std::vector<double> all = member.gather(
        detail::text_of("the end of forward, ", keys.size(), " reports"), told.data(), told.size());
    const Told of_all{all, told.size()};
    require_agreement(of_all);
    // The gradient is that of the loss, which every shard has: it starts in one of them.
    value.set_grad(Array::full(value.shape(), member.index() == 0 ? 1 : 0, value.dtype(), value.device()));
    value.backward();

    if (!member.keeps_statistics()) return;  // one shard of the rank is enough
    step.loss = value.item();
    for (std::size_t s = 0; s < of_all.shards(); ++s) step.rows += of_all.rows(s);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      double sum = 0;
      for (std::size_t s = 0; s < of_all.shards(); ++s)
        if (of_all.rows(s) > 0) sum += of_all.rows(s) * of_all.report(s, i);
      step.reports.emplace_back(keys[i], sum / step.rows);
    }
  }

  Step run(const LossFunction& loss, const Arrays& batch) {
    const std::vector<Arrays> shards = comm.together([&] { return cut(batch); });
    if (!has_parameters) share_parameters(loss, shards[0]);
    make_parts();
    const double of_state = fingerprint();
    const random::Draw draw = random::default_generator().draw(2);
    const auto seed = static_cast<double>((std::uint64_t{draw.word(0)} << 32 | draw.word(1)) >> 11);
    for (const auto& part : parts) part->gradients.clear();

    Step step;
    const std::size_t first = threads.range().first;
    const auto swap = [&](std::size_t i) { parts[i]->gradients.swap(); };
    threads.run(
        [&, modes = config()](Member& member) {
          const UseConfig use(modes);
          const std::size_t i = member.index() - first;
          run_shard(member, *parts[i], loss, shards[i], seed, of_state, step);
        },
        swap, swap);
    comm.together([&] {
      require_initialized();
      if (!parts[0]->gradients.fits())
        throw Error(
            "DataParallel: a parameter was made or replaced in the step; it has no gradient of all shards");
      require_gradients();
    });
    add_up_gradients();
    comm.together([&] { optimizer.update(); });
    return step;
  }

  void require_gradients() {
    bool is_any = false;
    for (const auto& part : parts)
      if (part->gradients.complete()) is_any = true;
    if (!is_any && !has_gradients)
      throw Error(
          "DataParallel: no parameter of the optimizer's model has a gradient after backward: is the loss "
          "that of another model?");
    has_gradients = true;
  }

  void add_up_gradients() {
    std::vector<Array> sums = parts[0]->gradients.of_optimizer();
    for (std::size_t g = 0; g < sums.size(); ++g) {
      std::vector<Array> terms;
      for (const auto& part : parts) terms.push_back(part->gradients.flats()[g]);
      detail::tree_sum(comm, threads.range(), terms, sums[g]);
    }
    parts[0]->gradients.assign_to_optimizer();
  }
};

DataParallel::DataParallel(Optimizer& optimizer, Communicator comm, const DataParallelOptions& options)
    : state_(std::make_shared<State>(optimizer, std::move(comm), options.shards)) {}
DataParallel::DataParallel(DataParallel&&) noexcept = default;
DataParallel::~DataParallel() = default;

const std::shared_ptr<DataParallel::State>& DataParallel::state(const char* call) const {
  if (state_ == nullptr) throw Error("DataParallel: ", call, ": it has been moved from");
  return state_;
}

double DataParallel::update(const LossFunction& loss, const Arrays& batch) {
  return state("update")->run(loss, batch).loss;
}

std::function<void(const Arrays& batch)> DataParallel::step(LossFunction loss) {
  return [state = state("step"), loss = std::move(loss)](const Arrays& batch) {
    const State::Step step = state->run(loss, batch);
    if (ReportScope* const scope = ReportScope::current()) scope->set_weight(step.rows);
    for (const auto& [key, value] : step.reports) report(key, value);
    report("loss", step.loss);
  };
}

const Communicator& DataParallel::communicator() const { return state("communicator")->comm; }

}  // namespace tenbin
