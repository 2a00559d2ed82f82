#include "server/commands/categories.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace amethyst::server {

namespace {

struct GroupCategory {
  std::string_view group;
  std::string_view category;
};
constexpr GroupCategory kGroupCategories[] = {
    {"generic", "@keyspace"},
    {"set", "@set"},
    {"sorted-set", "@sortedset"},
    {"sorted_set", "@sortedset"},
    {"list", "@list"},
    {"hash", "@hash"},
    {"string", "@string"},
    {"bitmap", "@bitmap"},
    {"hyperloglog", "@hyperloglog"},
    {"geo", "@geo"},
    {"stream", "@stream"},
    {"pubsub", "@pubsub"},
    {"connection", "@connection"},
    {"transactions", "@transaction"},
    {"scripting", "@scripting"},
};

struct Exception {
  std::string_view command;  // With its subcommands.
  bool has_groups_own;
  std::array<std::string_view, 4> more;
};
constexpr Exception kExceptions[] = {
    {"asking", true, {"@connection"}},
    {"command", true, {"@connection"}},
    {"dbsize", true, {"@keyspace"}},
    {"flushall", true, {"@keyspace", "@dangerous"}},
    {"flushdb", true, {"@keyspace", "@dangerous"}},
    {"info", true, {"@dangerous"}},
    {"keys", true, {"@dangerous"}},
    {"lastsave", true, {"@admin", "@dangerous"}},
    {"readonly", true, {"@connection"}},
    {"readwrite", true, {"@connection"}},
    {"role", true, {"@admin", "@dangerous"}},
    {"sort", false, {"@set", "@sortedset", "@list", "@dangerous"}},
    {"sort_ro", false, {"@set", "@sortedset", "@list", "@dangerous"}},
    {"swapdb", true, {"@keyspace", "@dangerous"}},
    {"wait", false, {"@connection"}},
};

// In Redis's order.
constexpr std::string_view kOrder[] = {
    "@keyspace", "@read",   "@write",       "@set",       "@sortedset",  "@list",        "@hash",
    "@string",   "@bitmap", "@hyperloglog", "@geo",       "@stream",     "@pubsub",      "@admin",
    "@fast",     "@slow",   "@blocking",    "@dangerous", "@connection", "@transaction", "@scripting"};

}  // namespace

std::vector<std::string_view> CategoriesOf(const Command& command) {
  const auto has = [&](uint32_t flag) { return (command.flags & flag) != 0; };
  const std::string_view name = command.name.substr(0, command.name.find('|'));
  const auto exception = std::ranges::find(kExceptions, name, &Exception::command);
  std::vector<std::string_view> own;
  const bool is_exception = exception != std::end(kExceptions);
  if (command.subcommands.empty() && (!is_exception || exception->has_groups_own)) {
    const auto group = std::ranges::find(kGroupCategories, command.group, &GroupCategory::group);
    if (group != std::end(kGroupCategories)) own.push_back(group->category);
  }
  if (is_exception) own.insert(own.end(), exception->more.begin(), exception->more.end());
  if (has(kReadonly)) own.emplace_back("@read");
  if (has(kWrite)) own.emplace_back("@write");
  if (has(kAdmin)) own.insert(own.end(), {"@admin", "@dangerous"});
  own.emplace_back(has(kFast) ? "@fast" : "@slow");
  if (has(kBlocking)) own.emplace_back("@blocking");
  std::vector<std::string_view> ordered;
  std::ranges::copy_if(kOrder, std::back_inserter(ordered),
                       [&](std::string_view category) { return std::ranges::find(own, category) != own.end(); });
  return ordered;
}

}  // namespace amethyst::server
