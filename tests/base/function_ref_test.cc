#include "base/function_ref.h"

#include <gtest/gtest.h>

#include <memory>

namespace amethyst::base {
namespace {

int Twice(FunctionRef<int(int)> function, int value) { return function(value) + function(value); }

TEST(FunctionRef, CallsWhatItBorrowed) {
  int calls = 0;
  const auto add = [&calls](int value) {
    ++calls;
    return value + 1;
  };
  EXPECT_EQ(Twice(add, 4), 10);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(Twice([](int value) { return value * 10; }, 1), 20) << "a temporary lives as long as the call";
}

TEST(FunctionRef, PassesMoveOnlyArguments) {
  const auto consume = [](std::unique_ptr<int> value) { return *value; };
  const FunctionRef<int(std::unique_ptr<int>)> function = consume;
  EXPECT_EQ(function(std::make_unique<int>(3)), 3);
}

}  // namespace
}  // namespace amethyst::base
