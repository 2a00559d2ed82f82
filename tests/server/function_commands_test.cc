// Covers: function_commands, function, library, libraries, register_function, function_payload
#include <gmock/gmock.h>

#include "server/rdb/dump_payload.h"
#include "server/rdb/function_payload.h"
#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using std::chrono::microseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class FunctionCommands : public ServerTest {
 protected:
  // Loads a library "lib" of that code, over the one that is there.
  std::string Load(const std::string& code, const std::string& name = "lib") {
    return Send({"function", "load", "replace", "#!lua name=" + name + "\n" + code});
  }
  // Of one function without arguments.
  std::string Run(const std::string& body) {
    EXPECT_EQ(Load("redis.register_function('f', function(KEYS, ARGV) " + body + " end)"), "\"lib\"");
    return Line("fcall f 0");
  }
  // Bytes as a client of ours has got them.
  std::string Dump() {
    std::string payload;
    for (const auto& [name, library] : server_->libraries().all()) rdb::AppendLibrary(&payload, library->code());
    rdb::SealPayload(&payload);
    return payload;
  }
};

constexpr std::string_view kTwo =
    "#!lua name=two\nredis.register_function('a', function() return 1 end)\n"
    "redis.register_function{function_name='B', callback=function() return 2 end, "
    "description='second', flags={'no-writes', 'Allow-OOM'}}";

TEST_F(FunctionCommands, AreCalledWithKeysAndArguments) {
  EXPECT_EQ(Load("redis.register_function('put', function(keys, args) return redis.call('set', keys[1], args[1]) end)"),
            "\"lib\"");
  EXPECT_EQ(Line("fcall put 1 k v"), "OK");
  EXPECT_EQ(Line("fcall PUT 1 k w"), "OK");
  EXPECT_EQ(Line("get k"), "\"w\"");
  EXPECT_EQ(Line("fcall none 0"), "(error) ERR Function not found");
  EXPECT_EQ(Line("fcall put x"), "(error) ERR Bad number of keys provided");
  EXPECT_EQ(Line("fcall put 1"), "(error) ERR Number of keys can't be greater than number of args");
  EXPECT_EQ(Line("fcall put -1"), "(error) ERR Number of keys can't be negative");
  EXPECT_EQ(Line("fcall_ro put 1 k v"), "(error) ERR Can not execute a script with write flag using *_ro command.");
  EXPECT_EQ(Line("command getkeys fcall put 2 a b c"), "[\"a\", \"b\"]");
}

TEST_F(FunctionCommands, TellTheirErrorsAsRedisDoes) {
  EXPECT_EQ(
      Run("return nosuch"),
      "(error) ERR user_function:2: Script attempted to access nonexistent global variable 'nosuch' script: f, on "
      "@user_function:2.");
  EXPECT_EQ(Run("return redis.call('nosuch')"),
            "(error) ERR Unknown Redis command called from script script: f, on @user_function:2.");
  EXPECT_EQ(Run("return redis.error_reply('MY own')"), "(error) MY own");
  EXPECT_THAT(Run("x = 1"), HasSubstr("Attempt to modify a readonly table"));
}

TEST_F(FunctionCommands, HaveNoMoreThanRedisGivesThem) {
  EXPECT_EQ(Run("return {redis.breakpoint == nil, redis.debug == nil, redis.replicate_commands == nil, "
                "redis.register_function == nil, redis.sha1hex ~= nil}"),
            "[1, 1, 1, 1, 1]");
  Load("local lib = redis redis.register_function('f', function() lib.register_function('g', function() end) end)");
  EXPECT_THAT(Line("fcall f 0"),
              StartsWith("(error) ERR redis.register_function can only be called on FUNCTION LOAD command script: f"));
  EXPECT_THAT(Send({"eval", "return type(redis.register_function)", "0"}), "\"nil\"");
}

TEST_F(FunctionCommands, ThatOnlyReadMayNotWrite) {
  Load(
      "redis.register_function{function_name='f', flags={'no-writes'}, "
      "callback=function(keys, args) return redis.call(unpack(args)) end}");
  EXPECT_THAT(Line("fcall f 0 set a 1"),
              StartsWith("(error) ERR Write commands are not allowed from read-only scripts."));
  EXPECT_EQ(Line("fcall_ro f 0 get a"), "(nil)");
  Client other(*this, "127.0.0.1:2");
  EXPECT_EQ(Line("client pause 100000 write"), "OK");
  EXPECT_EQ(other.Line("fcall f 0 get a"), "(nil)") << "a pause of writes does not hold it";
  EXPECT_EQ(Line("client unpause"), "OK");
}

