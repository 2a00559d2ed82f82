#include "server/commands/scan_options.h"

#include <fmt/format.h>

#include <string>

#include "server/commands/numbers.h"
#include "server/commands/pattern.h"

namespace amethyst::server {

bool ReadScanOptions(Call& call, size_t first, bool takes_type, ScanOptions* options) {
  for (size_t i = first; i < call.size(); i += 2) {
    if (i + 1 >= call.size()) return call.reply.Error(kSyntax), false;
    if (call.Is(i, "match")) {
      options->pattern = call[i + 1];
    } else if (call.Is(i, "count")) {
      const auto count = ReadInteger(call[i + 1]);
      if (!count) return call.reply.Error(kNotInteger), false;
      if (*count < 1) return call.reply.Error(kSyntax), false;
      options->count = *count;
    } else if (call.Is(i, "type") && takes_type) {
      options->type = call[i + 1];
    } else {
      return call.reply.Error(kSyntax), false;
    }
  }
  return true;
}

void ReplyWithCursor(Reply& reply, uint64_t next, size_t elements) {
  reply.Array(2);
  reply.Bulk(fmt::format_int(next).c_str());
  reply.Array(elements);
}

void ReplyWithScan(Call& call, const Members& members, uint64_t cursor, bool with_values) {
  ScanOptions options;
  if (members.exists() && !ReadScanOptions(call, 3, false, &options)) return;
  const size_t mark = call.reply.Mark();
  size_t elements = 0;
  uint64_t next = 0;
  const auto show = [&](const Member& member) {
    if (!Matches(options.pattern, member.name)) return;
    call.reply.Bulk(member.name);
    if (with_values) call.reply.Bulk(member.value);
    elements += with_values ? 2 : 1;
  };
  if (members.is_exploded()) {
    MemberWalk walk(members, cursor);
    next = ShowFromCursor(walk, options.count, &MemberWalk::hash, [&] { show(walk.member()); });
  } else {
    for (MemberWalk walk(members); walk.Valid(); walk.Next()) show(walk.member());
  }
  const std::string shown = call.reply.TakeFrom(mark);
  ReplyWithCursor(call.reply, next, elements);
  call.reply.Raw(shown);
}

}  // namespace amethyst::server
