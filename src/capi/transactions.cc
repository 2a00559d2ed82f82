// Transactions.
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "capi/objects.h"

namespace amethyst::capi {

namespace {

struct TransactionObject final : HandleObject {
  using Handle = amethyst_transaction;
  static constexpr HandleKind kKind = HandleKind::kTransaction;
  static constexpr auto kUse = HandleTable::Use::kAlone;
  static constexpr std::string_view kName = "transaction";

  TransactionObject(std::shared_ptr<Database> of, Transaction begun)
      : database(std::move(of)), transaction(std::move(begun)) {}
  ~TransactionObject() override {
    ending->value.emplace(std::move(transaction));
    user->End(std::move(ending));
  }

  const std::shared_ptr<Database> database;
  Transaction transaction;
  const std::shared_ptr<OneUser> user = std::make_shared<OneUser>();
  std::unique_ptr<OneUser::EndingOf<Transaction>> ending = std::make_unique<OneUser::EndingOf<Transaction>>();
};

struct AttemptsObject final : HandleObject {
  using Handle = amethyst_attempts;
  static constexpr HandleKind kKind = HandleKind::kAttempts;
  static constexpr auto kUse = HandleTable::Use::kAlone;
  static constexpr std::string_view kName = "attempts";

  explicit AttemptsObject(std::shared_ptr<Database> of)
      : database(std::move(of)), attempts(database->db->NewAttempts()) {}

  const std::shared_ptr<Database> database;
  Attempts attempts;
  bool is_first = true;
};

// What `work(object)` returns, while nobody else uses the transaction or its iterators.
template <typename Work>
Status OnTransaction(amethyst_transaction* transaction, Work work) {
  AMETHYST_ENTER(entered, TransactionObject, transaction);
  const OneUser::Use use(entered->user.get());
  AMETHYST_TRY(use.status());
  return work(*entered);
}

// What `work(object, family)` returns, or without a family for the default one.
template <typename Work>
Status InFamily(amethyst_transaction* transaction, amethyst_db* family, Work work) {
  return OnTransaction(transaction, [&](TransactionObject& object) -> Status {
    if (family == nullptr) return work(object);
    AMETHYST_ENTER(named, DatabaseObject, family);
    if (named->database() != object.database) return base::InvalidArgument("the family is of another database");
    return named->family().id() == 0 ? work(object) : work(object, named->family());
  });
}

using FamilyRead = Result<std::optional<std::string>> (Transaction::*)(const Family&, std::string_view,
                                                                       const ReadOptions&);
using DefaultRead = Result<std::optional<std::string>> (Transaction::*)(std::string_view, const ReadOptions&);

struct Read {
  Result<std::optional<std::string>> operator()(Transaction& from, std::string_view key,
                                                const ReadOptions& options) const {
    return (from.*of_default)(key, options);
  }
  Result<std::optional<std::string>> operator()(Transaction& from, const Family& family, std::string_view key,
                                                const ReadOptions& options) const {
    return (from.*of_family)(family, key, options);
  }

  DefaultRead of_default;
  FamilyRead of_family;
};

struct KeyIn {
  const void* data;
  size_t bytes;
};

Status GetBy(const Read& read, amethyst_transaction* transaction, amethyst_db* family,
             const amethyst_read_options* options, const KeyIn& key, const ValueOut& out) {
  AMETHYST_TRY(out.Clear());
  return InFamily(transaction, family, [&](TransactionObject& object, const auto&... in) -> Status {
    AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key.data, key.bytes, "key"));
    ReadScope scope;
    AMETHYST_TRY(scope.Open(options, *object.database));
    AMETHYST_ASSIGN(const std::optional<std::string> value, read(object.transaction, in..., key_view, scope.options()));
    out.Store(value);
    return {};
  });
}

struct ValueIn {
  const void* data;
  size_t bytes;
  std::string_view name;  // For messages.
};

// What `add(transaction, [family,] key, value)` returns.
template <typename AddEntry>
Status Add(amethyst_transaction* transaction, amethyst_db* family, const KeyIn& key, const ValueIn& value,
           AddEntry add) {
  return InFamily(transaction, family, [&](TransactionObject& object, const auto&... in) -> Status {
    AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key.data, key.bytes, "key"));
    AMETHYST_ASSIGN(const std::string_view value_view, Bytes(value.data, value.bytes, value.name));
    return add(object.transaction, in..., key_view, value_view);
  });
}

// What `work(handle)` comes to, while `transaction` is behind a handle. It is back only if that is no error.
template <typename Work>
Status LendOut(std::shared_ptr<Database> database, Transaction* transaction, Work work) {
  struct Lent {
    amethyst_transaction* handle = nullptr;
    ~Lent() { static_cast<void>(Release<TransactionObject>(handle)); }
  } lent;
  HandOut(std::make_unique<TransactionObject>(std::move(database), std::move(*transaction)), &lent.handle);
  const amethyst_code code = work(lent.handle);
  if (code == AMETHYST_OK) {
    return OnTransaction(lent.handle, [&](TransactionObject& object) -> Status {
      *transaction = std::move(object.transaction);
      return {};
    });
  }
  const std::optional<ErrorCode> known = ErrorCodeOf(code);
  if (!known) return base::InvalidArgument("work returned {}, which is no code", static_cast<int>(code));
  return base::MakeError(*known, "work returned {}", ErrorCodeName(*known));
}

}  // namespace

}  // namespace amethyst::capi

