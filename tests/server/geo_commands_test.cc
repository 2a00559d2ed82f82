// Covers: geo_commands, geo_search_commands, geo_arguments
#include <gmock/gmock.h>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

// Both encodings: everything inline, and everything exploded.
class GeoCommandsTest : public ServerTest, public testing::WithParamInterface<const char*> {
 protected:
  GeoCommandsTest() { Configure("zset-max-listpack-entries", GetParam()); }

  void AddSicily() {
    EXPECT_EQ(Line("geoadd g 13.361389 38.115556 palermo 15.087269 37.502669 catania"), "2");
    EXPECT_EQ(Line("geoadd g 12.758489 38.788135 edge1 17.241510 38.788135 edge2"), "2");
  }
};
INSTANTIATE_TEST_SUITE_P(Encodings, GeoCommandsTest, testing::Values("128", "0"));

TEST_P(GeoCommandsTest, AddPlacesAndShowThem) {
  AddSicily();
  EXPECT_EQ(Line("zscore g palermo"), R"("3479099956230698")");
  EXPECT_EQ(Line("geopos g palermo none"), R"([["13.36138933897018433", "38.11555639549629859"], (nil array)])");
  EXPECT_EQ(Line("geohash g palermo catania none"), R"(["sqc8b49rny0", "sqdtr74hyu0", (nil)])");
  EXPECT_EQ(Line("geopos none a"), "[(nil array)]");
  EXPECT_EQ(Line("geoadd g nx ch 1 1 palermo 2 2 rome"), "1");
  EXPECT_EQ(Line("geoadd g xx ch 1 1 palermo 2 2 milan"), "1");
  EXPECT_EQ(Line("geohash g palermo milan"), R"(["s00twy01mt0", (nil)])");
}

TEST_P(GeoCommandsTest, MeasureDistances) {
  AddSicily();
  EXPECT_EQ(Line("geodist g palermo catania"), R"("166274.1516")");
  EXPECT_EQ(Line("geodist g palermo catania KM"), R"("166.2742")");
  EXPECT_EQ(Line("geodist g palermo catania mi"), R"("103.3182")");
  EXPECT_EQ(Line("geodist g palermo catania ft"), R"("545518.8700")");
  EXPECT_EQ(Line("geodist g palermo palermo"), R"("0.0000")");
  EXPECT_EQ(Line("geodist g palermo none"), "(nil)");
  EXPECT_EQ(Line("geodist g palermo catania km km"), "(error) ERR syntax error");
}

TEST_P(GeoCommandsTest, SearchCirclesAndBoxes) {
  AddSicily();
  EXPECT_EQ(Line("geosearch g fromlonlat 15 37 byradius 200 km asc withdist withhash withcoord"),
            R"([["catania", "56.4413", 3479447370796909, ["15.08726745843887329", "37.50266842333162032"]], )"
            R"(["palermo", "190.4424", 3479099956230698, ["13.36138933897018433", "38.11555639549629859"]]])");
  EXPECT_EQ(Line("geosearch g fromlonlat 15 37 bybox 400 400 km asc"), R"(["catania", "palermo", "edge2", "edge1"])");
  EXPECT_EQ(Line("geosearch g frommember palermo byradius 300 km desc count 2"), R"(["catania", "edge1"])");
  EXPECT_EQ(Line("geosearch g frommember palermo byradius 300 km count 1"), R"(["palermo"])");
  EXPECT_EQ(Line("geosearch g frommember palermo byradius 300 km count 1 any"), R"(["palermo"])");
  EXPECT_EQ(Line("geosearch none frommember a byradius 1 km"), "[]");
  EXPECT_EQ(Line("georadius g 15 37 100 km"), R"(["catania"])");
  EXPECT_EQ(Line("georadius_ro g 15 37 100 km withdist"), R"([["catania", "56.4413"]])");
  EXPECT_EQ(Line("georadiusbymember g palermo 100 km desc"), R"(["edge1", "palermo"])");
  EXPECT_EQ(Line("georadiusbymember_ro none a x y"), "[]");
}