TEST_F(FunctionCommands, ListLibraries) {
  EXPECT_EQ(Line("function list"), "[]");
  EXPECT_EQ(Send({"function", "load", std::string(kTwo)}), "\"two\"");
  constexpr std::string_view kListed =
      R"(["library_name", "two", "engine", "LUA", "functions", [["name", "a", "description", (nil), "flags", []], )"
      R"(["name", "B", "description", "second", "flags", [no-writes, allow-oom]]])";
  EXPECT_EQ(Line("function list"), "[" + std::string(kListed) + "]]");
  EXPECT_THAT(Line("function list withcode"), HasSubstr("\"library_code\", \"#!lua name=two\\x0a"));
  EXPECT_EQ(Line("function list libraryname x*"), "[]");
  EXPECT_THAT(Line("function list libraryname t*"), StartsWith("[" + std::string(kListed)));
  EXPECT_EQ(Line("function list libraryname"), "(error) ERR library name argument was not given");
  EXPECT_EQ(Line("function list withcode withcode"), "(error) ERR Unknown argument withcode");
  Line("hello 3");
  EXPECT_EQ(Line("function list"),
            R"([{"library_name": "two", "engine": "LUA", "functions": [{"name": "a", "description": (null), )"
            R"("flags": ()}, {"name": "B", "description": "second", "flags": (no-writes, allow-oom)}]}])");
  EXPECT_EQ(Line("function stats"),
            R"({"running_script": (null), "engines": {"LUA": {"libraries_count": 1, "functions_count": 2}}})");
}

TEST_F(FunctionCommands, RefuseACodeThatIsNoLibrary) {
  const std::vector<std::pair<std::string, std::string>> kRefused = {
      {"x", "Missing library metadata"},
      {"#!lua name=a", "Invalid library metadata"},
      {"#!lua\nx", "Library name was not given"},
      {"#!lua name=a name=b\nx", "Invalid metadata value, name argument was given multiple times"},
      {"#!lua name=a b=c\nx", "Invalid metadata value given: b=c"},
      {"#!py name=a\nx", "Engine 'py' not found"},
      {"#!lua name=a-b\nx",
       "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"},
      {"#!lua name=a\nx y", "Error compiling function: user_function:2: '=' expected near 'y'"},
      {"#!lua name=a\nreturn 1", "No functions registered"},
      {"#!lua name=a\nerror('x')",
       "Error registering functions: ERR user_function:2: Script attempted to access nonexistent global variable "
       "'error'"},
      {"#!lua name=a\nredis.register_function('f')",
       "Error registering functions: ERR calling redis.register_function with a single argument is only applicable to "
       "Lua table (representing named arguments)."},
  };
  for (const auto& [code, error] : kRefused) {
    EXPECT_EQ(Send({"function", "load", code}), "(error) ERR " + error) << code;
  }
  EXPECT_EQ(Line("function load x y"), "(error) ERR Unknown option given: x");
  EXPECT_EQ(Line("function list"), "[]");
  EXPECT_EQ(Send({"function", "load", std::string(kTwo)}), "\"two\"");
  EXPECT_EQ(Send({"function", "load", std::string(kTwo)}), "(error) ERR Library 'two' already exists");
  EXPECT_EQ(Load("redis.register_function('b', function() end)"), "(error) ERR Function b already exists");
  EXPECT_THAT(Load("redis.register_function('x', function() end) redis.register_function('X', function() end)"),
              EndsWith("Function already exists in the library"));
  EXPECT_EQ(Line("fcall b 0"), "2");
}

