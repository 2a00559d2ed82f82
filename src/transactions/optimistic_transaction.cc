#include "transactions/optimistic_transaction.h"

#include <utility>

#include "base/containment.h"
#include "base/error.h"
#include "engine/candidates.h"
#include "io/environment.h"
#include "transactions/validation.h"
#include "transactions/wait_for.h"

namespace amethyst::transactions {

namespace {

// A sixty-fourth of the memory, while neighbours are joined; see ReadSet.
size_t ReadSetLimit(const engine::Engine& engine) { return engine.database().budget->total_bytes() / (64 * 4); }

// What a transaction's own writes say of a key.
enum class OwnWord : uint8_t {
  kNone,  // The database alone tells.
  kPart,  // What is beneath is needed, too.
  kAll,   // Nothing of the database was read.
};
OwnWord OwnWordOn(const engine::Reader& reader, key::FamilyId family, std::string_view key) {
  if (reader.own.count == 0) return OwnWord::kNone;
  const memtable::Memtable& memtable = reader.own.buffer->memtable;
  const key::LookupKey lookup(key, reader.Seeing(*reader.at));
  if (engine::CoveringIn(memtable, family, lookup) != key::SequenceNumber{}) return OwnWord::kAll;
  const auto newest = memtable.Get(family, lookup);
  if (!newest) return OwnWord::kNone;
  return key::Decides(newest->tag.kind()) ? OwnWord::kAll : OwnWord::kPart;
}

}  // namespace

OptimisticTransaction::OptimisticTransaction(const std::shared_ptr<engine::Engine>& engine,
                                             const TransactionOptions& options, const Attempts* attempts)
    : isolation_(options.isolation),
      turns_(attempts == nullptr ? nullptr : attempts->turns()),
      turn_holder_(attempts == nullptr ? nullptr : attempts->holder()),
      writes_(engine, OwnWrites::ReadTime::kFixed),
      reads_(*engine->database().reads, ReadSetLimit(*engine)),
      pin_(engine->Pin()),
      reader_{.at = pin_.read(), .view = pin_.view()} {}

void OptimisticTransaction::End() {
  if (has_ended()) return;
  reads_.LetGoOfWalks();
  reader_ = {};
  pin_.Release();
}

Status OptimisticTransaction::Ended() { return base::InvalidArgument("the transaction has ended; begin another"); }

Status OptimisticTransaction::CheckRead(FamilyPtr family, const ReadOptions& options) const {
  AMETHYST_TRY(CheckAlive());
  if (family != nullptr && !family->IsOf(writes_.engine())) return engine::AnothersFamily();
  if (options.snapshot != nullptr || options.read_time) {
    return base::InvalidArgument("a transaction reads as of its Begin; leave out snapshot and read_time");
  }
  return {};
}

Status OptimisticTransaction::Prepare(FamilyPtr family, const ReadOptions& options, ForUpdate for_update) {
  AMETHYST_TRY(CheckRead(family, options));
  if (!writes_.batch().Empty()) {
    AMETHYST_ASSIGN(reader_.own, writes_.Index());
  } else if (reader_.own.count != 0) {
    reader_.own = {};
  }
  const bool listens = isolation_ == Isolation::kSerializable || for_update == ForUpdate::kYes;
  reader_.listener = listens ? &reads_ : nullptr;
  return {};
}

Result<bool> OptimisticTransaction::Get(FamilyPtr family, std::string_view key, const ReadOptions& options,
                                        ForUpdate for_update, base::FunctionRef<void(std::string_view)> take) {
  AMETHYST_TRY(Prepare(family, options, for_update));
  const tree::FamilyKey family_key = KeyOf(family);
  AMETHYST_ASSIGN(const bool found, writes_.engine().Get(key, options, take, family_key, &reader_));
  if (reader_.listener != nullptr) NoteRead(family_key.id, key, found, for_update);
  return found;
}

std::vector<Result<std::optional<std::string>>> OptimisticTransaction::MultiGet(FamilyPtr family,
                                                                                std::span<const std::string_view> keys,
                                                                                const ReadOptions& options) {
  if (const Status prepared = Prepare(family, options, ForUpdate::kNo); !prepared) {
    return std::vector<Result<std::optional<std::string>>>(keys.size(), std::unexpected(prepared.error()));
  }
  const tree::FamilyKey family_key = KeyOf(family);
  auto results = writes_.engine().MultiGet(keys, options, family_key, &reader_);
  if (reader_.listener == nullptr) return results;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (results[i]) NoteRead(family_key.id, keys[i], results[i]->has_value(), ForUpdate::kNo);
  }
  return results;
}

