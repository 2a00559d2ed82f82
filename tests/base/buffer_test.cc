#include "base/buffer.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace amethyst::base {
namespace {

TEST(Buffer, HoldsWhatAStringHoldsAtAnySize) {
  std::string expected;
  Buffer buffer;
  for (const size_t bytes : {size_t{1}, size_t{100}, kOwnPagesBytes - 1, size_t{1}, kOwnPagesBytes * 3}) {
    expected.append(bytes, static_cast<char>('a' + bytes % 26));
    buffer.append(bytes, static_cast<char>('a' + bytes % 26));
    ASSERT_EQ(std::string_view(buffer), expected);
  }
  Buffer other(buffer);
  buffer = Buffer("short");
  EXPECT_EQ(std::string_view(other), expected);
  swap(buffer, other);
  EXPECT_EQ(std::string_view(buffer), expected);
  EXPECT_EQ(std::string_view(other), "short");
}

TEST(Buffer, ReleaseLetsGoOfWhatIsLargeAndKeepsTheRest) {
  Buffer buffer(1000, 'x');
  const size_t capacity = buffer.capacity();
  Release(&buffer, capacity);
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.capacity(), capacity);
  buffer.assign(2 * kOwnPagesBytes, 'x');
  Release(&buffer, kOwnPagesBytes);
  EXPECT_TRUE(buffer.empty());
  EXPECT_LT(buffer.capacity(), capacity);
  std::string text(1000, 'x');
  Release(&text, 999);
  EXPECT_LT(text.capacity(), 100u);
}

TEST(Memory, IsAlignedAndWritableAtAnySize) {
  for (const size_t bytes : {size_t{1}, size_t{4096}, kOwnPagesBytes - 1, kOwnPagesBytes, 5 * kOwnPagesBytes + 1}) {
    char* const memory = TakeMemory(bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 64, 0u);
    memory[0] = 'a';
    memory[bytes - 1] = 'z';
    ReturnMemory(memory, bytes);
  }
}

}  // namespace
}  // namespace amethyst::base
