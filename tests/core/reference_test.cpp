// ReferenceCount, and Reference, an owning pointer.
#include "tenbin/core/reference.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tenbin/core/array.h"
#include "tenbin/cpu/gemm.h"
#include "tenbin/cpu/parallel.h"
#include "tenbin/tests/catch.h"

using tenbin::Reference;
using tenbin::ReferenceCount;

namespace {

struct Counted {
  explicit Counted(int& alive_count) : alive(alive_count) { ++alive; }
  ~Counted() { --alive; }
  void retain() { count.increment(); }
  void release() {
    if (count.decrement()) delete this;
  }

  int& alive;
  ReferenceCount count;
};

}  // namespace

TEST_CASE("a ReferenceCount says which reference was the last") {
  ReferenceCount count;
  CHECK(count.value() == 0);
  count.increment();
  count.increment();
  CHECK(count.value() == 2);
  CHECK_FALSE(count.decrement());
  CHECK(count.decrement());
  CHECK(count.value() == 0);
  CHECK(ReferenceCount(3).value() == 3);
}

TEST_CASE("an object lives as long as a Reference to it") {
  int alive = 0;
  {
    Reference<Counted> first(new Counted(alive));
    CHECK(first->count.value() == 1);
    {
      const Reference<Counted> second = first;  // NOLINT(performance-unnecessary-copy-initialization)
      CHECK(second.get() == first.get());
      CHECK(&*second == first.get());
      CHECK(first->count.value() == 2);
    }
    CHECK(first->count.value() == 1);

    Reference<Counted> moved = std::move(first);
    CHECK_FALSE(first);  // NOLINT(bugprone-use-after-move): what is tested
    CHECK(moved->count.value() == 1);

    Reference<Counted>& itself = moved;
    moved = itself;
    CHECK(moved->count.value() == 1);
    CHECK(alive == 1);

    moved = Reference<Counted>(new Counted(alive));  // the first object is deleted
    CHECK(alive == 1);
    CHECK(moved->count.value() == 1);
  }
  CHECK(alive == 0);
}

TEST_CASE("an empty Reference") {
  const Reference<Counted> none;
  CHECK_FALSE(none);
  CHECK(none.get() == nullptr);
  CHECK_FALSE(Reference<Counted>(nullptr));
  Reference<Counted> copy = none;
  copy = none;
  CHECK_FALSE(copy);
}

TEST_CASE("threads that copy and drop references lose and free nothing twice", "[threads]") {
  int alive = 0;
  {
    const Reference<Counted> shared(new Counted(alive));
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&shared] {
        for (int step = 0; step < 20000; ++step) {
          Reference<Counted> copy = shared;
          const Reference<Counted> moved = std::move(copy);
        }
      });
    for (std::thread& thread : threads) thread.join();
    CHECK(shared->count.value() == 1);
    CHECK(alive == 1);
  }
  CHECK(alive == 0);
}

namespace {

// Whether `test` is true in a child process, where the counts have no owner yet.
template <class Test>
bool in_a_child(Test test) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(test() ? 0 : 1);
  int status = -1;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

bool is_shared() { return tenbin::detail::CountOwnership::is_shared(); }

void copy_and_drop(const Reference<Counted>& reference, int times) {
  for (int i = 0; i < times; ++i) const Reference<Counted> copy = reference;
}

}  // namespace

TEST_CASE("a thread owns the counts until another one changes a count") {
  CHECK(in_a_child([] {
    int alive = 0;
    const Reference<Counted> object(new Counted(alive));
    if (is_shared()) return false;
    std::thread([] { ReferenceCount(1); }).join();  // changes none
    if (is_shared()) return false;
    std::thread([&] { copy_and_drop(object, 1); }).join();
    copy_and_drop(object, 1);
    return is_shared() && object->count.value() == 1;
  }));
}

TEST_CASE("threads that compute numbers in large operations change no counts") {
  CHECK(in_a_child([] {
    tenbin::set_num_threads(2);
    using tenbin::Array;
    constexpr std::size_t rows = 4096, columns = 64;
    const Array x = Array::ones({rows, columns}), W = Array::ones({columns, columns});
    Array y = Array::empty({rows, columns}), gW = Array::empty({columns, columns});
    tenbin::cpu::gemm(false, true, rows, columns, columns, x, W, 0, y);
    tenbin::cpu::gemm(true, false, columns, columns, rows, y, x, 0, gW);
    return !is_shared() && gW.at(0, 0) == 4096. * 64;
  }));
}

// The second thread arrives while the first one changes counts as fast as it can.
TEST_CASE("no count is lost when a second thread begins to count") {
  for (int round = 0; round < 100; ++round) {
    CAPTURE(round);
    CHECK(in_a_child([] {
      int alive = 0;
      const Reference<Counted> object(new Counted(alive));
      std::vector<Reference<Counted>> kept;
      kept.reserve(100000);
      std::atomic<bool> stop{false};
      std::thread second([&] {
        copy_and_drop(object, 10000);
        stop = true;
      });
      while (!stop) {
        copy_and_drop(object, 1);
        if (kept.size() < kept.capacity()) kept.push_back(object);
      }
      second.join();
      return is_shared() && object->count.value() == kept.size() + 1;
    }));
  }
}
