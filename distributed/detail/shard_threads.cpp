#include "tenbin/distributed/detail/shard_threads.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "tenbin/distributed/detail/transport.h"

namespace tenbin::detail {

namespace {

// Unwinds a task that waits for numbers that will not come.
struct Cancelled {};

// What a shard waits for.
struct Request {
  std::string call;
  const double* values = nullptr;
  std::size_t count = 0;
};

class Worker : public ShardThreads::Member {
 public:
  enum class State : unsigned char { idle, running, waiting, done };

  Worker(std::size_t index, bool keeps_statistics)
      : index_(index), keeps_statistics_(keeps_statistics), thread_([this] { work(); }) {}
  ~Worker() override {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  // ---- by the thread that calls `run` ----

  void start(const std::function<void(Member&)>& task) {
    task_ = &task;
    error_ = nullptr;
    is_cancelled_ = false;
  }
  // Lets the task run until it waits or is done.
  void resume(const std::vector<double>* answer) {
    std::unique_lock lock(mutex_);
    answer_ = answer;
    state_ = State::running;
    changed_.notify_all();
    changed_.wait(lock, [this] { return state_ != State::running; });
  }
  // Ends a task that waits. It may catch that, and ask again: then it gets no answer either.
  void cancel() {
    is_cancelled_ = true;
    while (state_ == State::waiting) resume(nullptr);
  }
  bool is_waiting() const { return state_ == State::waiting; }
  const Request& request() const { return request_; }
  const std::exception_ptr& error() const { return error_; }

  // ---- by the task ----

  std::size_t index() const override { return index_; }
  bool keeps_statistics() const override { return keeps_statistics_; }

  std::vector<double> gather(const std::string& call, const double* values, std::size_t count) override {
    if (is_cancelled_) throw Cancelled();
    request_ = {call, values, count};
    std::unique_lock lock(mutex_);
    state_ = State::waiting;
    changed_.notify_all();
    changed_.wait(lock, [this] { return state_ == State::running; });
    if (is_cancelled_) throw Cancelled();
    return *answer_;
  }

  void sum(const char* function, double* values, std::size_t count) override {
    const std::vector<double> all = gather(std::string("sum of ") + function, values, count);
    std::fill(values, values + count, 0.0);
    for (std::size_t i = 0; i < all.size(); ++i) values[i % count] += all[i];
  }

 private:
  void work() {
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return ends_ || state_ == State::running; });
        if (ends_) return;
      }
      try {
        const Scope scope(*this);
        (*task_)(*this);
      } catch (const Cancelled&) {
      } catch (...) {
        error_ = std::current_exception();
      }
      {
        const std::lock_guard lock(mutex_);
        state_ = State::done;
      }
      changed_.notify_all();
    }
  }

  const std::size_t index_;
  const bool keeps_statistics_;
  std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::idle;
  bool ends_ = false;
  bool is_cancelled_ = false;
  const std::function<void(Member&)>* task_ = nullptr;
  Request request_;
  const std::vector<double>* answer_ = nullptr;
  std::exception_ptr error_;
  std::thread thread_;  // last: it uses the others
};

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "an exception of unknown type";
  }
}

constexpr char done_call[] = "the end of a step";

}  // namespace

struct ShardThreads::State {
  State(const Communicator& its_comm, std::size_t shards) : comm(its_comm), range(shards, its_comm) {}

  Communicator comm;
  ShardRange range;
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<double> answer;