TEST_F(FunctionCommands, RefuseARegistrationThatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> kRefused = {
      {"()", "wrong number of arguments to redis.register_function"},
      {"(nil, 1)", "first argument to redis.register_function must be a string"},
      {"('f', 1)", "second argument to redis.register_function must be a function"},
      {"{1}", "unknown argument given to redis.register_function"},
      {"{[true] = 1}", "named argument key given to redis.register_function is not a string"},
      {"{function_name = {}}", "function_name argument given to redis.register_function must be a string"},
      {"{description = {}}", "description argument given to redis.register_function must be a string"},
      {"{callback = 1}", "callback argument given to redis.register_function must be a function"},
      {"{flags = 1}", "flags argument to redis.register_function must be a table representing function flags"},
      {"{flags = {'x'}}", "unknown flag given"},
      {"{callback = redis.log}", "redis.register_function must get a function name argument"},
      {"{function_name = 'f'}", "redis.register_function must get a callback argument"},
  };
  for (const auto& [arguments, error] : kRefused) {
    EXPECT_EQ(Load("redis.register_function" + arguments), "(error) ERR Error registering functions: ERR " + error);
  }
}

TEST_F(FunctionCommands, EndALoadThatTakesTooLong) {
  clock_.look = microseconds(1000);
  EXPECT_EQ(Load("while true do end"), "(error) ERR Error registering functions: ERR FUNCTION LOAD timeout");
  clock_.look = microseconds(0);
  EXPECT_EQ(Run("return 1"), "1");
}

TEST_F(FunctionCommands, AreThereAfterARestart) {
  EXPECT_EQ(Run("return 'kept'"), "\"kept\"");
  EXPECT_EQ(Send({"function", "load", std::string(kTwo)}), "\"two\"");
  EXPECT_EQ(Line("function delete two"), "OK");
  EXPECT_EQ(Line("function delete two"), "(error) ERR Library not found");
  EXPECT_EQ(Line("flushall"), "OK");
  Restart();
  EXPECT_EQ(Line("fcall f 0"), "\"kept\"");
  EXPECT_EQ(Line("fcall a 0"), "(error) ERR Function not found");
  Crash();
  EXPECT_EQ(Line("fcall f 0"), "\"kept\"");
  EXPECT_EQ(Line("function flush async"), "OK");
  EXPECT_EQ(Line("fcall f 0"), "(error) ERR Function not found");
  Crash();
  EXPECT_EQ(Line("function list"), "[]");
}

// Of those that fit one after the other, the last one by name needs the most while it loads.
TEST_F(FunctionCommands, FindRoomAtAStartInAnyOrder) {
  const auto load = [&](const std::string& name, int doublings, const std::string& more) {
    const std::string text =
        "local text = '" + name + "' for i = 1, " + std::to_string(doublings) + " do text = text .. text end " + more;
    return Load(text + "redis.register_function('" + name + "', function() return #text end)", name);
  };
  EXPECT_EQ(load("z", 24, "text = '' "), "\"z\"");
  for (const std::string name : {"a", "b", "c", "d"}) EXPECT_EQ(load(name, 23, ""), '"' + name + '"');
  Restart();
  EXPECT_EQ(Line("fcall z 0"), "0");
  EXPECT_EQ(Load("local text = 'x' while true do text = text .. text end", "e"),
            "(error) ERR Error registering functions: ERR not enough memory");
  EXPECT_EQ(Line("fcall a 0"), "8388608");
}

TEST_F(FunctionCommands, SayWhichStoredLibraryCannotBeLoaded) {
  ASSERT_TRUE(space_->family(Part::kSys).Put(LibraryKey("bad"), "no code"));
  const Status loaded = server_->LoadLibraries();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code(), ErrorCode::kCorruption);
  EXPECT_THAT(loaded.error().message(), HasSubstr("'bad' cannot be loaded: Missing library metadata"));
}

TEST_F(FunctionCommands, HoldWithinTheirTransaction) {
  Line("multi");
  Load("redis.register_function('f', function() return 1 end)");
  Line("fcall f 0");
  Line("function delete lib");
  Line("fcall f 0");
  EXPECT_EQ(Line("exec"), "[\"lib\", 1, OK, (error) ERR Function not found]");
}

TEST_F(FunctionCommands, AreTakenBackWhereTheCommitFails) {
  EXPECT_EQ(Run("return 1"), "1");
  Line("multi");
  Line("function flush");
  // More than a batch may have.
  Load("redis.register_function('g', function() return 2 end) --" + std::string(size_t{70} << 20, 'x'));
  EXPECT_THAT(Line("exec"), StartsWith("(error) ERR a batch of "));
  EXPECT_EQ(Line("fcall f 0"), "1");
  EXPECT_EQ(Line("fcall g 0"), "(error) ERR Function not found");
  Restart();
  EXPECT_EQ(Line("fcall f 0"), "1");
}

