// set: settings of the database that the shell has open.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <array>
#include <limits>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/family_settings.h"
#include "cli/json.h"
#include "cli/moments.h"
#include "cli/text.h"
#include "compress/codec.h"

namespace amethyst::cli {

namespace {

// One setting: its value in force, and a change to it; false: the text is no such value.
struct Setting {
  std::string_view name;
  std::string (*show)(const Options&);
  bool (*take)(std::string_view text, Changes*);
};

template <auto in_options, auto in_changes>
constexpr Setting NumberSetting(std::string_view name) {
  return {.name = name,
          .show = [](const Options& options) { return fmt::format("{}", options.*in_options); },
          .take =
              [](std::string_view text, Changes* changes) {
                using Value = typename std::remove_cvref_t<decltype(changes->*in_changes)>::value_type;
                const auto number = ParseSize(text);
                if (!number || *number > std::numeric_limits<Value>::max()) return false;
                changes->*in_changes = static_cast<Value>(*number);
                return true;
              }};
}

constexpr std::array kSettings = {
    NumberSetting<&Options::memory_budget_bytes, &Changes::memory_budget_bytes>("memory_budget_bytes"),
    NumberSetting<&Options::write_buffer_bytes, &Changes::write_buffer_bytes>("write_buffer_bytes"),
    Setting{.name = "compression",
            .show = [](const Options& options) { return std::string(compress::CodecName(options.compression)); },
            .take =
                [](std::string_view text, Changes* changes) {
                  changes->compression = ParseCompression(text);
                  return changes->compression.has_value();
                }},
    NumberSetting<&Options::background_threads, &Changes::background_threads>("background_threads"),
    NumberSetting<&Options::sync_interval_ms, &Changes::sync_interval_ms>("sync_interval_ms"),
    NumberSetting<&Options::group_commit_bytes, &Changes::group_commit_bytes>("group_commit_bytes"),
    NumberSetting<&Options::group_commit_delay_us, &Changes::group_commit_delay_us>("group_commit_delay_us"),
    NumberSetting<&Options::max_open_files, &Changes::max_open_files>("max_open_files"),
    NumberSetting<&Options::delete_deadline_s, &Changes::delete_deadline_s>("delete_deadline_s"),
    NumberSetting<&Options::background_bytes_per_s, &Changes::background_bytes_per_s>("background_bytes_per_s"),
};

// Of a family other than the default one. Else what is wrong.
std::expected<FamilyChanges, std::string> FamilyChange(std::string_view name, std::string_view text) {
  FamilyChanges change;
  if (name == "compression") {
    change.compression = ParseCompression(text);
    if (!change.compression) return std::unexpected("compression is none, lz4 or zstd");
    return change;
  }
  if (name != "ttl")
    return std::unexpected(fmt::format("a family has compression and ttl, not {}", Shortened(name, 40)));
  if (text == "0") {
    change.ttl = std::chrono::milliseconds(0);
    return change;
  }
  const auto ttl = ParseDuration(text);
  if (!ttl) return std::unexpected(fmt::format("ttl: {}", ttl.error()));
  change.ttl = *ttl;
  return change;
}

Result<ExitCode> ShowSettings(const Invocation& invocation) {
  AMETHYST_ASSIGN(const Options options, invocation.session.Change({}));
  Json object;
  for (const Setting& setting : kSettings) {
    if (invocation.json) {
      object[std::string(setting.name)] = setting.show(options);
    } else {
      fmt::print(invocation.console().out, "{}\t{}\n", setting.name, setting.show(options));
    }
  }
  if (invocation.json) fmt::print(invocation.console().out, "{}\n", object.dump());
  return ExitCode::kOk;
}

Result<ExitCode> RunSet(const Invocation& invocation) {
  const std::vector<std::string>& words = invocation.arguments.positional();
  if (words.empty()) return ShowSettings(invocation);
  if (words.size() == 1) return WrongUsage(invocation, "it takes a name and a value; `put KEY VALUE` writes a key");
  Changes changes;
  const auto setting = std::ranges::find(kSettings, words[0], &Setting::name);
  if (invocation.family != kDefaultFamily || words[0] == "ttl") {
    const auto change = FamilyChange(words[0], words[1]);
    if (!change) return WrongUsage(invocation, change.error());
    changes.families.emplace(invocation.family, *change);
  } else if (setting == kSettings.end()) {
    return WrongUsage(invocation,
                      fmt::format("there is no setting {}; `set` lists them, and `put KEY VALUE` writes a key",
                                  Shortened(words[0], 40)));
  } else if (!setting->take(words[1], &changes)) {
    return WrongUsage(invocation, fmt::format("{} is not {}", words[0], Shortened(words[1], 40)));
  }
  const Result<Options> changed = invocation.session.Change(changes);
  if (changed) return ExitCode::kOk;
  if (changed.error().code() != ErrorCode::kInvalidArgument) return std::unexpected(changed.error());
  return WrongUsage(invocation, changed.error().message());
}

constexpr Command kSetCommands[] = {
    {.name = "set",
     .arguments = "[NAME VALUE]",
     .summary = "Change a setting of the open database, or list them",
     .details = "Those of the database hold until the shell ends; compression and ttl of another family are kept. A\n"
                "size may be 64K or 512M; 0 where the database chooses.\n\n"
                "  amethyst set\n"
                "  printf 'set background_threads 4\\nset sync_interval_ms 100\\ncompact\\n' | amethyst\n"
                "  amethyst set --family sessions ttl 30m",
     .arity = {0, 2},
     .options = {},
     .run = RunSet,
     .of_family = true},
};

}  // namespace

std::span<const Command> SetCommands() { return kSetCommands; }

}  // namespace amethyst::cli
