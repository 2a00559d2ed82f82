#include "server/commands/stream_arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "base/coding.h"
#include "server/commands/help.h"
#include "server/commands/numbers.h"
#include "server/config.h"

namespace amethyst::server {

namespace {

constexpr size_t kShownBytesMax = 128;
constexpr size_t kIdBytesMax = 127;  // As in Redis; a longer one is refused.
constexpr uint64_t kNodesTrimmedAtOnce = 100;
constexpr uint64_t kTrimmedAtOnceMax = 1'000'000;
constexpr uint64_t kTrimmedAtOnceWithoutNodes = 10'000;

// As strtoull reads it, so zeros and a plus may lead.
std::optional<uint64_t> ReadPart(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

std::optional<StreamId> Invalid(Call& call) {
  call.reply.Error(kInvalidStreamId);
  return {};
}

// One end of a range. An exclusive one is moved by `step` and refused with `error` where nothing is beyond it.
std::optional<StreamId> ReadRangeBound(Call& call, size_t i, uint64_t missing_seq,
                                       std::optional<StreamId> (*step)(const StreamId&), std::string_view error) {
  const std::string_view text = call[i];
  if (text == "-") return kStreamIdMin;
  if (text == "+") return kStreamIdMax;
  const bool is_exclusive = text.size() > 1 && text.front() == '(';
  const auto id = ReadStreamIdText(is_exclusive ? text.substr(1) : text, missing_seq);
  if (!id) return Invalid(call);
  if (!is_exclusive) return id;
  const auto moved = step(*id);
  if (!moved) call.reply.Error(error);
  return moved;
}

// "MAXLEN [=|~] count" or "MINID [=|~] id" at argument *i, which is its last word afterwards.
bool ReadTrimming(Call& call, size_t* i, StreamOptions* options) {
  const bool is_count = call.Is(*i, "maxlen");
  if (options->has_trimming) {
    call.reply.Error("ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
    return false;
  }
  options->has_trimming = true;
  ++*i;
  if (*i + 1 < call.size() && (call[*i] == "~" || call[*i] == "=")) {
    options->trimming.whole_nodes = call[*i] == "~";
    ++*i;
  }
  if (!is_count) {
    const auto id = ReadStreamIdAt(call, *i);
    if (id) options->trimming.first_kept = *id;
    return id.has_value();
  }
  const auto count = ReadIntegerAt(call, *i);
  if (!count) return false;
  if (*count < 0) {
    call.reply.Error("ERR The MAXLEN argument must be >= 0.");
    return false;
  }
  options->trimming.count_max = static_cast<uint64_t>(*count);
  return true;
}

bool ReadLimit(Call& call, size_t i, std::optional<uint64_t>* limit) {
  const auto given = ReadIntegerAt(call, i);
  if (!given) return false;
  if (*given < 0) {
    call.reply.Error("ERR The LIMIT argument must be >= 0.");
    return false;
  }
  *limit = static_cast<uint64_t>(*given);
  return true;
}

// The id of XADD at argument i.
bool ReadNewId(Call& call, size_t i, StreamOptions* options) {
  options->id_at = i;
  const std::string_view text = call[i];
  if (text == "*") return true;
  options->has_seq = !text.ends_with("-*");
  options->id = ReadStreamIdText(options->has_seq ? text : text.substr(0, text.size() - 2));
  if (!options->has_seq && text.find('-') != text.size() - 2) options->id.reset();
  if (!options->id) call.reply.Error(kInvalidStreamId);
  return options->id.has_value();
}

// What approximate trimming removes at once, so that it does not hold up other commands.
uint64_t PresetLimit(uint64_t node_entries) {
  if (node_entries == 0) return kTrimmedAtOnceWithoutNodes;
  return std::min(node_entries, kTrimmedAtOnceMax / kNodesTrimmedAtOnce) * kNodesTrimmedAtOnce;
}

// Why the options do not go together; empty: they do.
std::string_view Contradiction(const StreamOptions& options, std::optional<uint64_t> limit, bool is_add) {
  if (!options.has_trimming && limit.value_or(0) > 0) {
    return "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy";
  }
  if (!options.has_trimming && !is_add) return "ERR syntax error, XTRIM must be called with a trimming strategy";
  if (limit && !options.trimming.whole_nodes) {
    return "ERR syntax error, LIMIT cannot be used without the special ~ option";
  }
  return {};
}

}  // namespace

std::optional<StreamId> ReadStreamIdText(std::string_view text, uint64_t missing_seq) {
  if (text.size() > kIdBytesMax) return {};
  const size_t dash = text.find('-');
  const auto ms = ReadPart(text.substr(0, dash));
  const auto seq = dash == std::string_view::npos ? missing_seq : ReadPart(text.substr(dash + 1));
  if (!ms || !seq) return {};
  return StreamId{.ms = *ms, .seq = *seq};
}

std::optional<StreamId> ReadStreamIdAt(Call& call, size_t i) {
  const auto id = ReadStreamIdText(call[i]);
  return id ? id : Invalid(call);
}

std::optional<StreamId> ReadBoundAt(Call& call, size_t i) {
  if (call[i] == "-") return kStreamIdMin;
  if (call[i] == "+") return kStreamIdMax;
  return ReadStreamIdAt(call, i);
}

std::optional<std::vector<StreamId>> ReadStreamIdsFrom(Call& call, size_t first) {
  std::vector<StreamId> ids;
  ids.reserve(call.size() - first);
  for (size_t i = first; i < call.size(); ++i) {
    const auto id = ReadStreamIdAt(call, i);
    if (!id) return {};
    ids.push_back(*id);
  }
  return ids;
}

std::optional<StreamId> ReadRangeStart(Call& call, size_t i) {
  return ReadRangeBound(call, i, 0, NextStreamId, "ERR invalid start ID for the interval");
}

std::optional<StreamId> ReadRangeEnd(Call& call, size_t i) {
  return ReadRangeBound(call, i, UINT64_MAX, PreviousStreamId, "ERR invalid end ID for the interval");
}

std::optional<int64_t> ReadIntegerAt(Call& call, size_t i, std::string_view error) {
  const auto value = ReadInteger(call[i]);
  if (!value) call.reply.Error(error);
  return value;
}

std::optional<StreamOptions> ReadStreamOptions(Call& call, bool is_add) {
  StreamOptions options;
  std::optional<uint64_t> limit;
  for (size_t i = 2; i < call.size(); ++i) {
    const bool has_more = i + 1 < call.size();
    if (has_more && (call.Is(i, "maxlen") || call.Is(i, "minid"))) {
      if (!ReadTrimming(call, &i, &options)) return {};
    } else if (has_more && call.Is(i, "limit")) {
      if (!ReadLimit(call, ++i, &limit)) return {};
    } else if (is_add && call.Is(i, "nomkstream")) {
      options.only_if_there = true;
    } else if (is_add) {
      if (!ReadNewId(call, i, &options)) return {};
      break;
    } else {
      call.reply.Error(kSyntax);
      return {};
    }
  }
  if (const std::string_view error = Contradiction(options, limit, is_add); !error.empty()) {
    call.reply.Error(error);
    return {};
  }
  if (options.trimming.whole_nodes) {
    options.trimming.removed_max = limit.value_or(PresetLimit(call.config().values().stream_node_max_entries));
  }
  return options;
}

void ReplyWithNoSuchGroup(Call& call) {
  call.reply.Error(fmt::format("NOGROUP No such consumer group '{}' for key name '{}'", call[3], call[2]));
}

void ReplyWithSubcommandSyntaxError(Call& call) {
  call.reply.Error(fmt::format("ERR unknown subcommand or wrong number of arguments for '{}'. Try {} HELP.",
                               call[1].substr(0, kShownBytesMax), UpperCase(call[0])));
}

void ReplyWithStreamId(Reply& reply, const StreamId& id) { reply.Bulk(FormatStreamId(id)); }

void ReplyWithEntry(Reply& reply, const StreamId& id, const EntryFields& fields) {
  reply.Array(2);
  ReplyWithStreamId(reply, id);
  reply.Array(fields.strings);
  std::string_view rest = fields.encoded;
  std::string_view string;
  while (!rest.empty() && base::ReadLengthPrefixed(&rest, &string)) reply.Bulk(string);
}

void ReplyWithEntries(Reply& reply, StreamWalk& walk, uint64_t count) {
  ReplyWithCounted(reply, [&] {
    size_t replied = 0;
    if (count > 0) walk.Limit(count);
    for (; walk.Valid(); walk.Next()) {
      ReplyWithEntry(reply, walk.id(), walk.fields());
      ++replied;
    }
    return replied;
  });
}

}  // namespace amethyst::server