TEST_F(FunctionCommands, DumpAndRestoreLibraries) {
  EXPECT_EQ(Run("return 1"), "1");
  const std::string one = Dump();
  EXPECT_THAT(Line("function dump"), StartsWith("\"\\xf5"));
  EXPECT_EQ(Send({"function", "restore", one}), "(error) ERR Library lib already exists");
  EXPECT_EQ(Run("return 2"), "2");
  EXPECT_EQ(Send({"function", "restore", one, "replace"}), "OK");
  EXPECT_EQ(Line("fcall f 0"), "1");
  EXPECT_EQ(Load("redis.register_function('f', function() return 3 end)", "other"),
            "(error) ERR Function f already exists");
  EXPECT_EQ(Line("function delete lib"), "OK");
  EXPECT_EQ(Load("redis.register_function('F', function() return 3 end)", "other"), "\"other\"");
  EXPECT_EQ(Send({"function", "restore", one}), "(error) ERR Function f already exists");
  EXPECT_EQ(Send({"function", "restore", one, "flush"}), "OK");
  Restart();
  EXPECT_EQ(Line("fcall f 0"), "1");
  EXPECT_THAT(Line("function stats"), HasSubstr("\"libraries_count\", 1"));
}

TEST_F(FunctionCommands, RefuseAPayloadThatIsNone) {
  const auto restored = [&](std::string object) {
    rdb::SealPayload(&object);
    return Send({"function", "restore", object});
  };
  EXPECT_EQ(Line("function restore x"), "(error) ERR DUMP payload version or checksum are wrong");
  EXPECT_EQ(Line("function restore x y"),
            "(error) ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.");
  EXPECT_EQ(Line("function restore x y z"),
            "(error) ERR unknown subcommand or wrong number of arguments for 'restore'. Try FUNCTION HELP.");
  EXPECT_EQ(restored(std::string("\0\1a", 3)), "(error) ERR given type is not a function");
  EXPECT_EQ(restored("\xf5\x05"
                     "ab"),
            "(error) ERR Failed loading library payload");
  EXPECT_EQ(restored("\xf6\x05"
                     "ab"),
            "(error) ERR Failed loading library name");
  EXPECT_EQ(restored("\xf5\x02"
                     "ab"),
            "(error) ERR Missing library metadata");
  std::string twice;
  for (int i = 0; i < 2; ++i) rdb::AppendLibrary(&twice, kTwo);
  EXPECT_EQ(restored(twice), "(error) ERR Library 'two' already exists");
  EXPECT_EQ(restored(""), "OK");
  EXPECT_EQ(Line("function list"), "[]");
  // As the candidates of 7.0 wrote it: name, engine, description, code.
  const std::string code = "redis.register_function('f', function() return 7 end)";
  EXPECT_EQ(restored("\xf6\x03lib\x03LUA\x01\x04text" + std::string(1, static_cast<char>(code.size())) + code), "OK");
  EXPECT_EQ(Line("fcall f 0"), "7");
}

TEST_F(FunctionCommands, RefuseAsRedisDoes) {
  EXPECT_EQ(Line("function flush now"), "(error) ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
  EXPECT_EQ(Line("function flush sync now"),
            "(error) ERR unknown subcommand or wrong number of arguments for 'flush'. Try FUNCTION HELP.");
  EXPECT_EQ(Line("function nosuch"), "(error) ERR unknown subcommand 'nosuch'. Try FUNCTION HELP.");
  EXPECT_EQ(Line("function kill"), "(error) NOTBUSY No scripts in execution right now.");
  EXPECT_THAT(Line("function help"), HasSubstr("RESTORE"));
  EXPECT_THAT(Send({"eval", "return redis.call('fcall', 'f', 0)", "0"}),
              StartsWith("(error) ERR This Redis command is not allowed from script"));
}

TEST_F(FunctionCommands, AreCountedByInfo) {
  EXPECT_EQ(Send({"function", "load", std::string(kTwo)}), "\"two\"");
  EXPECT_THAT(Line("info memory"),
              testing::AllOf(HasSubstr("number_of_functions:2\\x0d"), HasSubstr("number_of_libraries:1\\x0d")));
}

}  // namespace
}  // namespace amethyst::server
