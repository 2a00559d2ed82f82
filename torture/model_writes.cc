// The part of a model program that writes.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "torture/model_choices.h"
#include "torture/model_program.h"

namespace amethyst::torture {

namespace {

std::string ShowExpiry(const GivenExpiry& expiry) {
  return expiry.says_so() ? fmt::format(", {} {}", expiry.at ? "expires at" : "ttl until", expiry.expires_ms) : "";
}

std::string Describe(const char* what, const ModelFamily& family, const std::string& key) {
  return fmt::format("{} {}{}", what, Show(key), family.number == 0 ? "" : " in " + Show(family.name));
}

void Give(const GivenExpiry& expiry, WriteOptions* options) {
  options->ttl = expiry.ttl;
  options->expires_at = expiry.at;
}

// One family's part of a batch; no family: the default one's.
struct BatchOf {
  WriteBatch* batch;
  const std::optional<Family>& family;

  void Put(std::string_view key, std::string_view value, const GivenExpiry& given) const {
    const Expiry expiry = given.at ? ExpiresAt(*given.at) : ExpiresAfter(given.ttl);
    if (!given.says_so()) return family ? batch->Put(*family, key, value) : batch->Put(key, value);
    family ? batch->Put(*family, key, value, expiry) : batch->Put(key, value, expiry);
  }
  void Merge(std::string_view key, std::string_view operand, const GivenExpiry& given) const {
    const Expiry expiry = given.at ? ExpiresAt(*given.at) : ExpiresAfter(given.ttl);
    if (!given.says_so()) return family ? batch->Merge(*family, key, operand) : batch->Merge(key, operand);
    family ? batch->Merge(*family, key, operand, expiry) : batch->Merge(key, operand, expiry);
  }
  void Delete(std::string_view key) const { family ? batch->Delete(*family, key) : batch->Delete(key); }
  void DeleteRange(const std::optional<std::string>& begin, const std::optional<std::string>& end) const {
    family ? batch->DeleteRange(*family, begin, end) : batch->DeleteRange(begin, end);
  }
  void DeletePrefix(std::string_view prefix) const {
    family ? batch->DeletePrefix(*family, prefix) : batch->DeletePrefix(prefix);
  }
};

}  // namespace

Durability ModelProgram::DrawWriteDurability() {
  const Durability drawn = DrawDurability(random_);
  return drawn == Durability::kNone && !features_.unlogged ? Durability::kBuffered : drawn;
}

GivenExpiry ModelProgram::DrawExpiry() {
  return features_.expiries && random_.OneIn(2) ? time_.Draw(random_) : GivenExpiry();
}

uint64_t ModelProgram::ExpiresMs(const ModelFamily& family, const GivenExpiry& own, const GivenExpiry& of_all) {
  const GivenExpiry& given = own.says_so() ? own : of_all;
  if (!given.says_so() && family.ttl_ms != 0) {
    report_.Count(ModelCounter::kExpiring);
    return time_.now_ms() + family.ttl_ms;
  }
  if (given.expires_ms != kModelNeverMs) report_.Count(ModelCounter::kExpiring);
  return given.expires_ms;
}

// A write that fails may show until the next open, and is whole or absent after: which it is, is seen at once.
void ModelProgram::Write(ModelWrite write, const std::string& told,
                         const std::function<Status(const WriteOptions&)>& call) {
  ++report_.writes;
  std::set<uint32_t> families;
  for (const ModelChange& change : write.changes) families.insert(change.family);
  if (!families.empty() && *families.rbegin() != 0) report_.Count(ModelCounter::kFamilyWrites);
  if (families.size() > 1) report_.Count(ModelCounter::kFamilyBatches);
  const WriteOptions options{.durability = write.durability};
  const uint64_t before = db_->GetSnapshot().sequence();
  Tell(fmt::format("{}, durability {}", told, static_cast<int>(write.durability)));
  const Status written = call(options);
  if (random_.OneIn(4)) world_.RunJobs(1);
  if (Ok(written, "write")) {
    for (const ModelChange& change : write.changes) {
      if (change.expires_ms != kModelNeverMs) time_.Use();
      if (change.kind == ChangeKind::kMerge) families_.NoteOperator(change.family);
    }
    const uint64_t sequence = db_->GetSnapshot().sequence();
    if (write.IsUntold() && sequence > before) beside_.replica.NoteUntold(sequence, write);
    return content_.Acknowledge(std::move(write));
  }
  if (write.IsUntold()) beside_.replica.Forget();
  content_.Fail(std::move(write));
  const uint64_t now_ms = Now(*db_);
  const Result<SeenState> found = ReadAll(*db_);
  if (found && !DifferenceOf(content_.now(), now_ms, *found).empty()) {
    const std::string text = DifferenceOf(content_.with_failed(), now_ms, *found);
    if (!text.empty()) Violation("after a write that failed, the content is neither with it nor without: " + text);
  }
  if (report_.violation.empty()) Restart();
}

void ModelProgram::Put() {
  const ModelFamily& family = families_.Draw(random_);
  static_cast<void>(Now(*db_));
  const GivenExpiry expiry = DrawExpiry();
  const ModelChange change{.kind = ChangeKind::kPut,
                           .family = family.number,
                           .key = family.DrawKey(random_),
                           .value = family.DrawValue(random_),
                           .expires_ms = ExpiresMs(family, expiry)};
  Write({.changes = {change}, .durability = DrawWriteDurability()},
        Describe("put", family, change.key) + " = " + Show(change.value) + ShowExpiry(expiry),
        [&](WriteOptions options) {
          Give(expiry, &options);
          return On(family, [&](auto& to) { return to.Put(change.key, change.value, options); });
        });
}

void ModelProgram::Delete() {
  const ModelFamily& family = families_.Draw(random_);
  const ModelChange change{.kind = ChangeKind::kDelete, .family = family.number, .key = family.DrawKey(random_)};
  Write({.changes = {change}, .durability = DrawWriteDurability()}, Describe("delete", family, change.key),
        [&](const WriteOptions& options) {
          return On(family, [&](auto& to) { return to.Delete(change.key, options); });
        });
}

// One that must be refused, by itself or in a batch, writes nothing.
void ModelProgram::Merge() {
  const ModelFamily& family = families_.Draw(random_);
  static_cast<void>(Now(*db_));
  const bool has_operator = family.merges_with != ModelOperator::kNone;
  if (!has_operator && !random_.OneIn(20)) return Put();
  const GivenExpiry expiry = DrawExpiry();
  ModelChange change{.kind = ChangeKind::kMerge,
                     .family = family.number,
                     .key = family.DrawKey(random_),
                     .value = family.DrawOperand(random_)};
  if (!has_operator || (OperandBytes(family.merges_with) && random_.OneIn(50))) {
    Tell(Describe("merge that is refused", family, change.key));
    change.value += "x";
    const Status merged = On(family, [&](auto& to) { return to.Merge(change.key, change.value); });
    if (merged || merged.error().code() != ErrorCode::kInvalidArgument) Violation("a merge was not refused");
    return report_.Count(ModelCounter::kMergesRefused);
  }
  change.expires_ms = ExpiresMs(family, expiry);
  report_.Count(ModelCounter::kMerges);
  Write({.changes = {change}, .durability = DrawWriteDurability()},
        Describe("merge", family, change.key) + " + " + Show(change.value) + ShowExpiry(expiry),
        [&](WriteOptions options) {
          Give(expiry, &options);
          return On(family, [&](auto& to) { return to.Merge(change.key, change.value, options); });
        });
}

// From a key to some that are there behind it, now and then to an end, or all that begin with a part of a key.
ModelProgram::DrawnRange ModelProgram::DrawRange(const ModelFamily& family, const ModelWrite& so_far,
                                                 bool may_be_prefix) {
  const KeyLess less{family.comparator};
  const ModelCells& cells = content_.now().at(family.number).cells;
  DrawnRange range{.begin = family.DrawKey(random_)};
  auto last = cells.lower_bound(*range.begin);
  for (uint64_t keys = random_.Below(60); keys > 0 && last != cells.end(); --keys) ++last;
  range.end = last == cells.end() ? *range.begin : last->first;
  if (random_.OneIn(50)) range.begin = std::nullopt;
  if (random_.OneIn(50)) range.end = std::nullopt;
  range.is_prefix = may_be_prefix && range.begin && family.comparator == BytewiseComparator() && random_.OneIn(5);
  if (range.is_prefix) {
    const size_t bytes = range.begin->size() - std::min<size_t>(range.begin->size(), random_.Below(3));
    range.begin->resize(std::max<size_t>(bytes, 1), '0');
  }
  std::set<std::string, KeyLess> taken(less);
  const auto take = [&](const std::string& key) {
    const bool holds = range.is_prefix
                           ? key.starts_with(*range.begin)
                           : (!range.begin || !less(key, *range.begin)) && (!range.end || less(key, *range.end));
    if (holds) taken.insert(key);
  };
  content_.ForEachPossibleKey(family.number, take);
  for (const ModelChange& change : so_far.changes) {
    if (change.family == family.number) take(change.key);
  }
  for (const std::string& key : taken) {
    range.changes.push_back({.kind = ChangeKind::kDelete, .family = family.number, .key = key});
  }
  report_.Count(ModelCounter::kRangeDeletes);
  return range;
}

void ModelProgram::DeleteRange() {
  const ModelFamily& family = families_.Draw(random_);
  const DrawnRange range = DrawRange(family, {});
  const Durability durability = DrawWriteDurability();
  if (range.begin && range.begin == range.end && !range.is_prefix && durability == Durability::kSync)
    return;  // No write.
  const std::string told = fmt::format(
      "{} to {}",
      Describe(range.is_prefix ? "delete prefix" : "delete from", family, range.begin.value_or("the first")),
      range.is_prefix ? "its end"
      : range.end     ? Show(*range.end)
                      : "the last");
  Write({.changes = range.changes, .durability = durability}, told, [&](const WriteOptions& options) {
    return On(family, [&](auto& to) {
      return range.is_prefix ? to.DeletePrefix(*range.begin, options) : to.DeleteRange(range.begin, range.end, options);
    });
  });
}

void ModelProgram::AddToBatch(WriteBatch* batch, const GivenExpiry& of_all, ModelWrite* write) {
  const ModelFamily& family = families_.Draw(random_);
  const BatchOf to{.batch = batch, .family = family.handle};
  const uint64_t kind = random_.Below(6);
  if (!write->changes.empty() && random_.OneIn(100)) {
    const DrawnRange range = DrawRange(family, *write);
    range.is_prefix ? to.DeletePrefix(*range.begin) : to.DeleteRange(range.begin, range.end);
    write->changes.insert(write->changes.end(), range.changes.begin(), range.changes.end());
    return;
  }
  ModelChange change{.kind = kind < 2 ? ChangeKind::kDelete : ChangeKind::kPut,
                     .family = family.number,
                     .key = family.DrawKey(random_)};
  if (kind == 2 && family.merges_with != ModelOperator::kNone) change.kind = ChangeKind::kMerge;
  if (change.kind == ChangeKind::kDelete) {
    to.Delete(change.key);
  } else {
    const GivenExpiry own = DrawExpiry();
    const bool is_put = change.kind == ChangeKind::kPut;
    change.value = is_put ? family.DrawValue(random_) : family.DrawOperand(random_);
    change.expires_ms = ExpiresMs(family, own, of_all);
    is_put ? to.Put(change.key, change.value, own) : to.Merge(change.key, change.value, own);
    if (!is_put) report_.Count(ModelCounter::kMerges);
  }
  write->changes.push_back(std::move(change));
}

void ModelProgram::Batch() {
  static_cast<void>(Now(*db_));
  const GivenExpiry of_all = random_.OneIn(2) ? DrawExpiry() : GivenExpiry();
  ModelWrite write;
  WriteBatch batch, second;
  for (uint64_t count = 1 + random_.Below(40); count > 0; --count) {
    AddToBatch(count > 10 ? &batch : &second, of_all, &write);
  }
  const uint32_t operations = batch.Count() + second.Count();
  batch.Append(second);
  write.durability = DrawWriteDurability();
  const Result<WriteBatch> copy = WriteBatch::FromRepresentation(batch.Representation());
  if (!copy || copy->Count() != operations) return Violation("a batch is not what was put into it");
  const std::string told =
      fmt::format("a batch of {}, first on {}{}", operations,
                  Show(write.changes.empty() ? "" : write.changes.front().key), ShowExpiry(of_all));
  Write(std::move(write), told, [&](WriteOptions options) {
    Give(of_all, &options);
    return db_->Write(*copy, options);
  });
}

}  // namespace amethyst::torture
