// Covers: manual, completion_scripts, shell_commands
#include "cli/manual.h"

#include <gmock/gmock.h>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/shell_fixture.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;

using Manual = ShellTest;

TEST_F(Manual, HasEveryOptionOfEveryCommandInAllForms) {
  const std::string page = Run({"help", "--as", "man"}).out;
  const std::string zsh = Run({"help", "--as", "zsh"}).out;
  const std::string fish = Run({"help", "--as", "fish"}).out;
  for (const CommandGroup& group : AllCommands()) {
    for (const Command& command : group.commands) {
      const std::string name(command.name);
      EXPECT_THAT(page, HasSubstr("\n.SS " + name + "\n"));
      EXPECT_THAT(zsh, HasSubstr("\n    '" + name + ":"));
      EXPECT_THAT(fish, HasSubstr("-n '__amethyst_runs \\'\\'' -a " + name + " "));
      for (const OptionSpec& option : OptionsOf(command)) {
        EXPECT_THAT(fish, HasSubstr("'__amethyst_runs " + name + "' -l " + std::string(option.name.substr(2)) + " "));
        EXPECT_THAT(zsh, HasSubstr("'" + std::string(option.name)));
      }
    }
  }
}

TEST_F(Manual, SetsNoLineOfTextAsARequestToMan) {
  for (size_t at = 0; (at = ManualPage().find("\n.", at)) != std::string::npos; ++at) {
    const std::string line = ManualPage().substr(at + 1, 3);
    EXPECT_TRUE(line == ".SH" || line == ".SS" || line == ".nf" || line == ".fi") << line;
  }
}

TEST_F(Manual, IsNotAskedForOneCommandNorInAnotherForm) {
  EXPECT_THAT(Run({"help", "--as", "html"}).err, HasSubstr("--as is man, zsh or fish, not html"));
  EXPECT_EQ(Run({"help", "--as", "man", "scan"}).code, ExitCode::kUsage);
}

}  // namespace
}  // namespace amethyst::cli
