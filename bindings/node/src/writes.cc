#include "writes.h"

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "range.h"
#include "task.h"

namespace amethyst::node {

namespace {

// Deletes are gathered up to here, so that a clear of any size takes little memory.
constexpr size_t kClearBytes = 64 << 10;

struct Batch final : Handle {
  static constexpr Kind kKind = Kind::kBatch;
  Batch() : Handle(kKind) {}

  // Calls `add` with the family that operations go to, or without one for the default family. False, with a pending
  // exception: it cannot be written to.
  template <typename Operation>
  [[nodiscard]] bool Add(napi_env env, Operation add) {
    if (!family) {
      add();
      return true;
    }
    const std::shared_ptr<DB> db = family->db();
    if (!db) {
      Throw(env, "LEVEL_DATABASE_NOT_OPEN", "Database is not open");
      return false;
    }
    if (batch.Empty()) of.reset();
    if (!CheckIsOf(env, db)) return false;
    of.emplace(db);
    add(family->family());
    return true;
  }
  // Ids of families mean something else in another database, and in this one when it is opened again.
  [[nodiscard]] bool CheckIsOf(napi_env env, const std::shared_ptr<DB>& db) const {
    if (!of || of->lock() == db) return true;
    Throw(env, "LEVEL_INVALID_ARGUMENT", "the batch names families of another database");
    return false;
  }
  void Clear() {
    batch.Clear();
    of.reset();
  }

  amethyst::WriteBatch batch;
  std::shared_ptr<Database> family;     // Null: the default one.
  std::optional<std::weak_ptr<DB>> of;  // Whose families operations name; nothing: they name none.
};

// Writes each operation of a batch alone; one that fails leaves its error, and the others go on. All are of one family.
class EachAlone final : public amethyst::WriteBatch::Handler {
 public:
  EachAlone(const Family& family, const WriteOptions& options) : family_(family), options_(options) {}
  void Put(std::string_view key, std::string_view value) override { Add(family_.Put(key, value, options_)); }
  void Delete(std::string_view key) override { Add(family_.Delete(key, options_)); }
  Status DeleteRange(std::optional<std::string_view> begin, std::optional<std::string_view> end) override {
    return Add(family_.DeleteRange(begin, end, options_));
  }
  Status PutExpiring(std::string_view key, std::string_view value, const Expiry& expiry) override {
    return Add(family_.Put(key, value, With(expiry)));
  }
  Status Merge(std::string_view key, std::string_view operand) override {
    return Add(family_.Merge(key, operand, options_));
  }
  Status MergeExpiring(std::string_view key, std::string_view operand, const Expiry& expiry) override {
    return Add(family_.Merge(key, operand, With(expiry)));
  }
  Status PutIn(uint32_t, std::string_view key, std::string_view value) override {
    return Add(family_.Put(key, value, options_));
  }
  Status DeleteIn(uint32_t, std::string_view key) override { return Add(family_.Delete(key, options_)); }
  Status DeleteRangeIn(uint32_t, std::optional<std::string_view> begin, std::optional<std::string_view> end) override {
    return DeleteRange(begin, end);
  }
  Status PutExpiringIn(uint32_t, std::string_view key, std::string_view value, const Expiry& expiry) override {
    return PutExpiring(key, value, expiry);
  }
  Status MergeIn(uint32_t, std::string_view key, std::string_view operand) override { return Merge(key, operand); }
  Status MergeExpiringIn(uint32_t, std::string_view key, std::string_view operand, const Expiry& expiry) override {
    return MergeExpiring(key, operand, expiry);
  }
  std::vector<Status> Take() { return std::move(outcomes_); }

 private:
  Status Add(Status outcome) {
    outcomes_.push_back(std::move(outcome));
    return {};
  }
  [[nodiscard]] WriteOptions With(const Expiry& expiry) const {
    WriteOptions options = options_;
    options.expires_at = expiry.at;
    options.ttl = expiry.after;
    return options;
  }

