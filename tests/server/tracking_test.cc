// Covers: tracking, tracking_commands
#include <gmock/gmock.h>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

class Cachers : public ServerTest {
 protected:
  Cachers() {
    static_cast<void>(other_.Line("hello 3"));
    static_cast<void>(Line("hello 3"));
  }
  Client other_{*this, "127.0.0.1:50001"};
};

TEST_F(Cachers, AreToldOnceOfKeysThatTheyHaveRead) {
  EXPECT_EQ(Line("client tracking on"), "OK");
  EXPECT_EQ(Line("mget a b"), "[(null), (null)]");
  EXPECT_EQ(other_.Line("set c 1"), "OK");
  EXPECT_EQ(client_->Received(), "");
  EXPECT_EQ(other_.Line("set a 1"), "OK");
  EXPECT_EQ(client_->Received(), R"(>["invalidate", ["a"]])");
  EXPECT_EQ(other_.Line("set a 2"), "OK");
  EXPECT_EQ(client_->Received(), "") << "it has not read the key again";
  EXPECT_EQ(Line("client tracking off"), "OK");
  EXPECT_EQ(other_.Line("set b 2"), "OK");
  EXPECT_EQ(client_->Received(), "");
}

TEST_F(Cachers, AreToldOfTheirOwnChangesBehindTheAnswer) {
  EXPECT_EQ(Line("client tracking on"), "OK");
  EXPECT_EQ(Line("get a"), "(null)");
  EXPECT_EQ(Line("incr a"), R"(1 >["invalidate", ["a"]])");
  EXPECT_EQ(Line("get a"), "\"1\"");
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("incr a"), "QUEUED");
  EXPECT_EQ(Line("get a"), "QUEUED");
  EXPECT_EQ(Line("exec"), R"([2, "2"] >["invalidate", ["a"]])");
  EXPECT_EQ(other_.Line("incr a"), "3");
  EXPECT_EQ(client_->Received(), R"(>["invalidate", ["a"]])") << "it has read the key behind its own change";
}

TEST_F(Cachers, NeedNotHearOfTheirOwnChanges) {
  EXPECT_EQ(Line("client tracking on noloop"), "OK");
  EXPECT_EQ(Line("mget a b"), "[(null), (null)]");
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(other_.Line("set b 1"), "OK");
  EXPECT_EQ(client_->Received(), R"(>["invalidate", ["b"]])");
  EXPECT_EQ(Line("client tracking off"), "OK");
  EXPECT_EQ(Line("client tracking on bcast noloop"), "OK");
  EXPECT_EQ(Line("set a 1"), "OK");
  EXPECT_EQ(other_.Line("mset b 1 c 1"), "OK");
  EXPECT_EQ(client_->Received(), R"(>["invalidate", ["b", "c"]])");
}

TEST_F(Cachers, AreToldOfWhatHasExpired) {
  EXPECT_EQ(other_.Line("set a 1 px 10"), "OK");
  EXPECT_EQ(Line("client tracking on"), "OK");
  EXPECT_EQ(Line("get a"), "\"1\"");
  Pass(milliseconds(10));
  EXPECT_EQ(client_->Received(), R"(>["invalidate", ["a"]])");
}

TEST_F(Cachers, AreToldWhenAllKeysAreGone) {
  EXPECT_EQ(Line("client tracking on"), "OK");
  EXPECT_EQ(Line("get a"), "(null)");
  EXPECT_EQ(other_.Line("flushall"), "OK");
  EXPECT_EQ(client_->Received(), R"(>["invalidate", (null)])");
  EXPECT_EQ(Line("flushdb"), R"(OK >["invalidate", (null)])");
  EXPECT_THAT(Line("info stats"), HasSubstr("tracking_total_keys:0"));
}

