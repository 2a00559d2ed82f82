// What clients see of one key when they all send at once, and how such histories are judged.
// Covers: server, server_waits, fetcher, waiters, watches
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/rounds.h"
#include "torture/server/client_histories.h"
#include "torture/server/linearizability.h"

namespace amethyst::server {
namespace {

using torture::KeyCall;
using torture::KeyOperation;

// From the moment `called` to `answered`.
KeyOperation Operation(uint64_t called, uint64_t answered, std::vector<std::string> words, std::string answer) {
  return {
      .call = {.commands = {std::move(words)}}, .called = called, .answered = answered, .answer = std::move(answer)};
}

TEST(ClientHistories, OfAKeyAreLinearizable) {
  torture::ClientHistoryReport report;
  for (uint64_t seed = 1; seed <= support::Rounds(6) && report.violation.empty(); ++seed) {
    torture::RunClientHistory({.seed = seed}, &report);
  }
  EXPECT_EQ(report.violation, "");
  EXPECT_GT(report.fetches, 20u);
  EXPECT_GT(report.blocked, 100u);
  EXPECT_GT(report.given_up, 10u);
  EXPECT_GT(report.expired_keys, 20u);
}

TEST(Linearizability, AnOperationTakesEffectBetweenItsCallAndItsAnswer) {
  const std::string one = "$1\r\n1\r\n";
  EXPECT_EQ(torture::WhyNotLinearizable({Operation(1, 6, {"set", "k", "1"}, "+OK\r\n"),
                                         Operation(2, 3, {"get", "k"}, "$-1\r\n"), Operation(4, 5, {"get", "k"}, one)}),
            "");
  EXPECT_NE(torture::WhyNotLinearizable({Operation(1, 6, {"set", "k", "1"}, "+OK\r\n"),
                                         Operation(2, 3, {"get", "k"}, one), Operation(4, 5, {"get", "k"}, "$-1\r\n")}),
            "")
      << "what one client has seen no later read may miss";
  EXPECT_NE(torture::WhyNotLinearizable(
                {Operation(1, 2, {"set", "k", "1"}, "+OK\r\n"), Operation(3, 4, {"get", "k"}, "$-1\r\n")}),
            "");
}

TEST(Linearizability, NoElementIsPoppedTwice) {
  const std::string element = "*2\r\n$1\r\nk\r\n$1\r\n5\r\n";
  const std::vector<KeyOperation> once = {Operation(1, 5, {"blpop", "k", "1"}, element),
                                          Operation(2, 6, {"blpop", "k", "1"}, "*-1\r\n"),
                                          Operation(3, 4, {"rpush", "k", "5"}, ":1\r\n")};
  EXPECT_EQ(torture::WhyNotLinearizable(once), "");
  std::vector<KeyOperation> twice = once;
  twice[1].answer = element;
  EXPECT_EQ(torture::WhyNotLinearizable(twice).substr(0, 9), "up to 6:\n");
}

TEST(Linearizability, AWatchedKeyIsAsItWasSeen) {
  std::vector<KeyOperation> operations = {Operation(1, 2, {"get", "k"}, "$-1\r\n"),
                                          Operation(3, 4, {"set", "k", "1"}, "+OK\r\n")};
  operations.push_back({.call = {.kind = KeyCall::Kind::kWatched, .commands = {{"incr", "k"}}, .seen = "$-1\r\n"},
                        .called = 5,
                        .answered = 6,
                        .answer = "*-1\r\n"});
  EXPECT_EQ(torture::WhyNotLinearizable(operations), "");
  operations.back().answer = "*1\r\n:2\r\n";
  EXPECT_NE(torture::WhyNotLinearizable(operations), "");
}

}  // namespace
}  // namespace amethyst::server