  const Family family_;
  const WriteOptions options_;
  std::vector<Status> outcomes_;
};

Result<std::vector<Status>> WriteSeparately(DB& db, const Family& family, const amethyst::WriteBatch& batch,
                                            const WriteOptions& options) {
  if (db.Write(batch, options)) return std::vector<Status>();
  EachAlone each(family, options);
  const Status iterated = batch.Iterate(each);
  if (!iterated) return std::unexpected(iterated.error());
  return each.Take();
}

napi_value NewOutcomes(napi_env env, std::vector<Status>& outcomes) {
  if (outcomes.empty()) return Undefined(env);
  napi_value array = nullptr;
  napi_create_array_with_length(env, outcomes.size(), &array);
  for (uint32_t i = 0; i < outcomes.size(); ++i) {
    napi_set_element(env, array, i, outcomes[i] ? Undefined(env) : NewError(env, outcomes[i].error()));
  }
  return array;
}

// Of abstract-level's options: entries at the most.
uint64_t LimitFrom(napi_env env, napi_value options) {
  const double limit = NumberProperty(env, options, "limit").value_or(-1);
  return limit >= 0 && limit < 0x1p53 ? static_cast<uint64_t>(limit) : UINT64_MAX;
}

Status ClearRange(DB& db, const Family& family, RangeWalk& walk, uint64_t limit) {
  amethyst::WriteBatch batch;
  walk.SeekToStart();
  for (uint64_t left = limit; left != 0 && walk.Valid(); --left, walk.Next()) {
    batch.Delete(family, walk.key());
    if (batch.ByteSize() < kClearBytes) continue;
    if (Status written = db.Write(batch); !written) return written;
    batch.Clear();
  }
  if (Status walked = walk.status(); !walked || batch.Empty()) return walked;
  return db.Write(batch);
}

// Whether a range delete takes the bound: `lte` of the longest key makes one that is longer than any key.
bool IsTaken(const std::optional<std::string>& bound) { return !bound || bound->size() <= kKeyBytesMax; }

napi_value NewByteSize(napi_env env, const amethyst::WriteBatch& batch) {
  return NewNumber(env, static_cast<double>(batch.ByteSize()));
}

// (batch, key, value or operand, ttl): calls `add` with the batch, the family if it is not the default one, and these.
template <typename Function>
napi_value AddValue(napi_env env, napi_callback_info info, Function add) {
  const Arguments<4> arguments(env, info);
  const auto handle = GetHandle<Batch>(env, arguments[0]);
  Scratch key_scratch;
  Scratch value_scratch;
  const auto key = handle ? BytesOf(env, arguments[1], &key_scratch) : std::nullopt;
  const auto value = key ? BytesOf(env, arguments[2], &value_scratch) : std::nullopt;
  if (!value) return nullptr;
  const Expiry expiry = ExpiryFrom(env, arguments[3]);
  const bool added =
      handle->Add(env, [&](const auto&... family) { add(handle->batch, family..., *key, *value, expiry); });
  return added ? NewByteSize(env, handle->batch) : nullptr;
}

}  // namespace

Expiry ExpiryFrom(napi_env env, napi_value value) {
  double ttl_ms = 0;
  if (napi_get_value_double(env, value, &ttl_ms) != napi_ok) return {};
  if (std::isinf(ttl_ms)) return ExpiresAt(kNever);
  return ExpiresAfter(std::chrono::milliseconds(static_cast<int64_t>(ttl_ms)));
}

bool BoundFrom(napi_env env, napi_value value, Scratch* scratch, std::optional<std::string_view>* bound) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  if (type == napi_undefined || type == napi_null) return true;
  *bound = BytesOf(env, value, scratch);
  return bound->has_value();
}

napi_value NewBatch(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  auto batch = std::make_shared<Batch>();
  batch->family = FindHandle<Database>(env, arguments[0]);
  return NewHandle(env, std::move(batch));
}

napi_value BatchSetFamily(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  const auto handle = GetHandle<Batch>(env, arguments[0]);
  if (handle) handle->family = FindHandle<Database>(env, arguments[1]);
  return nullptr;
}

napi_value BatchPut(napi_env env, napi_callback_info info) {
  return AddValue(env, info, [](amethyst::WriteBatch& batch, const auto&... entry) { batch.Put(entry...); });
}

napi_value BatchMerge(napi_env env, napi_callback_info info) {
  return AddValue(env, info, [](amethyst::WriteBatch& batch, const auto&... entry) { batch.Merge(entry...); });
}

