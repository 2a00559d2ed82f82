#include "server/commands/scored_input.h"

#include "server/commands/sorted_set_replies.h"
#include "server/config.h"
#include "server/types/set.h"

namespace amethyst::server {

namespace {

class SortedSetInput final : public ScoredInput {
 public:
  SortedSetInput(Call& call, std::string_view name) : key_(call.access, name), set_(OpenSortedSet(call, key_)) {}
  [[nodiscard]] uint64_t size() const override { return set_.size(); }
  [[nodiscard]] std::optional<double> Score(std::string_view member) const override { return set_.Score(member); }
  void ForEach(const std::function<void(std::string_view, double)>& visit) const override {
    for (SortedSet::Walk walk(set_, SortedSet::Range{}); walk.Valid(); walk.Next()) visit(walk.member(), walk.score());
  }

 private:
  StoredKey key_;
  const SortedSet set_;
};

class PlainSetInput final : public ScoredInput {
 public:
  PlainSetInput(Call& call, std::string_view name) : set_(call.access, name, call.config().values()) {}
  [[nodiscard]] uint64_t size() const override { return set_.count(); }
  [[nodiscard]] std::optional<double> Score(std::string_view member) const override {
    return set_.Contains(member) ? std::optional(1.0) : std::nullopt;
  }
  void ForEach(const std::function<void(std::string_view, double)>& visit) const override {
    for (MemberWalk walk(set_); walk.Valid(); walk.Next()) visit(walk.member().name, 1);
  }

 private:
  const Set set_;
};

}  // namespace

std::unique_ptr<ScoredInput> OpenScoredInput(Call& call, std::string_view name) {
  const StoredKey key(call.access, name);
  if (!key.exists() || key.Is(Type::kSortedSet)) return std::make_unique<SortedSetInput>(call, name);
  if (key.Is(Type::kSet)) return std::make_unique<PlainSetInput>(call, name);
  call.reply.Error(kWrongType);
  return nullptr;
}

}  // namespace amethyst::server
