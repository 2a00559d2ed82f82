#include "base/base64.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/random.h"

namespace amethyst::base {
namespace {

TEST(Base64, RoundTripsAndRefusesWhatIsNone) {
  EXPECT_EQ(EncodeBase64("f"), "Zg==");
  EXPECT_EQ(EncodeBase64("fo"), "Zm8=");
  EXPECT_EQ(EncodeBase64("foo"), "Zm9v");
  base::Random random(2);
  for (int i = 0; i < 500; ++i) {
    std::string bytes(random.Below(41), '\0');
    for (char& c : bytes) c = static_cast<char>(random.Below(256));
    EXPECT_EQ(DecodeBase64(EncodeBase64(bytes)), bytes);
  }
  for (const std::string_view bad : {"Z", "Zg===", "Z!==", "Zh==", "Zm9", "====", "Zg"}) {
    EXPECT_EQ(DecodeBase64(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace amethyst::base