TEST_P(GeoCommandsTest, StoreWhatWasFound) {
  AddSicily();
  Client listener(*this, "listener");
  EXPECT_EQ(Line("config set notify-keyspace-events KEA"), "OK");
  listener.Line("psubscribe __keyevent*");
  EXPECT_EQ(Line("geosearchstore d g frommember palermo byradius 200 km storedist"), "3");
  EXPECT_THAT(listener.Received(), testing::HasSubstr(R"("__keyevent@0__:geosearchstore", "d")"));
  EXPECT_EQ(Line("zrange d 0 -1"), R"(["palermo", "edge1", "catania"])");
  EXPECT_THAT(Line("zscore d catania"), testing::HasSubstr("166.27415156960"));
  EXPECT_EQ(Line("georadius g 15 37 100 km store d"), "1");
  EXPECT_THAT(listener.Received(), testing::HasSubstr(R"("__keyevent@0__:georadiusstore", "d")"));
  EXPECT_EQ(Line("zrange d 0 -1 withscores"), R"(["catania", "3479447370796909"])");
  EXPECT_EQ(Line("georadiusbymember none a x y storedist d"), "0");
  EXPECT_THAT(listener.Received(), testing::HasSubstr(R"("__keyevent@0__:del", "d")"));
  EXPECT_EQ(Line("exists d"), "0");
  EXPECT_EQ(Line("command getkeys georadius k 1 1 1 m store a storedist b"), R"(["k", "b"])");
}

TEST_P(GeoCommandsTest, RefuseAsRedisDoes) {
  AddSicily();
  EXPECT_EQ(Line("geoadd g 200 1 x"), "(error) ERR invalid longitude,latitude pair 200.000000,1.000000");
  EXPECT_EQ(Line("geoadd g nx xx 1 1 x"), "(error) ERR syntax error");
  EXPECT_EQ(Line("geoadd g 1 a x"), "(error) ERR value is not a valid float");
  EXPECT_EQ(Line("geodist g a b z"), "(error) ERR unsupported unit provided. please use M, KM, FT, MI");
  EXPECT_EQ(Line("geosearch g fromlonlat 1 1 byradius a km"), "(error) ERR need numeric radius");
  EXPECT_EQ(Line("geosearch g fromlonlat 1 1 byradius -1 km"), "(error) ERR radius cannot be negative");
  EXPECT_EQ(Line("geosearch g fromlonlat 1 1 bybox a 1 km"), "(error) ERR need numeric width");
  EXPECT_EQ(Line("geosearch g fromlonlat 1 1 bybox 1 b km"), "(error) ERR need numeric height");
  EXPECT_EQ(Line("geosearch g fromlonlat 1 1 bybox 1 -1 km"), "(error) ERR height or width cannot be negative");
  EXPECT_EQ(Line("geosearch g byradius 1 km asc asc asc"),
            "(error) ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for geosearch");
  EXPECT_EQ(Line("geosearch g fromlonlat 1 1 asc asc asc asc"),
            "(error) ERR exactly one of BYRADIUS and BYBOX can be specified for geosearch");
  EXPECT_EQ(Line("geosearch g frommember none byradius 1 km"), "(error) ERR could not decode requested zset member");
  EXPECT_EQ(Line("geosearch g frommember palermo byradius 1 km any"),
            "(error) ERR the ANY argument requires COUNT argument");
  EXPECT_EQ(Line("geosearch g frommember palermo byradius 1 km count 0"), "(error) ERR COUNT must be > 0");
  EXPECT_EQ(Line("georadius g 1 1 1 km store d withdist"),
            "(error) ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options");
  EXPECT_EQ(Line("geosearchstore d g frommember palermo byradius 1 km withdist"),
            "(error) ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options");
  EXPECT_EQ(Line("georadiusbymember_ro g palermo 1 km store d"), "(error) ERR syntax error");
  EXPECT_EQ(Line("set s x"), "OK");
  for (const char* const line : {"geoadd s 1 1 a", "geopos s a", "geohash s a", "geodist s a b", "georadius s 1 1 1 m",
                                 "geosearch s fromlonlat 1 1 byradius 1 km"}) {
    EXPECT_EQ(Line(line), "(error) WRONGTYPE Operation against a key holding the wrong kind of value") << line;
  }
}

}  // namespace
}  // namespace amethyst::server
