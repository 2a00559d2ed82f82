// How commands on streams read their arguments, and how they show entries.
// Thread safety: one thread, the server's loop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/commands/command.h"
#include "server/keyspace/stream_layout.h"
#include "server/types/stream.h"

namespace amethyst::server {

inline constexpr std::string_view kInvalidStreamId = "ERR Invalid stream ID specified as stream command argument";

// "ms" or "ms-seq"; nullopt: it is no id. `missing_seq` is the second number where there is none.
[[nodiscard]] std::optional<StreamId> ReadStreamIdText(std::string_view text, uint64_t missing_seq = 0);
// The same at argument i. nullopt: the error has been said.
[[nodiscard]] std::optional<StreamId> ReadStreamIdAt(Call& call, size_t i);
// The same, or "-" for the smallest and "+" for the greatest id.
[[nodiscard]] std::optional<StreamId> ReadBoundAt(Call& call, size_t i);
// All arguments from `first` to the end. nullopt: the error has been said.
[[nodiscard]] std::optional<std::vector<StreamId>> ReadStreamIdsFrom(Call& call, size_t first);

// The ends of a range: an id, "-", "+", or "(" and an id that does not belong to it. nullopt: the error has been said.
[[nodiscard]] std::optional<StreamId> ReadRangeStart(Call& call, size_t i);
[[nodiscard]] std::optional<StreamId> ReadRangeEnd(Call& call, size_t i);
// nullopt: the error has been said.
[[nodiscard]] std::optional<int64_t> ReadIntegerAt(Call& call, size_t i, std::string_view error = kNotInteger);

// The options of XADD and XTRIM.
struct StreamOptions {
  bool has_trimming = false;
  StreamTrimming trimming;
  bool only_if_there = false;
  // XADD: where the id stands; nullopt: "*".
  size_t id_at = 0;
  std::optional<StreamId> id;
  bool has_seq = true;  // Else it was "ms-*".
};
[[nodiscard]] std::optional<StreamOptions> ReadStreamOptions(Call& call, bool is_add);

// "NOGROUP ...": of XGROUP and XINFO, where argument 2 is the key and 3 the group.
void ReplyWithNoSuchGroup(Call& call);
void ReplyWithSubcommandSyntaxError(Call& call);

void ReplyWithStreamId(Reply& reply, const StreamId& id);
// [id, [field, value, ...]]
void ReplyWithEntry(Reply& reply, const StreamId& id, const EntryFields& fields);
// The entries of the walk as an array, `count` at the most; 0: all.
void ReplyWithEntries(Reply& reply, StreamWalk& walk, uint64_t count);

// An array whose length is known at its end: `body` writes the elements and returns how many.
template <typename Body>
void ReplyWithCounted(Reply& reply, Body body) {
  const size_t mark = reply.Mark();
  const size_t count = body();
  const std::string elements = reply.TakeFrom(mark);
  reply.Array(count);
  reply.Raw(elements);
}

}  // namespace amethyst::server
