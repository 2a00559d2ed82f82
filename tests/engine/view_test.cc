#include "engine/view.h"

#include <gtest/gtest.h>

#include <thread>

namespace amethyst::engine {
namespace {

WriteBufferPtr NewBuffer() {
  return std::make_shared<WriteBuffer>(size_t{64} << 10, key::Order(), std::make_shared<memtable::RegionPool>());
}

ViewPtr ViewOf(WriteBufferPtr active) {
  auto view = std::make_shared<View>();
  view->active = std::move(active);
  view->version = std::make_shared<const tree::Version>(key::Order());
  return view;
}

TEST(View, OneMemtableMoreMayWaitUnlessTooManyDoOrTheyHoldTooMuch) {
  auto view = std::make_shared<View>();
  view->active = NewBuffer();
  const WaitingLimits limits{.count_max = 2, .bytes_max = size_t{1} << 20};
  EXPECT_TRUE(MayWait(*view, limits));
  EXPECT_TRUE(MayWait(*view, {.count_max = 2, .bytes_max = 1})) << "alone, whatever its size";
  view->immutable = {NewBuffer()};
  EXPECT_TRUE(MayWait(*view, limits));
  EXPECT_FALSE(MayWait(*view, {.count_max = 2, .bytes_max = 1}));
  view->immutable.push_back(NewBuffer());
  EXPECT_FALSE(MayWait(*view, limits));
}

TEST(ViewCell, ShowsTheNewestViewAndKeepsTheOldForWhoHasIt) {
  ViewCell cell(ViewOf(NewBuffer()));
  const ViewPtr first = cell.Acquire();
  const WriteBufferPtr second_buffer = NewBuffer();
  ViewPtr replaced = cell.Update([&](const View& current) {
    EXPECT_EQ(&current, first.get());
    return ViewOf(second_buffer);
  });
  EXPECT_EQ(replaced, first);
  RetireView(std::move(replaced));
  EXPECT_EQ(cell.Acquire()->active, second_buffer);
  {
    const base::EpochGuard guard;
    EXPECT_EQ(cell.Peek()->active, second_buffer);
  }
  EXPECT_NE(first->active, second_buffer);
}

TEST(ViewCell, FreesAReplacedViewAfterItsLastReader) {
  ViewCell cell(ViewOf(NewBuffer()));
  const std::weak_ptr<const View> watch = cell.Acquire();
  ViewPtr replaced = cell.Update([](const View&) { return ViewOf(NewBuffer()); });
  RetireView(std::move(replaced));
  base::DrainEpochs();
  EXPECT_TRUE(watch.expired());
}

TEST(ViewCell, ALargeViewGoesWithoutADrain) {
  ViewCell cell(ViewOf(NewBuffer()));
  const std::weak_ptr<const View> watch = cell.Acquire();
  RetireLargeView(cell.Update([](const View&) { return ViewOf(NewBuffer()); }));
  EXPECT_TRUE(watch.expired());
}

TEST(ViewCell, ReadersNeverSeeAViewDieUnderThem) {
  ViewCell cell(ViewOf(NewBuffer()));
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop.load()) {
        {
          const base::EpochGuard guard;
          const View* view = cell.Peek();
          EXPECT_TRUE(view->active->memtable.Empty());
        }
        EXPECT_TRUE(cell.Acquire()->active->memtable.Empty());
      }
    });
  }
  for (int i = 0; i < 500; ++i) RetireView(cell.Update([](const View&) { return ViewOf(NewBuffer()); }));
  stop.store(true);
  for (std::thread& reader : readers) reader.join();
  base::DrainEpochs();
}

TEST(WriteBuffer, LendsItsMemtableTogetherWithItself) {
  WriteBufferPtr buffer = NewBuffer();
  const std::weak_ptr<WriteBuffer> watch = buffer;
  std::shared_ptr<const memtable::Memtable> lent = MemtableOf(buffer);
  buffer.reset();
  EXPECT_FALSE(watch.expired());
  lent.reset();
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace amethyst::engine
