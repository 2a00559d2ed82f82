#include "transactions/conditional.h"

#include "base/coding.h"
#include "base/error.h"
#include "base/function_ref.h"
#include "io/environment.h"
#include "transactions/optimistic_transaction.h"
#include "transactions/turns.h"

namespace amethyst::transactions {

namespace {

// What becomes of a key, told what is there: nullopt, it stays as it is; nullopt in it, it is deleted.
using Decision = std::optional<std::optional<std::string>>;
using Decide = base::FunctionRef<Result<Decision>(std::optional<std::string_view>)>;

// Returns what was there.
Result<std::optional<std::string>> Change(const EnginePtr& engine, FamilyPtr family, std::string_view key,
                                          Decide decide, const WriteOptions& options) {
  for (uint32_t conflicts = 0;; ++conflicts) {
    OptimisticTransaction transaction(engine, {});
    std::optional<std::string> before;
    const auto keep = [&before](std::string_view value) { before.emplace(value); };
    AMETHYST_TRY(transaction.Get(family, key, {}, OptimisticTransaction::ForUpdate::kYes, keep));
    AMETHYST_ASSIGN(const Decision decision, decide(before));
    if (!decision) return before;
    AMETHYST_TRY(transaction.Write([&](OwnWrites& writes) {
      return *decision ? writes.Put(family, key, **decision, {}) : writes.Delete(family, key);
    }));
    const Status done = transaction.Commit(options);
    if (done) return before;
    if (done.error().code() != ErrorCode::kConflict) return std::unexpected(done.error());
    if (conflicts > 0) engine->database().environment->clock().Sleep(RandomPause(conflicts));
  }
}

}  // namespace

Result<std::optional<std::string>> PutIfAbsent(const EnginePtr& engine, FamilyPtr family, std::string_view key,
                                               std::string_view value, const WriteOptions& options) {
  return CompareAndSet(engine, family, key, std::nullopt, value, options);
}

Result<std::optional<std::string>> CompareAndSet(const EnginePtr& engine, FamilyPtr family, std::string_view key,
                                                 std::optional<std::string_view> expected,
                                                 std::optional<std::string_view> value, const WriteOptions& options) {
  if (!value) AMETHYST_TRY(engine->rules().CheckDelete(options));
  const auto decide = [&](std::optional<std::string_view> there) -> Result<Decision> {
    return there == expected ? Decision(std::optional<std::string>(value)) : std::nullopt;
  };
  return Change(engine, family, key, decide, options);
}

Result<std::optional<std::string>> DeleteIfEqual(const EnginePtr& engine, FamilyPtr family, std::string_view key,
                                                 std::string_view expected, const WriteOptions& options) {
  return CompareAndSet(engine, family, key, expected, std::nullopt, options);
}

Result<int64_t> Increment(const EnginePtr& engine, FamilyPtr family, std::string_view key, int64_t delta,
                          const WriteOptions& options) {
  int64_t sum = 0;
  const auto decide = [&](std::optional<std::string_view> there) -> Result<Decision> {
    if (there && there->size() != sizeof sum) {
      return base::InvalidArgument("the value has {} bytes; an integer has 8, little-endian", there->size());
    }
    const int64_t number = there ? base::LoadFixed<int64_t>(there->data()) : 0;
    if (__builtin_add_overflow(number, delta, &sum)) {
      return base::InvalidArgument("{} and {} come to more than 64 bits hold", number, delta);
    }
    std::string bytes;
    base::AppendFixed(&bytes, sum);
    return Decision(std::move(bytes));
  };
  AMETHYST_TRY(Change(engine, family, key, decide, options));
  return sum;
}

}  // namespace amethyst::transactions
