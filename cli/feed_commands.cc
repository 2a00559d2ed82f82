// cursor, cursors, feed: the change feed, and the places in it that consumers have.
#include <fmt/format.h>
#include <fmt/ostream.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

// What the database says against a name or a position is wrong usage.
Result<ExitCode> AnswerOfFeed(const Invocation& invocation, const Status& status) {
  if (status) return ExitCode::kOk;
  if (status.error().code() != ErrorCode::kInvalidArgument) return std::unexpected(status.error());
  return WrongUsage(invocation, status.error().message());
}

Result<ExitCode> Cursors(const Invocation& invocation) {
  AMETHYST_ASSIGN(DB* const database, invocation.session.Database(Session::Access::kRead));
  AMETHYST_ASSIGN(const std::vector<CursorInfo> cursors, database->Cursors());
  for (const CursorInfo& cursor : cursors) {
    if (invocation.json) {
      Json object;
      AddBytes(&object, "name", cursor.name);
      object["position"] = cursor.position.ToString();
      object["sequence"] = cursor.position.sequence;
      object["lost"] = cursor.is_lost;
      fmt::print(invocation.console().out, "{}\n", object.dump());
    } else {
      fmt::print(invocation.console().out, "{}\t{}\t{}\n", Readable(cursor.name), cursor.position.sequence,
                 cursor.is_lost ? "lost" : cursor.position.ToString());
    }
  }
  return ExitCode::kOk;
}

Result<ExitCode> RunCursor(const Invocation& invocation) {
  const std::vector<std::string>& words = invocation.arguments.positional();
  const std::string& name = words[1];
  if (words[0] == "drop" && !invocation.arguments.Has("--from")) {
    AMETHYST_ASSIGN(DB* const database, invocation.session.Database(Session::Access::kModify));
    return AnswerOfFeed(invocation, database->DropCursor(name));
  }
  if (words[0] != "create") {
    return WrongUsage(invocation, fmt::format("it is create NAME or drop NAME, not {}", Shortened(words[0], 40)));
  }
  const auto from = invocation.arguments.Value("--from");
  if (!from) {
    AMETHYST_ASSIGN(DB* const database, invocation.session.Database(Session::Access::kCreate));
    return AnswerOfFeed(invocation, database->CreateCursor(name));
  }
  const Result<FeedPosition> position = FeedPosition::FromString(*from);
  if (!position) return WrongUsage(invocation, position.error().message());
  AMETHYST_ASSIGN(DB* const database, invocation.session.Database(Session::Access::kModify));
  return AnswerOfFeed(invocation, database->CreateCursor(name, *position));
}

std::string_view WordOf(FeedEntryKind kind) {
  switch (kind) {
    case FeedEntryKind::kPut: return "put";
    case FeedEntryKind::kDelete: return "delete";
    case FeedEntryKind::kDeleteRange: return "delete-range";
    case FeedEntryKind::kMerge: return "merge";
  }
  return "";
}

std::string_view WordOf(FeedEventKind kind) {
  switch (kind) {
    case FeedEventKind::kBatch: return "batch";
    case FeedEventKind::kUnlogged: return "unlogged";
    case FeedEventKind::kFamilyCreated: return "family-created";
    case FeedEventKind::kFamilyDropped: return "family-dropped";
    case FeedEventKind::kFamilyRenamed: return "family-renamed";
    case FeedEventKind::kIngest: return "ingest";
  }
  return "";
}

int64_t ExpiryMs(std::chrono::system_clock::time_point moment) {
  return std::chrono::floor<std::chrono::milliseconds>(moment.time_since_epoch()).count();
}

