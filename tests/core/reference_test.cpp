// ReferenceCount, and Reference, an owning pointer.
#include "tenbin/core/reference.h"

#include <thread>
#include <vector>

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