TEST_F(Cachers, ListenToPrefixes) {
  EXPECT_EQ(Line("client tracking on bcast prefix a: prefix b:"), "OK");
  EXPECT_EQ(other_.Line("mset a:2 1 a:1 1 b:1 1 c:1 1"), "OK");
  EXPECT_EQ(client_->Received(), R"(>["invalidate", ["a:1", "a:2"]] >["invalidate", ["b:1"]])");
  EXPECT_EQ(Line("client tracking on bcast prefix c:"), "OK");
  EXPECT_EQ(other_.Line("mset a:1 1 c:1 1"), "OK");
  EXPECT_EQ(client_->Received(), R"(>["invalidate", ["a:1"]] >["invalidate", ["c:1"]])");
  EXPECT_THAT(Line("info"), testing::AllOf(HasSubstr("tracking_total_prefixes:3"), HasSubstr("tracking_clients:1")));
  EXPECT_THAT(Line("client tracking on bcast prefix a"),
              StartsWith("(error) ERR Prefix 'a' overlaps with an existing prefix 'a:'."));
  EXPECT_THAT(Line("client tracking on bcast prefix de prefix d"),
              StartsWith("(error) ERR Prefix 'de' overlaps with another provided prefix 'd'."));
  EXPECT_EQ(Line("reset"), "RESET");
  EXPECT_THAT(Line("info"), testing::AllOf(HasSubstr("tracking_total_prefixes:0"), HasSubstr("tracking_clients:0")));
}

TEST_F(Cachers, RedirectToAListener) {
  Client listener(*this, "127.0.0.1:50002");
  EXPECT_EQ(listener.Line("subscribe __redis__:invalidate"), R"(["subscribe", "__redis__:invalidate", 1])");
  EXPECT_EQ(Line("hello 2").substr(0, 1), "[");
  EXPECT_EQ(Line("client tracking on redirect 3"), "OK");
  EXPECT_EQ(Line("client getredir"), "3");
  EXPECT_THAT(Line("client info"), testing::AllOf(HasSubstr("flags=t "), HasSubstr("redir=3 ")));
  EXPECT_EQ(Line("get a"), "(nil)");
  EXPECT_EQ(other_.Line("set a 1"), "OK");
  EXPECT_EQ(client_->Received(), "");
  EXPECT_EQ(listener.Received(), R"(["message", "__redis__:invalidate", ["a"]])");
  EXPECT_EQ(other_.Line("flushall"), "OK");
  EXPECT_EQ(listener.Received(), R"(["message", "__redis__:invalidate", (nil)])");
  EXPECT_EQ(Line("get a"), "(nil)");
  EXPECT_EQ(Line("hello 3").substr(0, 1), "{");
  EXPECT_EQ(listener.Line("quit"), "OK");
  EXPECT_EQ(other_.Line("set a 1"), "OK");
  EXPECT_EQ(client_->Received(), R"(>["tracking-redir-broken", 3])");
  EXPECT_EQ(Line("client trackinginfo"), R"({"flags": ("on", "broken_redirect"), "redirect": 3, "prefixes": []})");
}

TEST_F(Cachers, WithResp2AndNoListenerHearNothing) {
  EXPECT_EQ(Line("hello 2").substr(0, 1), "[");
  EXPECT_EQ(Line("client tracking on"), "OK");
  EXPECT_EQ(Line("get a"), "(nil)");
  EXPECT_EQ(Line("set a 1"), "OK");
}