Json EntryJson(const FeedEntry& entry) {
  Json object;
  object["op"] = WordOf(entry.kind);
  AddBytes(&object, "family", entry.family);
  if (entry.kind == FeedEntryKind::kDeleteRange) {
    if (entry.begin) AddBytes(&object, "begin", *entry.begin);
    if (entry.end) AddBytes(&object, "end", *entry.end);
    return object;
  }
  AddBytes(&object, "key", entry.key);
  if (entry.kind != FeedEntryKind::kDelete) AddBytes(&object, "value", entry.value);
  if (entry.expires_at) object["expires_ms"] = ExpiryMs(*entry.expires_at);
  return object;
}

Json TableJson(const FeedTable& table) {
  Json object;
  AddBytes(&object, "family", table.family);
  AddBytes(&object, "smallest", table.smallest);
  AddBytes(&object, "largest", table.largest);
  object["entries"] = table.entries;
  object["deletes"] = table.deletes;
  return object;
}

std::string EventJson(const FeedEvent& event) {
  Json object;
  object["event"] = WordOf(event.kind);
  object["first"] = event.first_sequence;
  object["last"] = event.last_sequence;
  const bool is_ingest = event.kind == FeedEventKind::kIngest;
  if (event.kind == FeedEventKind::kBatch || is_ingest) {
    object["entries"] = Json::array();
    for (const FeedEntry& entry : event.entries) object["entries"].push_back(EntryJson(entry));
    for (const FeedTable& table : event.tables) object["tables"].push_back(TableJson(table));
  } else if (event.kind != FeedEventKind::kUnlogged) {
    object["family_id"] = event.family_id;
    AddBytes(&object, "family", event.family);
  }
  object["position"] = event.position.ToString();
  return object.dump();
}

std::string EntryText(const FeedEntry& entry) {
  std::string text(WordOf(entry.kind));
  if (entry.family_id != 0) text += fmt::format(" --family {}", entry.family.empty() ? "?" : Readable(entry.family));
  if (entry.kind == FeedEntryKind::kDeleteRange) {
    return text +
           fmt::format(" {} {}", entry.begin ? Readable(*entry.begin) : "*", entry.end ? Readable(*entry.end) : "*");
  }
  text += " " + Readable(entry.key);
  if (entry.kind != FeedEntryKind::kDelete) text += " " + Readable(entry.value);
  if (entry.expires_at) text += fmt::format(" (expires {} ms)", ExpiryMs(*entry.expires_at));
  return text;
}

void PrintEvent(const Invocation& invocation, const FeedEvent& event) {
  Console& console = invocation.console();
  if (invocation.json) {
    fmt::print(console.out, "{}\n", EventJson(event));
  } else if (event.kind == FeedEventKind::kUnlogged) {
    fmt::print(console.out, "{}\tunlogged to {}\n", event.first_sequence, event.last_sequence);
  } else if (event.kind != FeedEventKind::kBatch && event.kind != FeedEventKind::kIngest) {
    fmt::print(console.out, "{}\t{} {}\n", event.last_sequence, WordOf(event.kind), Readable(event.family));
  }
  if (invocation.json) return;
  uint64_t sequence = event.first_sequence;
  for (const FeedEntry& entry : event.entries) {
    fmt::print(console.out, "{}\t{}\n", sequence++, EntryText(entry));
  }
  for (const FeedTable& table : event.tables) {
    fmt::print(console.out, "{}\tingest{} {} entries from {} to {}\n", event.last_sequence,
               table.family_id == 0 ? "" : " --family " + Readable(table.family), table.entries,
               Readable(table.smallest), Readable(table.largest));
  }
}

// Beside an application that has it open the feed is that of a follower, which moves no cursor. So is one that follows:
// it would keep the application out.
Result<DB*> DatabaseOfFeed(const Invocation& invocation) {
  Session& session = invocation.session;
  if (invocation.arguments.Has("--commit")) return session.Database(Session::Access::kModify);
  const bool may_own = !invocation.arguments.Has("--follow") && !session.settings().read_only;
  if (!may_own) return session.Database(Session::Access::kRead);
  Result<DB*> own = session.Database(Session::Access::kModify);
  const bool is_busy = !own && own.error().code() == ErrorCode::kBusy;
  return is_busy ? session.Database(Session::Access::kRead) : own;
}