using namespace amethyst::capi;  // NOLINT: C functions stand outside every namespace.
using amethyst::Iterator;
using amethyst::Status;
using amethyst::Transaction;

amethyst_code amethyst_begin(amethyst_db* db, amethyst_isolation isolation, amethyst_transaction** transaction,
                             char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(transaction, "transaction"));
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_TRY(database->database()->CheckOpen());
    amethyst::TransactionOptions options;
    switch (isolation) {
      case AMETHYST_SERIALIZABLE: break;
      case AMETHYST_SNAPSHOT_ISOLATION: options.isolation = amethyst::Isolation::kSnapshot; break;
      default: return amethyst::base::InvalidArgument("isolation: {} is none", static_cast<int>(isolation));
    }
    HandOut(std::make_unique<TransactionObject>(database->database(), database->db().Begin(options)), transaction);
    return {};
  });
}

amethyst_code amethyst_transaction_free(amethyst_transaction* transaction) {
  return Release<TransactionObject>(transaction);
}

amethyst_code amethyst_transaction_get(amethyst_transaction* transaction, amethyst_db* family,
                                       const amethyst_read_options* options, const void* key, size_t key_bytes,
                                       char** value, size_t* value_bytes, char** error) {
  return Call(error, [&] {
    return GetBy({&Transaction::Get, &Transaction::Get}, transaction, family, options, {key, key_bytes},
                 {value, value_bytes});
  });
}

amethyst_code amethyst_transaction_get_for_update(amethyst_transaction* transaction, amethyst_db* family,
                                                  const amethyst_read_options* options, const void* key,
                                                  size_t key_bytes, char** value, size_t* value_bytes, char** error) {
  return Call(error, [&] {
    return GetBy({&Transaction::GetForUpdate, &Transaction::GetForUpdate}, transaction, family, options,
                 {key, key_bytes}, {value, value_bytes});
  });
}

amethyst_code amethyst_transaction_multi_get(amethyst_transaction* transaction, amethyst_db* family,
                                             const amethyst_read_options* options, size_t count,
                                             const void* const* keys, const size_t* key_bytes, char** values,
                                             size_t* value_bytes, amethyst_code* codes, char** error) {
  return Call(error, [&]() -> Status {
    if (count == 0) return {};
    const ManyKeys many{count, keys, key_bytes, values, value_bytes, codes};
    AMETHYST_ASSIGN(const std::vector<std::string_view> views, many.Views());
    return InFamily(transaction, family, [&](TransactionObject& object, const auto&... in) -> Status {
      ReadScope scope;
      AMETHYST_TRY(scope.Open(options, *object.database));
      return many.Store(object.transaction.MultiGet(in..., views, scope.options()));
    });
  });
}

amethyst_code amethyst_transaction_iterator(amethyst_transaction* transaction, amethyst_db* family,
                                            const amethyst_read_options* options, amethyst_iterator** iterator,
                                            char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(iterator, "iterator"));
    return InFamily(transaction, family, [&](TransactionObject& object, const auto&... in) -> Status {
      AMETHYST_TRY(object.database->CheckOpen());
      ReadScope scope;
      AMETHYST_TRY(scope.Open(options, *object.database));
      Iterator made = object.transaction.NewIterator(in..., scope.options());
      AMETHYST_TRY(made.status());
      HandOutIterator(object.database, std::move(made), object.user, iterator);
      return {};
    });
  });
}

amethyst_code amethyst_transaction_put(amethyst_transaction* transaction, amethyst_db* family, const void* key,
                                       size_t key_bytes, const void* value, size_t value_bytes, char** error) {
  return amethyst_transaction_put_expiring(transaction, family, key, key_bytes, value, value_bytes, AMETHYST_AFTER(0),
                                           error);
}

amethyst_code amethyst_transaction_put_expiring(amethyst_transaction* transaction, amethyst_db* family, const void* key,
                                                size_t key_bytes, const void* value, size_t value_bytes,
                                                uint64_t expires_at_ms, char** error) {
  return Call(error, [&] {
    return Add(transaction, family, {key, key_bytes}, {value, value_bytes, "value"},
               [&](Transaction& to, const auto&... entry) { return to.Put(entry..., ExpiryOf(expires_at_ms)); });
  });
}

amethyst_code amethyst_transaction_merge(amethyst_transaction* transaction, amethyst_db* family, const void* key,
                                         size_t key_bytes, const void* operand, size_t operand_bytes, char** error) {
  return amethyst_transaction_merge_expiring(transaction, family, key, key_bytes, operand, operand_bytes,
                                             AMETHYST_AFTER(0), error);
}

