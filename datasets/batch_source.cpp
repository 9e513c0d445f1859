#include "tenbin/datasets/batch_source.h"

#include <limits>
#include <string>

#include "tenbin/serializers/state.h"

namespace tenbin {

namespace {

// 0 or 1 seeds. A missing one is stored too: the state then is of other batches.
Array optional_state(const std::optional<std::uint64_t>& value) {
  return value ? seed_state(*value).reshape({1}) : Array::empty({0}, Dtype::int64);
}

std::optional<std::uint64_t> read_optional(StateReader& reader, const std::string& key) {
  const Array values = reader.read(key);
  if (!values || values.dtype() != Dtype::int64 || values.ndim() != 1 || values.size() > 1)
    reader.fail(key, "expected int64(0) or int64(1), got ", values);
  if (values.size() == 0) return std::nullopt;
  return static_cast<std::uint64_t>(values.item<std::int64_t>());
}

std::string text_of(const std::optional<std::uint64_t>& value) {
  return value ? std::to_string(*value) : "none";
}

// Distinguishes lists of rows (FNV-1a).
std::optional<std::uint64_t> fingerprint(const std::optional<std::vector<std::size_t>>& rows) {
  if (!rows) return std::nullopt;
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::size_t row : *rows) hash = (hash ^ row) * 0x100000001b3;
  return hash;
}

// Errors: the file has another value than these batches.
void require_equal(StateReader& reader, const std::string& key, std::size_t expected) {
  const std::int64_t got = read_integer(reader, key);
  if (got != static_cast<std::int64_t>(expected))
    reader.fail(key, "expected ", expected, ", that of the batches, got ", got);
}

void require_equal(StateReader& reader, const std::string& key,
                   const std::optional<std::uint64_t>& expected) {
  const std::optional<std::uint64_t> got = read_optional(reader, key);
  if (got != expected)
    reader.fail(key, "expected ", text_of(expected), ", that of the batches, got ", text_of(got));
}

std::int64_t read_count(StateReader& reader, const std::string& key, std::size_t most) {
  const std::int64_t count = read_integer(reader, key);
  if (count < 0 || static_cast<std::uint64_t>(count) > most)
    reader.fail(key, "expected 0 to ", most, ", got ", count);
  return count;
}

constexpr std::size_t any_count = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());

class MinibatchesSource : public BatchSource {
 public:
  explicit MinibatchesSource(std::unique_ptr<detail::Prefetcher> batches)
      : batches_(std::move(batches)), plan_(batches_->plan()) {
    if (plan_.size() == 0)
      throw Error("batch_source: there are no batches: ", plan_.rows(), " rows, a batch_size of ",
                  plan_.options().batch_size, plan_.options().drop_last ? " and drop_last" : "");
  }

  Arrays next() override {
    if (!is_in_pass()) {
      batches_->begin();
      next_ = 0;
    }
    Arrays batch = batches_->batch(plan_.pass(), next_);
    ++next_;
    if (next_ == plan_.size()) ++epoch_;
    return batch;
  }

  std::int64_t epoch() const override { return epoch_; }
  bool is_new_epoch() const override { return next_ == plan_.size(); }
  bool repeats_order() const override { return plan_.options().shuffle && plan_.options().epoch.has_value(); }
  double epoch_detail() const override {
    const double rows = static_cast<double>(plan_.rows_before(next_ % plan_.size()));
    return static_cast<double>(epoch_) + rows / static_cast<double>(plan_.rows_before(plan_.size()));
  }

  NamedArrays save_state() override {
    const MinibatchesOptions& options = plan_.options();
    return {{"samples", size_state(plan_.samples())},
            {"rows", size_state(plan_.rows())},
            {"batch_size", size_state(options.batch_size)},
            {"drop_last", integer_state(options.drop_last)},
            {"shuffle", integer_state(options.shuffle)},
            {"seed", optional_state(options.seed)},
            {"epoch_of_order", optional_state(options.epoch)},
            {"sampled_rows", optional_state(fingerprint(plan_.chosen_rows()))},
            {"epoch", integer_state(epoch_)},
            {"batch", size_state(next_)},
            {"has_begun", integer_state(plan_.has_begun())},
            {"passes", seed_state(plan_.passes())},
            {"pass_seed", seed_state(plan_.pass().seed)},
            {"pass_epoch", seed_state(plan_.pass().epoch)}};
  }

