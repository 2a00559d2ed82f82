// Who may read over HTTP. Covers: http_guard, http_address, same_secret
#include <gmock/gmock.h>

#include "base/base64.h"
#include "net/http_address.h"
#include "net/http_guard.h"
#include "net/same_secret.h"

namespace amethyst::net {
namespace {

class HttpGuardTest : public testing::Test {
 protected:
  // The status of the refusal; 0: none.
  [[nodiscard]] unsigned Status(bool is_loopback, const std::string& host,
                                const std::string& authorization = "") const {
    HttpRequest request;
    request.host = host;
    request.authorization = authorization;
    const auto refusal = HttpGuard([this] { return access_; }, is_loopback).Refuse(request);
    return refusal ? refusal->status : 0;
  }
  static std::string Basic(const std::string& words) { return "Basic " + base::EncodeBase64(words); }

  HttpAccess access_;
};

TEST_F(HttpGuardTest, OnlyAddressesAndKnownNamesAreHosts) {
  access_.names = {"db.example", "DB2"};
  for (const char* host : {"127.0.0.1", "127.0.0.1:6381", "[::1]", "[::1]:6381", "localhost", "LocalHost:1",
                           "192.168.1.7:80", "db.example", "DB2:6381", "db2"}) {
    EXPECT_EQ(Status(true, host), 0u) << host;
  }
  for (const char* host : {"", "evil.example", "evil.example:6381", "db.example.evil", "127.0.0.1.evil", "[::1", "[x]",
                           "[::1]evil", "127.1", "2130706433", "localhost.evil:1", "evil:127.0.0.1"}) {
    EXPECT_EQ(Status(true, host), 421u) << host;
  }
}

TEST_F(HttpGuardTest, APasswordIsWantedWhereThereIsOne) {
  EXPECT_EQ(Status(true, "localhost"), 0u);
  access_.password = "geheim";
  for (const bool is_loopback : {true, false}) {
    EXPECT_EQ(Status(is_loopback, "localhost"), 401u);
    EXPECT_EQ(Status(is_loopback, "localhost", Basic("default:geheim")), 0u);
    EXPECT_EQ(Status(is_loopback, "localhost", "basic " + base::EncodeBase64("default:geheim")), 0u);
    EXPECT_EQ(Status(is_loopback, "evil", Basic("default:geheim")), 421u);
    for (const char* const words : {"default:", "default:geheim2", "default:gehei", "other:geheim", "", "geheim"}) {
      EXPECT_EQ(Status(is_loopback, "localhost", Basic(words)), 401u) << words;
    }
    EXPECT_EQ(Status(is_loopback, "localhost", "Bearer geheim"), 401u);
    EXPECT_EQ(Status(is_loopback, "localhost", "Basic"), 401u);
  }
}

TEST_F(HttpGuardTest, OffLoopbackNobodyPassesWithoutAPassword) {
  EXPECT_EQ(Status(false, "localhost"), 403u);
  EXPECT_EQ(Status(false, "localhost", Basic("default:")), 403u);
}

TEST(HttpAddressTest, HasAHostAndAPort) {
  const auto show = [](std::string_view text) {
    const auto at = ReadHttpAddress(text);
    return at ? at->host + " " + std::to_string(at->port) : at.error().message();
  };
  EXPECT_EQ(show("127.0.0.1:6381"), "127.0.0.1 6381");
  EXPECT_EQ(show("[::1]:0"), "::1 0");
  EXPECT_EQ(show("localhost:80"), "127.0.0.1 80");
  for (const char* bad : {"", "6381", ":6381", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "db:80",
                          "127.0.0.1:-1", "[::1]"}) {
    EXPECT_THAT(show(bad), testing::HasSubstr("is no address and port")) << bad;
  }
}

TEST(SameSecretTest, ComparesAllOfBoth) {
  EXPECT_TRUE(SameSecret("", ""));
  EXPECT_TRUE(SameSecret("abc", "abc"));
  for (const std::string_view other : {"", "ab", "abd", "abcabc", "abca"}) EXPECT_FALSE(SameSecret(other, "abc"));
  EXPECT_FALSE(SameSecret("a", ""));
}

}  // namespace
}  // namespace amethyst::net
