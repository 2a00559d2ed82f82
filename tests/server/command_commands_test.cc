// Covers: command_commands, categories, cluster_commands, help, key_specs, table
#include <gmock/gmock.h>

#include "server/commands/command.h"
#include "server/server_fixture.h"

namespace amethyst::server {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class CommandCommands : public ServerTest {};

TEST_F(CommandCommands, CountAndList) {
  EXPECT_EQ(Line("command count"), std::to_string(AllCommands().size()));
  EXPECT_THAT(Line("command list"), AllOf(HasSubstr("\"get\""), HasSubstr("\"config|help\"")));
  EXPECT_EQ(Line("command list filterby pattern conf*"),
            R"(["config", "config|get", "config|resetstat", "config|rewrite", "config|set", "config|help"])");
  EXPECT_EQ(Line("command list filterby module json"), "[]");
  EXPECT_THAT(Line("command list filterby aclcat transaction"), AllOf(HasSubstr("\"multi\""), HasSubstr("\"exec\"")));
  EXPECT_EQ(Line("command list filterby foo bar"), "(error) ERR syntax error");
  EXPECT_EQ(Line("command list filterby"), "(error) ERR syntax error");
}

TEST_F(CommandCommands, InformAsRedisDoes) {
  EXPECT_EQ(Line("command info get"),
            "[[\"get\", 2, [readonly, fast], 1, 1, 1, [@read, @string, @fast], [], [[\"flags\", [RO, access], "
            "\"begin_search\", [\"type\", \"index\", \"spec\", [\"index\", 1]], \"find_keys\", [\"type\", \"range\", "
            "\"spec\", [\"lastkey\", 0, \"keystep\", 1, \"limit\", 0]]]], []]]");
  EXPECT_EQ(Line("command info nosuch"), "[(nil)]");
  EXPECT_THAT(Line("command info config|get"), StartsWith("[[\"config|get\", -3, [admin, noscript, loading, stale]"));
  EXPECT_THAT(Line("command"), StartsWith("[[\"append\", 3, "));
}

TEST_F(CommandCommands, Document) {
  EXPECT_EQ(Line("hello 3").substr(0, 1), "{");
  EXPECT_EQ(Line("command docs echo nosuch"),
            R"({"echo": {"summary": "Returns the given string.", "since": "1.0.0", "group": "connection"}})");
  EXPECT_THAT(Line("command docs config"), HasSubstr(R"("subcommands": {"config|get": {"summary")"));
  EXPECT_THAT(Line("command docs"), HasSubstr("\"pubsub|numpat\": {"));
}

TEST_F(CommandCommands, FindKeys) {
  EXPECT_EQ(Line("command getkeys mset a 1 b 2"), "[\"a\", \"b\"]");
  EXPECT_EQ(Line("command getkeys del a b"), "[\"a\", \"b\"]");
  EXPECT_EQ(Line("command getkeys object encoding a"), "[\"a\"]");
  EXPECT_EQ(Line("command getkeys rename a b"), "[\"a\", \"b\"]");
  EXPECT_EQ(Line("command getkeys nosuch a"), "(error) ERR Invalid command specified");
  EXPECT_EQ(Line("command getkeys ping a"), "(error) ERR The command has no key arguments");
  EXPECT_EQ(Line("command getkeys mset a"), "(error) ERR Invalid number of arguments specified for command");
  EXPECT_EQ(Line("command getkeys get"), "(error) ERR wrong number of arguments for 'command|getkeys' command");
}

TEST_F(CommandCommands, TellWhatHappensToKeys) {
  EXPECT_EQ(Line("command getkeysandflags set k v"), R"([["k", [OW, update]]])");
  EXPECT_EQ(Line("command getkeysandflags set k v get"), R"([["k", [RW, access, update]]])");
  EXPECT_EQ(Line("command getkeysandflags bitfield k get u8 0"), R"([["k", [RO, access]]])");
  EXPECT_EQ(Line("command getkeysandflags mset a 1 b 2"), R"([["a", [OW, update]], ["b", [OW, update]]])");
  EXPECT_EQ(Line("command getkeysandflags lmove a b left right"),
            R"([["a", [RW, access, delete]], ["b", [RW, insert]]])");
  EXPECT_EQ(Line("command getkeysandflags sort a store b"), R"([["a", [RO, access]], ["b", [OW, update]]])");
  EXPECT_EQ(Line("command getkeysandflags zunionstore d 2 a b"),
            R"([["d", [OW, update]], ["a", [RO, access]], ["b", [RO, access]]])");
  EXPECT_EQ(Line("command getkeysandflags xread streams a b 0 0"), R"([["a", [RO, access]], ["b", [RO, access]]])");
  EXPECT_EQ(Line("command getkeysandflags zunionstore d 9 a b"), "(error) ERR Invalid arguments specified for command");
  EXPECT_EQ(Line("command getkeysandflags zunionstore d x a b"), "(error) ERR Invalid arguments specified for command");
  EXPECT_EQ(Line("command getkeysandflags ping a"), "(error) ERR The command has no key arguments");
}

TEST_F(CommandCommands, SpecifyKeys) {
  EXPECT_THAT(Line("command info sort"), HasSubstr(R"(["flags", [OW, update], "begin_search", ["type", "unknown", )"
                                                   R"("spec", []], "find_keys", ["type", "unknown", "spec", []]])"));
  EXPECT_THAT(Line("command info xread"), HasSubstr(R"("spec", ["keyword", "STREAMS", "startfrom", 1]])"));
  EXPECT_THAT(Line("command info zunionstore"),
              HasSubstr(R"(["type", "keynum", "spec", ["keynumidx", 0, "firstkey", 1, "keystep", 1]])"));
}

TEST_F(CommandCommands, BelongToCategories) {
  EXPECT_THAT(Line("command info keys"), HasSubstr("[@keyspace, @read, @slow, @dangerous]"));
  EXPECT_THAT(Line("command info sort"), HasSubstr("[@write, @set, @sortedset, @list, @slow, @dangerous]"));
  EXPECT_THAT(Line("command info wait"), HasSubstr("[@slow, @connection]"));
  EXPECT_THAT(Line("command info object"), HasSubstr("-2, [], 0, 0, 0, [@slow]")) << "a container is in none";
}

TEST_F(CommandCommands, KnowOfNoCluster) {
  for (const char* const line :
       {"cluster info", "cluster keyslot a", "cluster reset", "readonly", "readwrite", "asking"}) {
    EXPECT_EQ(Line(line), "(error) ERR This instance has cluster support disabled");
  }
}

TEST_F(CommandCommands, HelpOfEachContainer) {
  int containers = 0;
  for (const Command* const command : AllCommands()) {
    if (command->subcommands.empty()) continue;
    ++containers;
    EXPECT_THAT(Send({std::string(command->name), "HELP"}), HasSubstr(" <subcommand> [<arg> [value] [opt] ...]. "));
  }
  EXPECT_GT(containers, 6);
  EXPECT_THAT(Line("object help"),
              AllOf(StartsWith("[OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:, ENCODING <key>, "),
                    HasSubstr(", HELP,     Prints this help.]")));
  EXPECT_EQ(Line("config help foo"), "(error) ERR wrong number of arguments for 'config|help' command");
  EXPECT_EQ(Line("get help"), "(nil)");
}

TEST_F(CommandCommands, HaveSoundTables) {
  for (const Command* const command : AllCommands()) {
    EXPECT_NE(command->arity, 0) << command->name;
    EXPECT_FALSE(command->summary.empty()) << command->name;
    EXPECT_TRUE(command->run != nullptr || !command->subcommands.empty()) << command->name;
    for (const Command& subcommand : command->subcommands) {
      EXPECT_TRUE(subcommand.name.starts_with(std::string(command->name) + "|")) << subcommand.name;
      EXPECT_GE(std::abs(subcommand.arity), 2) << subcommand.name;
      EXPECT_EQ(FindSubcommand(*command, subcommand.name.substr(command->name.size() + 1)), &subcommand);
    }
  }
}

}  // namespace
}  // namespace amethyst::server