TEST_F(Cachers, OptInAndOut) {
  EXPECT_EQ(Line("client tracking on optin"), "OK");
  EXPECT_EQ(Line("get a"), "(null)");
  EXPECT_EQ(Line("client caching yes"), "OK");
  EXPECT_EQ(Line("client trackinginfo"), R"({"flags": ("on", "optin", "caching-yes"), "redirect": 0, "prefixes": []})");
  EXPECT_EQ(Line("get b"), "(null)");
  EXPECT_EQ(Line("get c"), "(null)");
  EXPECT_EQ(other_.Line("mset a 1 b 1 c 1"), "OK");
  EXPECT_EQ(client_->Received(), R"(>["invalidate", ["b"]])");
  EXPECT_EQ(Line("client caching no"),
            "(error) ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
  EXPECT_EQ(Line("client tracking off"), "OK");
  EXPECT_EQ(Line("client tracking on optout"), "OK");
  EXPECT_EQ(Line("client caching no"), "OK");
  EXPECT_EQ(Line("multi"), "OK");
  EXPECT_EQ(Line("get a"), "QUEUED");
  EXPECT_EQ(Line("exec"), "[\"1\"]");
  EXPECT_EQ(Line("get b"), "\"1\"");
  EXPECT_EQ(other_.Line("mset a 1 b 1 c 1"), "OK");
  EXPECT_EQ(client_->Received(), R"(>["invalidate", ["b"]])");
  EXPECT_EQ(Line("client caching yes"),
            "(error) ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
}

TEST_F(Cachers, MayNotMixModes) {
  EXPECT_EQ(Line("client trackinginfo"), R"({"flags": ("off"), "redirect": -1, "prefixes": []})");
  EXPECT_THAT(Line("client caching yes"), StartsWith("(error) ERR CLIENT CACHING can be called only when"));
  EXPECT_EQ(Line("client tracking what"), "(error) ERR syntax error");
  EXPECT_EQ(Line("client tracking on what"), "(error) ERR syntax error");
  EXPECT_EQ(Line("client tracking on redirect x"), "(error) ERR value is not an integer or out of range");
  EXPECT_EQ(Line("client tracking on redirect 99"), "(error) ERR The client ID you want redirect to does not exist");
  EXPECT_EQ(Line("client tracking on redirect 2 redirect 2"),
            "(error) ERR A client can only redirect to a single other client");
  EXPECT_EQ(Line("client tracking on prefix a"), "(error) ERR PREFIX option requires BCAST mode to be enabled");
  EXPECT_EQ(Line("client tracking on optin optout"), "(error) ERR You can't specify both OPTIN mode and OPTOUT mode");
  EXPECT_EQ(Line("client tracking on bcast optin"), "(error) ERR OPTIN and OPTOUT are not compatible with BCAST");
  EXPECT_EQ(Line("client tracking on optin"), "OK");
  EXPECT_THAT(Line("client tracking on optout"), StartsWith("(error) ERR You can't switch OPTIN/OPTOUT mode"));
  EXPECT_THAT(Line("client tracking on bcast"), StartsWith("(error) ERR You can't switch BCAST mode on/off"));
}

TEST_F(Cachers, AreToldOfKeysThatTheTableHasNoRoomFor) {
  EXPECT_EQ(Line("client tracking on"), "OK");
  EXPECT_EQ(Line("mget a b c d"), "[(null), (null), (null), (null)]");
  EXPECT_THAT(other_.Line("info stats"), HasSubstr("tracking_total_items:4"));
  EXPECT_EQ(other_.Line("config set tracking-table-max-keys 2"), "OK");
  EXPECT_EQ(client_->Received(), R"(>["invalidate", ["a"]] >["invalidate", ["b"]])");
  EXPECT_EQ(Line("get a"), R"((null) >["invalidate", ["c"]])");
  EXPECT_THAT(other_.Line("info stats"), HasSubstr("tracking_total_keys:2"));
}

TEST_F(Cachers, HearOfChangesEvenWithoutReplies) {
  EXPECT_EQ(Line("client tracking on"), "OK");
  EXPECT_EQ(Line("get a"), "(null)");
  EXPECT_EQ(Line("client reply off"), "");
  EXPECT_EQ(other_.Line("set a 1"), "OK");
  EXPECT_EQ(client_->Received(), R"(>["invalidate", ["a"]])");
}

TEST_F(Cachers, AreToldOfWhatTheyHaveWaitedFor) {
  EXPECT_EQ(Line("client tracking on"), "OK");
  EXPECT_EQ(Line("lrange b 0 -1"), "[]");
  EXPECT_EQ(Line("blmove a b left left 0"), "");
  EXPECT_EQ(other_.Line("rpush a x"), "1");
  EXPECT_EQ(client_->Received(), R"("x" >["invalidate", ["b"]])");
}

TEST_F(Cachers, OfAScriptIsOfTheKeysThatItWasGivenIfItReads) {
  Client writer(*this, "127.0.0.1:9");
  Line("hello 3");
  Line("client tracking on");
  EXPECT_EQ(Send({"eval", "return redis.call('set', KEYS[1], 1)", "1", "a"}), "OK");
  EXPECT_EQ(writer.Line("set a 2"), "OK");
  EXPECT_EQ(client_->Received(), "");
  EXPECT_EQ(Send({"eval", "return redis.call('get', 'b')", "1", "a"}), "(null)");
  EXPECT_EQ(writer.Line("mset b 1 a 3"), "OK");
  EXPECT_EQ(client_->Received(), ">[\"invalidate\", [\"a\"]]");
}

}  // namespace
}  // namespace amethyst::server
