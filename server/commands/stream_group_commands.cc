// Consumer groups: XGROUP and its subcommands. What is pending is in stream_pending_commands.cc.
#include <optional>
#include <string>

#include "server/commands/command.h"
#include "server/commands/lookup.h"
#include "server/commands/stream_arguments.h"
#include "server/types/stream.h"
#include "server/types/stream_group.h"

namespace amethyst::server {

namespace {

constexpr std::string_view kNeedsKey =
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option "
    "to create an empty stream automatically.";

struct GroupOptions {
  bool makes_stream = false;
  std::optional<uint64_t> entries_read;
};

bool RefuseSubcommand(Call& call) {
  ReplyWithSubcommandSyntaxError(call);
  return false;
}

// The options of CREATE and SETID. False: the error has been said.
bool ReadGroupOptions(Call& call, bool is_create, GroupOptions* options) {
  for (size_t i = 5; i < call.size(); ++i) {
    if (is_create && call.Is(i, "mkstream")) {
      options->makes_stream = true;
    } else if (call.Is(i, "entriesread") && i + 1 < call.size()) {
      const auto read = ReadIntegerAt(call, ++i);
      if (!read) return false;
      if (*read < -1) {
        call.reply.Error("ERR value for ENTRIESREAD must be positive or -1");
        return false;
      }
      options->entries_read = *read < 0 ? std::nullopt : std::optional(static_cast<uint64_t>(*read));
    } else {
      return RefuseSubcommand(call);
    }
  }
  const size_t words_max = is_create ? 8 : 7;
  return call.size() <= words_max || RefuseSubcommand(call);
}

// False: the key holds another type, or there is none, which has been said.
bool HasStream(Call& call, const Stream& stream) {
  if (!MayWrite(call, stream)) return false;
  if (!stream.exists()) call.reply.Error(kNeedsKey);
  return stream.exists();
}

bool HasGroup(Call& call, const Stream& stream, const StreamGroup& group) {
  if (!HasStream(call, stream)) return false;
  if (!group.exists()) ReplyWithNoSuchGroup(call);
  return group.exists();
}

void Notify(Call& call, std::string_view event) { call.access.Notify(EventKind::kStream, event, call[2]); }

void GroupCreate(Call& call) {
  GroupOptions options;
  if (!ReadGroupOptions(call, true, &options)) return;
  Stream stream(call.access, call[2]);
  if (options.makes_stream ? !MayWrite(call, stream) : !HasStream(call, stream)) return;
  const auto id = call[4] == "$" ? std::optional(stream.state().last) : ReadStreamIdAt(call, 4);
  if (!id) return;
  StreamGroup group(stream, call[3]);
  if (group.exists()) return call.reply.Error("BUSYGROUP Consumer Group name already exists");
  stream.Create();
  group.Create(*id, options.entries_read);
  group.Finish();
  stream.Finish();
  call.reply.Ok();
  Notify(call, "xgroup-create");
}

void GroupSetId(Call& call) {
  GroupOptions options;
  if (!ReadGroupOptions(call, false, &options)) return;
  Stream stream(call.access, call[2]);
  StreamGroup group(stream, call[3]);
  if (!HasGroup(call, stream, group)) return;
  const auto id = call[4] == "$" ? std::optional(stream.state().last) : ReadBoundAt(call, 4);
  if (!id) return;
  group.SetPosition(*id, options.entries_read);
  group.Finish();
  call.reply.Ok();
  Notify(call, "xgroup-setid");
}

// Clients that wait for entries of the group are told that it is gone.
void GroupDestroy(Call& call) {
  Stream stream(call.access, call[2]);
  if (!HasStream(call, stream)) return;
  StreamGroup group(stream, call[3]);
  if (!group.exists()) return call.reply.Integer(0);
  group.Destroy();
  stream.Finish();
  call.reply.Integer(1);
  Notify(call, "xgroup-destroy");
  call.access.SignalReady(call[2]);
}

void GroupCreateConsumer(Call& call) {
  Stream stream(call.access, call[2]);
  StreamGroup group(stream, call[3]);
  if (!HasGroup(call, stream, group)) return;
  if (group.HasConsumer(call[4])) return call.reply.Integer(0);
  group.SeeConsumer(call[4]);
  group.Finish();
  call.reply.Integer(1);
  Notify(call, "xgroup-createconsumer");
}

void GroupDeleteConsumer(Call& call) {
  Stream stream(call.access, call[2]);
  StreamGroup group(stream, call[3]);
  if (!HasGroup(call, stream, group)) return;
  const bool is_there = group.HasConsumer(call[4]);
  call.reply.Integer(static_cast<int64_t>(group.DeleteConsumer(call[4])));
  group.Finish();
  if (is_there) Notify(call, "xgroup-delconsumer");
}

constexpr KeyPositions kSecond = {2, 2, 1};
constexpr Command kGroupCommands[] = {
    {"xgroup|create", -5, kWrite | kDenyOom, kSecond, "stream", "5.0.0", "Create a consumer group.", GroupCreate},
    {"xgroup|createconsumer", 5, kWrite | kDenyOom, kSecond, "stream", "6.2.0",
     "Create a consumer in a consumer group.", GroupCreateConsumer},
    {"xgroup|delconsumer", 5, kWrite, kSecond, "stream", "5.0.0", "Delete a consumer from a consumer group.",
     GroupDeleteConsumer},
    {"xgroup|destroy", 4, kWrite, kSecond, "stream", "5.0.0", "Destroy a consumer group.", GroupDestroy},
    {"xgroup|setid", -5, kWrite, kSecond, "stream", "5.0.0",
     "Set a consumer group to an arbitrary last delivered ID value.", GroupSetId},
};
constexpr Command kCommands[] = {
    {"xgroup",
     -2,
     0,
     {},
     "stream",
     "5.0.0",
     "A container for consumer groups commands",
     nullptr,
     nullptr,
     kGroupCommands},
};

}  // namespace

std::span<const Command> StreamGroupCommands() { return kCommands; }

}  // namespace amethyst::server
