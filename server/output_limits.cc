#include "server/output_limits.h"

#include <fmt/format.h>

#include <vector>

#include "server/commands/numbers.h"
#include "server/resp/request_parser.h"

namespace amethyst::server {

namespace {

OutputLimit* LimitOf(std::string_view name, OutputLimits* limits) {
  if (EqualsIgnoringCase(name, "normal")) return &limits->normal;
  if (EqualsIgnoringCase(name, "slave") || EqualsIgnoringCase(name, "replica")) return &limits->replica;
  if (EqualsIgnoringCase(name, "pubsub")) return &limits->listener;
  return nullptr;
}

}  // namespace

std::expected<OutputLimits, std::string_view> ReadOutputLimits(std::string_view text, OutputLimits limits) {
  std::vector<std::string> words;
  if (!SplitLine(text, &words) || words.size() % 4 != 0) {
    return std::unexpected("Wrong number of arguments in buffer limit configuration.");
  }
  for (size_t i = 0; i < words.size(); i += 4) {
    OutputLimit* const limit = LimitOf(words[i], &limits);
    if (limit == nullptr) return std::unexpected("Invalid client class specified in buffer limit configuration.");
    const auto hard = ReadBytes(words[i + 1]);
    const auto soft = ReadBytes(words[i + 2]);
    const auto seconds = ReadInteger(words[i + 3]);
    if (!hard || !soft || !seconds || *hard < 0 || *soft < 0 || *seconds < 0 || *seconds > INT32_MAX) {
      return std::unexpected("Error in hard, soft or soft_seconds setting in buffer limit configuration.");
    }
    *limit = {.hard_bytes = static_cast<uint64_t>(*hard),
              .soft_bytes = static_cast<uint64_t>(*soft),
              .soft_s = static_cast<uint64_t>(*seconds)};
  }
  return limits;
}

std::string TextOf(const OutputLimits& limits) {
  const auto text = [](const OutputLimit& limit) {
    return fmt::format("{} {} {}", limit.hard_bytes, limit.soft_bytes, limit.soft_s);
  };
  return fmt::format("normal {} slave {} pubsub {}", text(limits.normal), text(limits.replica), text(limits.listener));
}

}  // namespace amethyst::server