  std::function<void()> prepare_load(StateReader& reader) override {
    const MinibatchesOptions& options = plan_.options();
    require_equal(reader, "samples", plan_.samples());
    require_equal(reader, "rows", plan_.rows());
    require_equal(reader, "batch_size", options.batch_size);
    require_equal(reader, "drop_last", std::size_t{options.drop_last});
    require_equal(reader, "shuffle", std::size_t{options.shuffle});
    require_equal(reader, "seed", options.seed);
    require_equal(reader, "epoch_of_order", options.epoch);
    if (read_optional(reader, "sampled_rows") != fingerprint(plan_.chosen_rows()))
      reader.fail("sampled_rows", "the rows differ from those of the state: give the sampler a seed");

    const std::int64_t epoch = read_count(reader, "epoch", any_count);
    const auto next = static_cast<std::size_t>(read_count(reader, "batch", plan_.size()));
    const bool has_begun = read_count(reader, "has_begun", 1) != 0;
    const std::uint64_t passes = read_seed(reader, "passes");
    const std::uint64_t pass_seed = read_seed(reader, "pass_seed");
    const std::uint64_t pass_epoch = read_seed(reader, "pass_epoch");
    return [this, epoch, next, has_begun, passes, pass = plan_.pass_of(pass_seed, pass_epoch)] {
      plan_.restore(pass, passes, has_begun);
      epoch_ = epoch;
      next_ = next;
      if (is_in_pass()) batches_->start(next);
    };
  }

 private:
  bool is_in_pass() const { return plan_.has_begun() && next_ < plan_.size(); }
  static Array size_state(std::size_t size) { return integer_state(static_cast<std::int64_t>(size)); }

  std::unique_ptr<detail::Prefetcher> batches_;
  detail::BatchPlan& plan_;
  std::int64_t epoch_ = 0;
  std::size_t next_ = 0;  // batch of the pass; their number after the last one
};

class EpochSource : public BatchSource {
 public:
  explicit EpochSource(std::function<std::unique_ptr<BatchSource>(std::int64_t)> make)
      : make_(std::move(make)) {}

  Arrays next() override {
    if (!batches_) batches_ = made(epoch_);
    Arrays batch = batches_->next();
    is_new_epoch_ = batches_->is_new_epoch();
    if (is_new_epoch_) {
      ++epoch_;
      batches_.reset();
    }
    return batch;
  }

  std::int64_t epoch() const override { return epoch_; }
  bool is_new_epoch() const override { return is_new_epoch_; }
  double epoch_detail() const override {
    return static_cast<double>(epoch_) + (batches_ ? batches_->epoch_detail() : 0);
  }

  NamedArrays save_state() override {
    NamedArrays all{{"epoch", integer_state(epoch_)},
                    {"is_new_epoch", integer_state(is_new_epoch_)},
                    {"is_in_epoch", integer_state(batches_ != nullptr)}};
    if (!batches_) return all;
    for (auto& [key, array] : batches_->save_state()) all.emplace_back("batches/" + key, std::move(array));
    return all;
  }

  std::function<void()> prepare_load(StateReader& reader) override {
    const std::int64_t epoch = read_count(reader, "epoch", any_count);
    const bool is_new_epoch = read_count(reader, "is_new_epoch", 1) != 0;
    const bool is_in_epoch = read_count(reader, "is_in_epoch", 1) != 0;
    std::shared_ptr<BatchSource> batches;
    std::function<void()> put_in_place;
    if (is_in_epoch) {
      const random::KeepDefaultGenerator keep;  // it may draw an order, which the state replaces
      const StateReader::Inside inside(reader, "batches");
      batches = made(epoch);
      put_in_place = batches->prepare_load(reader);
    }
    return [this, epoch, is_new_epoch, batches, put_in_place] {
      epoch_ = epoch;
      is_new_epoch_ = is_new_epoch;
      batches_ = batches;
      if (put_in_place) put_in_place();
    };
  }

 private:
  std::shared_ptr<BatchSource> made(std::int64_t epoch) const {
    std::shared_ptr<BatchSource> batches = make_(epoch);
    if (!batches) throw Error("batches_of_epoch: the function returned no batches for epoch ", epoch);
    return batches;
  }

  std::function<std::unique_ptr<BatchSource>(std::int64_t)> make_;
  std::shared_ptr<BatchSource> batches_;  // of the epoch; null before its first batch and after its last
  std::int64_t epoch_ = 0;
  bool is_new_epoch_ = false;
};

}  // namespace

std::unique_ptr<BatchSource> detail::batch_source(std::unique_ptr<Prefetcher> batches) {
  return std::make_unique<MinibatchesSource>(std::move(batches));
}

std::unique_ptr<BatchSource> detail::batches_of_epoch(
    std::function<std::unique_ptr<BatchSource>(std::int64_t)> make) {
  return std::make_unique<EpochSource>(std::move(make));
}

}  // namespace tenbin