napi_value BatchDelete(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  const auto handle = GetHandle<Batch>(env, arguments[0]);
  Scratch scratch;
  const auto key = handle ? BytesOf(env, arguments[1], &scratch) : std::nullopt;
  if (!key) return nullptr;
  const bool added = handle->Add(env, [&](const auto&... family) { handle->batch.Delete(family..., *key); });
  return added ? NewByteSize(env, handle->batch) : nullptr;
}

napi_value BatchDeleteRange(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  const auto handle = GetHandle<Batch>(env, arguments[0]);
  Scratch begin_scratch;
  Scratch end_scratch;
  std::optional<std::string_view> begin;
  std::optional<std::string_view> end;
  if (!handle || !BoundFrom(env, arguments[1], &begin_scratch, &begin) ||
      !BoundFrom(env, arguments[2], &end_scratch, &end)) {
    return nullptr;
  }
  const uint32_t count = handle->batch.Count();
  const bool added = handle->Add(env, [&](const auto&... family) { handle->batch.DeleteRange(family..., begin, end); });
  return !added || handle->batch.Count() == count ? nullptr : NewByteSize(env, handle->batch);
}

napi_value BatchDeletePrefix(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  const auto handle = GetHandle<Batch>(env, arguments[0]);
  Scratch scratch;
  const auto prefix = handle ? BytesOf(env, arguments[1], &scratch) : std::nullopt;
  if (!prefix) return nullptr;
  const bool added = handle->Add(env, [&](const auto&... family) { handle->batch.DeletePrefix(family..., *prefix); });
  return added ? NewByteSize(env, handle->batch) : nullptr;
}

napi_value BatchDeleteMatching(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  const auto handle = GetHandle<Batch>(env, arguments[0]);
  if (!handle) return nullptr;
  const Range range = RangeFrom(env, arguments[1]);
  if (range.lower && range.upper && *range.lower >= *range.upper) return nullptr;
  if (!IsTaken(range.lower) || !IsTaken(range.upper)) return nullptr;
  const bool added =
      handle->Add(env, [&](const auto&... family) { handle->batch.DeleteRange(family..., range.lower, range.upper); });
  return added ? NewByteSize(env, handle->batch) : nullptr;
}

napi_value BatchClear(napi_env env, napi_callback_info info) {
  const Arguments<1> arguments(env, info);
  const auto handle = GetHandle<Batch>(env, arguments[0]);
  if (handle) handle->Clear();
  return nullptr;
}

napi_value WriteBatch(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info);
  OpenDatabase open = GetOpen(env, arguments[0]);
  const auto handle = open ? GetHandle<Batch>(env, arguments[1]) : nullptr;
  if (!handle || !handle->CheckIsOf(env, open.db)) return nullptr;
  bool sync = false;
  bool separate = false;
  napi_get_value_bool(env, arguments[2], &sync);
  napi_get_value_bool(env, arguments[3], &separate);
  const WriteOptions options{.durability = sync ? Durability::kSync : Durability::kBuffered};
  auto batch = std::exchange(handle->batch, {});
  handle->of.reset();
  if (separate) {
    return StartTask(
        env, "amethyst.write", std::move(open.handle),
        [db = std::move(open.db), family = std::move(*open.family), batch = std::move(batch), options] {
          return WriteSeparately(*db, family, batch, options);
        },
        NewOutcomes);
  }
  return StartTask(
      env, "amethyst.write", std::move(open.handle),
      [db = std::move(open.db), batch = std::move(batch), options] { return db->Write(batch, options); }, Undefined);
}

napi_value Clear(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  OpenDatabase open = GetOpen(env, arguments[0]);
  if (!open) return nullptr;
  const auto snapshot = GetSnapshot(env, arguments[2], open.db);
  if (!snapshot) return nullptr;
  auto walk = std::make_unique<RangeWalk>(*open.family, *snapshot, RangeFrom(env, arguments[1]));
  return StartTask(
      env, "amethyst.clear", std::move(open.handle),
      [db = std::move(open.db), family = std::move(*open.family), walk = std::move(walk),
       limit = LimitFrom(env, arguments[1])] { return ClearRange(*db, family, *walk, limit); },
      Undefined);
}

}  // namespace amethyst::node