Result<ExitCode> RunFeed(const Invocation& invocation) {
  const auto cursor = invocation.arguments.Value("--cursor");
  const auto from = invocation.arguments.Value("--from");
  const bool commits = invocation.arguments.Has("--commit");
  if (cursor.has_value() == from.has_value()) {
    return WrongUsage(invocation, "it takes --cursor NAME or --from POSITION; `cursor create NAME` makes a cursor");
  }
  if (commits && !cursor) return WrongUsage(invocation, "--commit is for a cursor");
  const Result<FeedPosition> position = from ? FeedPosition::FromString(*from) : FeedPosition();
  if (!position) return WrongUsage(invocation, position.error().message());
  AMETHYST_ASSIGN(DB* const database, DatabaseOfFeed(invocation));
  const Status synced = database->SyncWal();  // What was written before is durable, and so comes.
  if (!synced && synced.error().code() != ErrorCode::kNotSupported) return std::unexpected(synced.error());
  Result<Feed> feed = cursor ? database->OpenFeed(*cursor) : database->OpenFeed(*position);
  if (!feed) return AnswerOfFeed(invocation, std::unexpected(feed.error()));
  const bool follows = invocation.arguments.Has("--follow");
  while (!invocation.interrupted()) {
    AMETHYST_ASSIGN(const std::optional<FeedEvent> event, feed->Next(std::chrono::milliseconds(follows ? 100 : 0)));
    if (!event && !follows) break;
    if (!event) continue;
    PrintEvent(invocation, *event);
    invocation.console().out.flush();
    if (!invocation.console().out) return ExitCode::kPipeClosed;
  }
  if (commits) AMETHYST_TRY(feed->Commit());
  return invocation.interrupted() ? ExitCode::kInterrupted : ExitCode::kOk;
}

constexpr OptionSpec kCursorOptions[] = {{.name = "--from", .value = "POSITION", .help = "where it begins; else now"}};
constexpr std::string_view kCursorDeeds[] = {"create", "drop"};
constexpr OptionSpec kFeedOptions[] = {
    {.name = "--cursor", .value = "NAME", .help = "from where that cursor is"},
    {.name = "--from", .value = "POSITION", .help = "from behind the event that had it"},
    {.name = "--commit", .value = "", .help = "move the cursor behind all that was shown"},
    {.name = "--follow", .value = "", .help = "wait for more until interrupted"},
};

constexpr Command kFeedCommands[] = {
    {.name = "cursors",
     .arguments = "",
     .summary = "List the cursors of the change feed: name, sequence number, position",
     .details = "A cursor that is lost says so: its part of the log is gone, past feed_retention_bytes.\n\n"
                "  amethyst cursors\n  amethyst cursors --json",
     .arity = {0, 0},
     .options = {},
     .run = Cursors},
    {.name = "cursor",
     .arguments = "create|drop NAME",
     .summary = "Make a cursor of the change feed, which holds the log from there on, or drop one",
     .details = "  amethyst cursor create search\n"
                "  amethyst cursor drop search",
     .arity = {2, 2},
     .options = kCursorOptions,
     .run = RunCursor,
     .first_words = kCursorDeeds},
    {.name = "feed",
     .arguments = "",
     .summary = "Show what was written since a cursor or a position, in its order",
     .details =
         "A line for each operation, with its sequence number; with --json one for each batch, with its\n"
         "position. Without --commit the cursor stays where it is, and it works beside a running application.\n\n"
         "  amethyst cursor create search\n"
         "  amethyst put apple artichoke\n"
         "  amethyst feed --cursor search --commit",
     .arity = {0, 0},
     .options = kFeedOptions,
     .run = RunFeed},
};

}  // namespace

std::span<const Command> FeedCommands() { return kFeedCommands; }

}  // namespace amethyst::cli
