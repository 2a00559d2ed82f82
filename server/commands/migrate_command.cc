// MIGRATE: keys go to another server, which takes them by RESTORE.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "server/commands/command.h"
#include "server/commands/numbers.h"
#include "server/net/remote.h"
#include "server/rdb/dump.h"
#include "server/rdb/dump_payload.h"
#include "server/server.h"

namespace amethyst::server {

namespace {

constexpr std::chrono::milliseconds kUsualTimeout{1000};
constexpr size_t kOptions = 6;  // The first argument that may be one.

struct Migration {
  RemoteAddress at{};
  int64_t database = 0;
  bool copies = false;
  bool replaces = false;
  std::vector<std::string_view> credentials{};  // Arguments of AUTH.
  std::vector<std::string_view> keys{};
};

void AppendRequest(std::string* requests, const std::vector<std::string_view>& words) {
  Reply request(requests);  // Requests are encoded as replies are.
  request.Array(words.size());
  for (const std::string_view word : words) request.Bulk(word);
}

// nullopt: the error has been said.
std::optional<Migration> ReadMigration(Call& call) {
  Migration migration;
  const auto fails = [&](std::string_view error) {
    call.reply.Error(error);
    return std::nullopt;
  };
  migration.keys = {call[3]};
  for (size_t i = kOptions; i < call.size(); ++i) {
    const size_t left = call.size() - i - 1;
    if (call.Is(i, "copy")) {
      migration.copies = true;
    } else if (call.Is(i, "replace")) {
      migration.replaces = true;
    } else if (call.Is(i, "auth") && left >= 1) {
      migration.credentials = {call[i + 1]};
      i += 1;
    } else if (call.Is(i, "auth2") && left >= 2) {
      migration.credentials = {call[i + 1], call[i + 2]};
      i += 2;
    } else if (call.Is(i, "keys")) {
      if (!call[3].empty()) {
        return fails("ERR When using MIGRATE KEYS option, the key argument must be set to the empty string");
      }
      migration.keys.assign(call.args.begin() + static_cast<std::ptrdiff_t>(i + 1), call.args.end());
      break;
    } else {
      return fails(kSyntax);
    }
  }
  const auto timeout_ms = ReadInteger(call[5]);
  const auto database = ReadInteger(call[4]);
  if (!timeout_ms || !database) return fails(kNotInteger);
  migration.database = *database;
  migration.at = {.host = std::string(call[1]), .port = std::string(call[2]), .timeout = kUsualTimeout};
  // Longer than a day is no help to anybody, and could be more than a clock can count.
  constexpr int64_t kDayMs = int64_t{24} * 60 * 60 * 1000;
  if (*timeout_ms > 0) migration.at.timeout = std::chrono::milliseconds(std::min(*timeout_ms, kDayMs));
  return migration;
}

std::string_view TextOf(RemoteAnswers::Failure failure) {
  switch (failure) {
    case RemoteAnswers::Failure::kConnect: return "IOERR error or timeout connecting to the client";
    case RemoteAnswers::Failure::kWrite: return "IOERR error or timeout writing to target instance";
    case RemoteAnswers::Failure::kRead: return "IOERR error or timeout reading from target instance";
  }
  return "IOERR";
}

// Sends all in one go. A key that the other server has taken goes here, whatever becomes of the others.
void Migrate(Call& call) {
  const auto migration = ReadMigration(call);
  if (!migration) return;
  std::string requests;
  size_t before_keys = 1;
  if (!migration->credentials.empty()) {
    std::vector<std::string_view> words = migration->credentials;
    words.insert(words.begin(), "AUTH");
    AppendRequest(&requests, words);
    ++before_keys;
  }
  AppendRequest(&requests, {"SELECT", std::to_string(migration->database)});
  std::vector<std::string_view> sent;
  for (const std::string_view name : migration->keys) {
    StoredKey key(call.access, name);
    if (!key.exists()) continue;
    std::string payload = rdb::DumpObject(key, call.config());
    rdb::SealPayload(&payload);
    const TimeMs ttl_ms = key.expires_ms() == kNoExpiry ? 0 : key.expires_ms() - call.now_ms();
    const std::string ttl = std::to_string(ttl_ms);
    std::vector<std::string_view> words = {"RESTORE", name, ttl, payload};
    if (migration->replaces) words.push_back("REPLACE");
    AppendRequest(&requests, words);
    sent.push_back(name);
  }
  if (!call.access.status()) return;  // What was not read must not be sent.
  if (sent.empty()) return call.reply.Simple("NOKEY");
  const RemoteAnswers answers = call.server.call_remote() != nullptr
                                    ? call.server.call_remote()(migration->at, requests, before_keys + sent.size())
                                    : RemoteAnswers{.failure = RemoteAnswers::Failure::kConnect};
  std::string error;
  bool is_ready = true;  // It has let us in, and to the database.
  for (size_t i = 0; i < answers.lines.size(); ++i) {
    const std::string_view line = answers.lines[i];
    if (!line.starts_with('+')) {
      is_ready = is_ready && i >= before_keys;
      if (error.empty()) error = fmt::format("ERR Target instance replied with error: {}", line.substr(!line.empty()));
    } else if (is_ready && i >= before_keys && !migration->copies) {
      StoredKey(call.access, sent[i - before_keys]).Erase();
      call.access.Notify(EventKind::kGeneric, "del", sent[i - before_keys]);
    }
  }
  if (error.empty() && answers.failure) error = TextOf(*answers.failure);
  if (!error.empty()) return call.reply.Error(error);
  call.reply.Ok();
}

std::vector<int> FindMigratedKeys(Arguments args) {
  if (args.size() < kOptions) return {};
  if (!args[3].empty()) return {3};
  size_t at = kOptions;
  while (at < args.size() && !EqualsIgnoringCase(args[at], "keys")) {
    at += EqualsIgnoringCase(args[at], "auth") ? 2 : EqualsIgnoringCase(args[at], "auth2") ? 3 : 1;
  }
  std::vector<int> places;
  for (++at; at < args.size(); ++at) places.push_back(static_cast<int>(at));
  return places;
}

constexpr Command kCommands[] = {
    {"migrate",
     -6,
     kWrite | kMovableKeys | kRunsOnce,
     {3, 3, 1},
     "generic",
     "2.6.0",
     "Atomically transfer a key from a Redis instance to another one.",
     Migrate,
     FindMigratedKeys},
};

}  // namespace

std::span<const Command> MigrateCommands() { return kCommands; }

}  // namespace amethyst::server
