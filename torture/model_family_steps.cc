// The part of a model program that makes, drops and renames families.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "torture/model_choices.h"
#include "torture/model_program.h"

namespace amethyst::torture {

void ModelProgram::ChangeFamilies() {
  if (!features_.families) return Get();
  constexpr size_t kFamiliesMax = 6;
  const size_t count = families_.all().size();
  const uint64_t drawn = random_.Below(10);
  if (count == 1 || (drawn < 4 && count < kFamiliesMax)) return CreateFamily();
  if (drawn < 6) return DropFamily();
  if (drawn < 8) return RenameFamily();
  ListFamilies();
}

void ModelProgram::CreateFamily() {
  static_cast<void>(Now(*db_));
  const uint64_t ttl_ms = features_.expiries ? time_.DrawTtlMs(random_) : 0;
  ModelFamily family = families_.DrawNew(random_, features_, ttl_ms);
  const FamilyOptions options = family.DrawOptions(random_);
  Tell(fmt::format("create family {} of {} keys, order {}, operator {}, ttl {} ms", Show(family.name), family.key_count,
                   family.comparator->Name(), static_cast<int>(family.merges_with), ttl_ms));
  const Result<Family> made = db_->CreateFamily(family.name, options);
  if (!Ok(made ? Status() : std::unexpected(made.error()), "CreateFamily")) {
    families_.Doubt({.change = FamilyChange::kMade, .name = family.name, .family = family});
    return Restart();
  }
  report_.Count(ModelCounter::kFamiliesMade);
  family.handle = *made;
  content_.AddFamily(family.number, family.Empty());
  families_.Add(std::move(family));
}

void ModelProgram::DropFamily() {
  const ModelFamily family = families_.DrawOther(random_);
  Tell("drop family " + Show(family.name));
  if (!Ok(db_->DropFamily(*family.handle), "DropFamily")) {
    families_.Doubt({.change = FamilyChange::kDropped, .name = family.name, .family = family});
    return Restart();
  }
  report_.Count(ModelCounter::kFamiliesDropped);
  families_.Drop(family.number);
  content_.DropFamily(family.number);
  CheckDropped(family);
}

// Every call says so, snapshots or not, and a batch is refused whole.
void ModelProgram::CheckDropped(const ModelFamily& family) {
  const ModelFamily& other = families_.Draw(random_);
  const std::string key = family.DrawKey(random_), other_key = other.DrawKey(random_);
  const auto refuses = [](const auto& result) {
    return !result && result.error().code() == ErrorCode::kInvalidArgument;
  };
  ReadOptions options;
  if (!pinned_.empty()) options.snapshot = &pinned_.front().snapshot;
  WriteBatch batch;
  other.handle ? batch.Put(*other.handle, other_key, "never") : batch.Put(other_key, "never");
  batch.Put(*family.handle, key, "never");
  const bool refused = refuses(family.handle->Get(key)) && refuses(family.handle->Get(key, options)) &&
                       refuses(family.handle->NewIterator().status()) && family.handle->name().empty();
  if (!refused) Violation("a dropped family is read");
  const Status put = family.handle->Put(key, "never"), written = db_->Write(batch);
  // After an injected failure the database may refuse any write.
  if (put || written || (!world_.met_fault() && !(refuses(put) && refuses(written)))) {
    Violation("a dropped family is written");
  }
  const auto got = On(other, [&](auto& from) { return from.Get(other_key); });
  if (got && *got && **got == "never") Violation("a batch that names a dropped family was written in part");
}

void ModelProgram::RenameFamily() {
  const ModelFamily family = families_.DrawOther(random_);
  const std::string name = families_.DrawName(random_);
  Tell(fmt::format("rename family {} to {}", Show(family.name), Show(name)));
  if (!Ok(db_->RenameFamily(*family.handle, name), "RenameFamily")) {
    families_.Doubt({.change = FamilyChange::kRenamed, .name = name, .family = family});
    return Restart();
  }
  report_.Count(ModelCounter::kFamiliesRenamed);
  families_.Rename(family.number, name);
  if (family.handle->name() != name) Violation("a handle does not tell the new name of its family");
}

void ModelProgram::ListFamilies() {
  Tell("list families");
  if (db_->FamilyNames() != families_.Names()) Violation("the names of families are not those that there are");
  const ModelFamily& family = families_.DrawOther(random_);
  const Result<Family> found = db_->OpenFamily(family.name);
  if (!found || found->id() != family.handle->id()) Violation("a family is not found by its name");
  const std::string free = families_.DrawName(random_);
  if (db_->OpenFamily(free)) Violation("a family is found that is not there");
  const bool refused = !db_->CreateFamily(family.name) && !db_->CreateFamily("") &&
                       !db_->CreateFamily(std::string(256, 'x')) && !db_->RenameFamily(*family.handle, "default") &&
                       !db_->DropFamily(db_->OpenFamily("default").value());
  if (!refused) Violation("a family was made or changed that must not be");
}

// Of a call that failed the open decides.
void ModelProgram::DecideFamilies(DB& db) {
  const std::vector<std::string> names = db.FamilyNames();
  if (const std::optional<FamilyDoubt> doubt = families_.TakeDoubt()) {
    beside_.replica.DoubtNames();
    const bool is_there = std::ranges::find(names, doubt->name) != names.end();
    const ModelFamily& family = doubt->family;
    Tell(fmt::format("family {} is {}there", Show(doubt->name), is_there ? "" : "not "));
    if (doubt->change == FamilyChange::kMade && is_there) {
      content_.AddFamily(family.number, family.Empty());
      families_.Add(family);
    } else if (doubt->change == FamilyChange::kDropped && !is_there) {
      content_.DropFamily(family.number);
      families_.Drop(family.number);
    } else if (doubt->change == FamilyChange::kRenamed && is_there) {
      families_.Rename(family.number, doubt->name);
    }
  }
  if (names != families_.Names()) {
    Violation(fmt::format("there are {} families, not the {} that were made", names.size(), families_.Names().size()));
  }
}

}  // namespace amethyst::torture