// Absent is what the database does not have: of a key that is absent by the transaction's own word it is not known.
void OptimisticTransaction::NoteRead(key::FamilyId family, std::string_view key, bool found, ForUpdate for_update) {
  const OwnWord own = OwnWordOn(reader_, family, key);
  if (own == OwnWord::kAll && for_update == ForUpdate::kNo) return;
  reads_.AddPoint({.family = family, .key = key, .was_absent = !found && own == OwnWord::kNone});
}

std::unique_ptr<engine::DbIterator> OptimisticTransaction::NewIterator(FamilyPtr family, const ReadOptions& options) {
  const Status prepared = base::Contained([&] { return Prepare(family, options, ForUpdate::kNo); });
  if (!prepared) {
    auto refused = writes_.engine().NewIterator({}, {});
    refused->Refuse(prepared.error());
    return refused;
  }
  return writes_.engine().NewIterator(options, KeyOf(family), &reader_);
}

Status OptimisticTransaction::SetSavepoint() {
  AMETHYST_TRY(CheckAlive());
  savepoints_.push_back(writes_.GetSavepoint());
  return {};
}

Status OptimisticTransaction::RollbackToSavepoint() {
  AMETHYST_TRY(CheckAlive());
  if (savepoints_.empty()) return base::InvalidArgument("the transaction has no savepoint; call SetSavepoint first");
  writes_.RollBackTo(savepoints_.back());
  savepoints_.pop_back();
  return {};
}

Status OptimisticTransaction::Commit(const WriteOptions& options) {
  AMETHYST_TRY(CheckAlive());
  struct AtEnd {
    OptimisticTransaction* transaction;
    ~AtEnd() { transaction->End(); }
  } at_end{this};
  if (writes_.batch().Empty()) {
    return writes_.engine().database().reads->gate.IsClosed() ? engine::Closed() : Status();
  }
  if (turns_ != nullptr) {
    Attempts attempts(turns_, turn_holder_);
    WaitFor(&attempts, writes_.engine().database().environment->clock());
  }
  return CommitOnce(options);
}

Status OptimisticTransaction::CommitOnce(const WriteOptions& options) {
  reads_.TellWalks();
  Validation validation(*writes_.engine().database().reads, reads_,
                        isolation_ == Isolation::kSnapshot ? &writes_.batch() : nullptr, pin_.sequence());
  auto check_recent = [&validation] { return validation.CheckRecent(); };
  base::FunctionRef<Status()> check(check_recent);
  for (;;) {
    AMETHYST_TRY(CheckOutside(validation));
    Status committed = writes_.engine().Write(writes_.batch(), options, {.check = &check});
    if (committed || !validation.fell_behind()) return committed;
  }
}

Status OptimisticTransaction::CheckOutside(Validation& validation) {
  if (!validation.IsBehind()) return {};
  const engine::OperationGate::Operation operation(writes_.engine().database().reads->gate);
  return operation ? validation.CheckAll() : engine::Closed();
}

Status OptimisticTransaction::Rollback() {
  AMETHYST_TRY(CheckAlive());
  End();
  return {};
}

}  // namespace amethyst::transactions