  // What the shards of this rank do next: the same, or an error that names two of them.
  Meeting meeting() const {
    Meeting mine;
    const Request done{done_call, nullptr, 0};
    const auto request_of = [&](const Worker& worker) -> const Request& {
      return worker.is_waiting() ? worker.request() : done;
    };
    const Request& first = request_of(*workers[0]);
    for (const auto& worker : workers) {
      const Request& each = request_of(*worker);
      if (each.call != first.call || each.count != first.count)
        throw Error("DataParallel: shard ", workers[0]->index(), " of the batch is at ", first.call, " (",
                    first.count, " numbers), shard ", worker->index(), " at ", each.call, " (", each.count,
                    "): the loss must call the same functions for every shard");
    }
    first.call.copy(mine.call, sizeof mine.call - 1);
    mine.size = first.count;
    const std::size_t all = first.count * workers.size();
    if (all <= Meeting::most_values)
      for (std::size_t i = 0; i < workers.size(); ++i)
        std::copy_n(request_of(*workers[i]).values, first.count, mine.values + i * first.count);
    return mine;
  }

  // The numbers of all shards, which travel with the meeting if they are few.
  void exchange(const std::vector<Meeting>& all) {
    const std::size_t count = all[0].size;
    answer.resize(range.total * count);
    std::vector<Bytes> received;
    bool is_with_meeting = true;
    for (std::size_t r = 0; r < comm.size(); ++r) {
      const ShardRange theirs(range.total, r, comm.size());
      double* const place = answer.data() + theirs.first * count;
      received.push_back({place, theirs.count() * count * sizeof(double)});
      is_with_meeting = is_with_meeting && theirs.count() * count <= Meeting::most_values;
      if (theirs.count() * count <= Meeting::most_values)
        std::copy_n(all[r].values, theirs.count() * count, place);
    }
    if (is_with_meeting) return;
    for (std::size_t i = 0; i < workers.size(); ++i)
      std::copy_n(workers[i]->request().values, count, answer.data() + (range.first + i) * count);
    const Bytes mine = received[comm.rank()];
    comm.transport().exchange(std::vector<ConstBytes>(comm.size(), ConstBytes{mine.data, mine.size}),
                              received);
  }

  void cancel() {
    for (const auto& worker : workers) worker->cancel();
  }
};

void require_enough_shards(const char* function, std::size_t shards, const Communicator& comm) {
  if (shards < comm.size())
    throw Error(function, ": expected as many shards as ranks or more, got ", shards, " shards for ",
                comm.size(), " ranks");
}

ShardThreads::ShardThreads(const Communicator& comm, std::size_t shards)
    : state_(std::make_unique<State>(comm, shards)) {
  require_enough_shards("DataParallel", shards, comm);
  for (std::size_t i = state_->range.first; i < state_->range.last; ++i)
    state_->workers.push_back(std::make_unique<Worker>(i, i == state_->range.first));
}

ShardThreads::~ShardThreads() = default;

const ShardRange& ShardThreads::range() const { return state_->range; }

void ShardThreads::run(const std::function<void(Member& member)>& task,
                       const std::function<void(std::size_t i)>& enter,
                       const std::function<void(std::size_t i)>& leave) {
  State& state = *state_;
  for (const auto& worker : state.workers) worker->start(task);
  try {
    for (bool is_done = false; !is_done;) {
      std::exception_ptr error;
      for (std::size_t i = 0; i < state.workers.size() && error == nullptr; ++i) {
        enter(i);
        state.workers[i]->resume(&state.answer);
        leave(i);
        error = state.workers[i]->error();
      }
      if (error != nullptr) {
        state.comm.tell_failure(text_of(error));
        std::rethrow_exception(error);
      }
      const Meeting mine = state.comm.together([&] { return state.meeting(); });
      const std::vector<Meeting> all = state.comm.meet(mine);
      for (std::size_t r = 1; r < all.size(); ++r)
        if (all[r].size != all[0].size)
          throw Error("DataParallel: at ", all[0].call, ", rank 0 has ", all[0].size, " numbers, rank ", r,
                      " has ", all[r].size, ": the loss must call the same functions on every rank");
      is_done = !state.workers[0]->is_waiting();
      if (!is_done) state.exchange(all);
    }
  } catch (...) {
    state.cancel();
    throw;
  }
}

}  // namespace tenbin::detail