amethyst_code amethyst_transaction_merge_expiring(amethyst_transaction* transaction, amethyst_db* family,
                                                  const void* key, size_t key_bytes, const void* operand,
                                                  size_t operand_bytes, uint64_t expires_at_ms, char** error) {
  return Call(error, [&] {
    return Add(transaction, family, {key, key_bytes}, {operand, operand_bytes, "operand"},
               [&](Transaction& to, const auto&... entry) { return to.Merge(entry..., ExpiryOf(expires_at_ms)); });
  });
}

amethyst_code amethyst_transaction_delete(amethyst_transaction* transaction, amethyst_db* family, const void* key,
                                          size_t key_bytes, char** error) {
  return Call(error, [&] {
    return InFamily(transaction, family, [&](TransactionObject& object, const auto&... in) -> Status {
      AMETHYST_ASSIGN(const std::string_view key_view, Bytes(key, key_bytes, "key"));
      return object.transaction.Delete(in..., key_view);
    });
  });
}

amethyst_code amethyst_transaction_delete_range(amethyst_transaction* transaction, amethyst_db* family,
                                                const void* begin, size_t begin_bytes, const void* end,
                                                size_t end_bytes, char** error) {
  return Call(error, [&] {
    return InFamily(transaction, family, [&](TransactionObject& object, const auto&... in) -> Status {
      AMETHYST_ASSIGN(const std::optional<std::string_view> from, Bound(begin, begin_bytes, "begin"));
      AMETHYST_ASSIGN(const std::optional<std::string_view> to, Bound(end, end_bytes, "end"));
      return object.transaction.DeleteRange(in..., from, to);
    });
  });
}

amethyst_code amethyst_transaction_delete_prefix(amethyst_transaction* transaction, amethyst_db* family,
                                                 const void* prefix, size_t prefix_bytes, char** error) {
  return Call(error, [&] {
    return InFamily(transaction, family, [&](TransactionObject& object, const auto&... in) -> Status {
      AMETHYST_ASSIGN(const std::string_view prefix_view, Bytes(prefix, prefix_bytes, "prefix"));
      return object.transaction.DeletePrefix(in..., prefix_view);
    });
  });
}

amethyst_code amethyst_transaction_count(amethyst_transaction* transaction, uint32_t* count, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(count, "count"));
    return OnTransaction(transaction, [&](TransactionObject& object) -> Status {
      *count = object.transaction.Count();
      return {};
    });
  });
}

amethyst_code amethyst_transaction_set_savepoint(amethyst_transaction* transaction, char** error) {
  return Call(error, [&] {
    return OnTransaction(transaction, [](TransactionObject& object) { return object.transaction.SetSavepoint(); });
  });
}

amethyst_code amethyst_transaction_rollback_to_savepoint(amethyst_transaction* transaction, char** error) {
  return Call(error, [&] {
    return OnTransaction(transaction,
                         [](TransactionObject& object) { return object.transaction.RollbackToSavepoint(); });
  });
}

amethyst_code amethyst_transaction_commit(amethyst_transaction* transaction, amethyst_durability durability,
                                          char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ASSIGN(const amethyst::WriteOptions options, WriteOptionsOf(durability));
    return OnTransaction(transaction, [&](TransactionObject& object) { return object.transaction.Commit(options); });
  });
}

amethyst_code amethyst_transaction_rollback(amethyst_transaction* transaction, char** error) {
  return Call(error, [&] {
    return OnTransaction(transaction, [](TransactionObject& object) { return object.transaction.Rollback(); });
  });
}

amethyst_code amethyst_transact(amethyst_db* db, amethyst_durability durability,
                                amethyst_code (*work)(void* state, amethyst_transaction* transaction), void* state,
                                char** error) {
  return Call(error, [&]() -> Status {
    if (work == nullptr) return amethyst::base::InvalidArgument("work: null");
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_TRY(database->database()->CheckOpen());
    AMETHYST_ASSIGN(const amethyst::WriteOptions options, WriteOptionsOf(durability));
    return database->db().Transact(
        [&](Transaction& begun) {
          return LendOut(database->database(), &begun,
                         [&](amethyst_transaction* transaction) { return work(state, transaction); });
        },
        options);
  });
}

amethyst_code amethyst_attempts_create(amethyst_db* db, amethyst_attempts** attempts, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(attempts, "attempts"));
    AMETHYST_ENTER(database, DatabaseObject, db);
    AMETHYST_TRY(database->database()->CheckOpen());
    HandOut(std::make_unique<AttemptsObject>(database->database()), attempts);
    return {};
  });
}

amethyst_code amethyst_attempts_free(amethyst_attempts* attempts) { return Release<AttemptsObject>(attempts); }

amethyst_code amethyst_attempts_begin(amethyst_attempts* attempts, amethyst_transaction** transaction, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(transaction, "transaction"));
    AMETHYST_ENTER(entered, AttemptsObject, attempts);
    AMETHYST_TRY(entered->database->CheckOpen());
    if (!std::exchange(entered->is_first, false)) entered->attempts.NoteConflict();
    HandOut(std::make_unique<TransactionObject>(entered->database, entered->database->db->Begin(entered->attempts)),
            transaction);
    return {};
  });
}
