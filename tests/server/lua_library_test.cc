// Covers: struct_library, msgpack_library, json_guard
#include <gmock/gmock.h>

#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using testing::HasSubstr;

class LuaLibraries : public ServerTest {
 protected:
  std::string Eval(const std::string& script) { return Send({"eval", script, "0"}); }
  // Of an expression whose value is a text.
  std::string Hex(const std::string& expression) {
    return Eval("local s = " + expression + " return (s:gsub('.', function(c) return bit.tohex(c:byte(), 2) end))");
  }
};

TEST_F(LuaLibraries, PackStructures) {
  EXPECT_EQ(Hex("struct.pack('<i4>i2', 1, 2)"), "\"010000000002\"");
  EXPECT_EQ(Hex("struct.pack('<!4bi4', 1, 2)"), "\"0100000002000000\"");
  EXPECT_EQ(Hex("struct.pack('<bBxhH', -1, 255, -2, 65535)"), "\"ffff00feffffff\"");
  EXPECT_EQ(Hex("struct.pack('>fd', 1.5, -2)"), "\"3fc00000c000000000000000\"");
  EXPECT_EQ(Hex("struct.pack('sc2c0', 'ab', 'cde', 'f')"), "\"616200636466\"");
  EXPECT_EQ(Hex("struct.pack('<i12', -2)"), "\"feffffffffffffff00000000\"");
  EXPECT_EQ(Eval("return struct.size('!8bd')"), "16");
}

TEST_F(LuaLibraries, UnpackWhatTheyPacked) {
  EXPECT_EQ(Eval("return {struct.unpack('<i3I3bsc2', struct.pack('<i3I3bsc2', -5, 7, -1, 'ab', 'cd'))}"),
            "[-5, 7, -1, \"ab\", \"cd\", 13]");
  EXPECT_EQ(Eval("return {struct.unpack('bc0', '\\3abcd')}"), "[\"abc\", 5]");
  EXPECT_EQ(Eval("return tostring(struct.unpack('>d', struct.pack('>d', 0.1)))"), "\"0.1\"");
  EXPECT_EQ(Eval("return {struct.unpack('b', 'abc', 2)}"), "[98, 3]");
}

TEST_F(LuaLibraries, RefuseStructuresThatAreWrong) {
  EXPECT_THAT(Eval("struct.pack('i40', 1)"), HasSubstr("integral size 40 is larger than limit of 32"));
  EXPECT_THAT(Eval("struct.pack('?', 1)"), HasSubstr("invalid format option '?'"));
  EXPECT_THAT(Eval("struct.pack('!3', 1)"), HasSubstr("alignment 3 is not a power of 2"));
  EXPECT_THAT(Eval("struct.pack('i99999999999', 1)"), HasSubstr("integral size overflow"));
  EXPECT_THAT(Eval("struct.pack('c5', 'abc')"), HasSubstr("string too short"));
  EXPECT_THAT(Eval("struct.unpack('i4', 'abc')"), HasSubstr("data string too short"));
  EXPECT_THAT(Eval("struct.unpack('i4', 'abcd', -1)"), HasSubstr("data string too short"));
  EXPECT_THAT(Eval("struct.unpack('i4', 'abcd', 0)"), HasSubstr("offset must be 1 or greater"));
  EXPECT_THAT(Eval("struct.unpack('c0', 'abc')"), HasSubstr("format 'c0' needs a previous size"));
  EXPECT_THAT(Eval("struct.unpack('dc0', struct.pack('d', 1e300))"), HasSubstr("data string too short"));
  EXPECT_THAT(Eval("struct.unpack('s', 'abc')"), HasSubstr("unfinished string in data"));
  EXPECT_THAT(Eval("struct.size('s')"), HasSubstr("option 's' has no fixed size"));
}

TEST_F(LuaLibraries, PackMessages) {
  EXPECT_EQ(Hex("cmsgpack.pack(1, 127, 128, 256, 65536, 2^32)"), "\"017fcc80cd0100ce00010000cf0000000100000000\"");
  EXPECT_EQ(Hex("cmsgpack.pack(-1, -32, -33, -129, -40000, -2^32)"), "\"ffe0d0dfd1ff7fd2ffff63c0d3ffffffff00000000\"");
  EXPECT_EQ(Hex("cmsgpack.pack(1.5, 0.1, true, false, nil)"), "\"ca3fc00000cb3fb999999999999ac3c2c0\"");
  EXPECT_EQ(Hex("cmsgpack.pack('a', {1, {}}, {a = 1})"),
            "\"a161920190"
            "81a16101\"");
  EXPECT_EQ(Eval("return #cmsgpack.pack(('x'):rep(300))"), "303");
  EXPECT_EQ(Eval("local a = {} a[1] = a return #cmsgpack.pack(a)"), "17") << "the sixteenth level is nil";
}

TEST_F(LuaLibraries, UnpackMessages) {
  EXPECT_EQ(Eval("return {cmsgpack.unpack(cmsgpack.pack(1, -33, 'a', {1, 2}, 70000, -70000, true))}"),
            "[1, -33, \"a\", [1, 2], 70000, -70000, 1]");
  EXPECT_EQ(Eval("return cmsgpack.unpack(cmsgpack.pack({a = {b = 'c'}})).a.b"), "\"c\"");
  EXPECT_EQ(Eval("return {cmsgpack.unpack_one('\\1\\2\\3', 1)}"), "[2, 2]");
  EXPECT_EQ(Eval("return {cmsgpack.unpack_limit('\\1\\2\\3', 3)}"), "[-1, 1, 2, 3]");
  EXPECT_THAT(Eval("cmsgpack.unpack('\\147')"), HasSubstr("Missing bytes in input."));
  EXPECT_THAT(Eval("cmsgpack.unpack('\\193')"), HasSubstr("Bad data format in input."));
  EXPECT_THAT(Eval("cmsgpack.unpack('\\221\\255\\255\\255\\255\\1')"), HasSubstr("Missing bytes in input."));
  EXPECT_THAT(Eval("cmsgpack.unpack_one('a', 5)"), HasSubstr("Start offset 5 greater than input length 1."));
  EXPECT_THAT(Eval("cmsgpack.unpack(('\\145'):rep(100000))"), HasSubstr("stack overflow"));
}

TEST_F(LuaLibraries, SpeakJsonWithinTheirMemory) {
  EXPECT_EQ(Eval("return cjson.encode({1, 'a', {b = true}})"), "\"[1,\\\"a\\\",{\\\"b\\\":true}]\"");
  EXPECT_EQ(Eval("return cjson.decode('[1,[2,\"x\"]]')"), "[1, [2, \"x\"]]");
  EXPECT_THAT(Eval("cjson.encode(1/0)"), HasSubstr("user_script:1: Cannot serialise number: must not be NaN or Inf"));
  const std::string bomb = "local t = ('x'):rep(1000000) for i = 1, 20 do t = {t, t} end ";
  EXPECT_THAT(Eval(bomb + "cjson.encode(t)"), HasSubstr("not enough memory"));
  EXPECT_THAT(Eval(bomb + "cjson.new().encode(t)"), HasSubstr("not enough memory"));
  EXPECT_THAT(Eval("local t = {} for i = 1, 60 do t = {t, t} end cjson.encode(t)"), HasSubstr("not enough memory"));
  EXPECT_THAT(Eval("local t = ('x'):rep(1000000) for i = 1, 14 do t = {t, t} end cmsgpack.pack(t)"),
              HasSubstr("not enough memory"));
}

}  // namespace
}  // namespace amethyst::server
