#include "tree/version_edit.h"

#include <set>
#include <utility>

#include "base/assert.h"
#include "base/coding.h"
#include "base/error.h"
#include "base/tagged_fields.h"
#include "tree/edit_fields.h"
#include "tree/file_names.h"
#include "tree/table_details.h"

namespace amethyst::tree {
namespace {

// On disk; never renumber.
enum Field : uint64_t {
  kAddedTable = 1,
  kRemovedTable = 2,
  kFlushedSequence = 3,
  kFirstLogSegment = 4,
  kNextFileNumber = 5,
  kLastSequence = 6,
  kCleanLogEnd = 7,
  kDatabaseUid = 8,
  kComparatorName = 9,
  kFamily = 10,
  kDroppedFamily = 11,
  kNextFamilyId = 12,
  kTableDetails = 13,
  kCursor = 15,
  kApplied = 16,
  kDeleteTime = 17,
  kAncestors = 18,
  kDefaultFamilySettings = 19,
  kOldestDelete = 20,
  kReadTime = 21,
  kRefusedByOlder = 22,
};

// In field 19.
constexpr uint64_t kMergeOperatorName = 1;

constexpr size_t kNameBytesMax = 255;  // Of a comparator, of a merge operator.

void AppendField(std::string* to, Field field, std::string_view content) {
  base::AppendField(to, field, base::FieldNeed::kRequired, content);
}

void AppendUid(std::string* to, const base::Uid& uid) {
  base::AppendFixed(to, uid.low);
  base::AppendFixed(to, uid.high);
}

std::string EncodeTable(const AddedTable& table) {
  const sstable::TableInfo& info = table.info;
  std::string bytes = Varints({table.level, key::Raw(table.number)});
  AppendUid(&bytes, info.uid);
  base::AppendVarint(&bytes, info.file_bytes);
  base::AppendFixed(&bytes, info.digest);
  base::AppendLengthPrefixed(&bytes, info.smallest);
  base::AppendLengthPrefixed(&bytes, info.largest);
  bytes += Varints({key::Raw(info.smallest_sequence), key::Raw(info.largest_sequence), info.entries, info.deletes,
                    info.raw_bytes, info.oldest_delete_time_s});
  return bytes;
}

TableDetails DetailsOf(const AddedTable& table) {
  return {table.family,        table.holds_tombstones, table.info.clean_through,
          table.info.expiries, table.info.written_s,   table.info.sequence_base};
}
TableDetails DetailsOf(const RemovedTable& table) { return {.family = table.family}; }
void SetDetails(const TableDetails& details, AddedTable* table) {
  table->family = details.family;
  table->holds_tombstones = details.holds_tombstones;
  table->info.clean_through = details.clean_through;
  table->info.expiries = details.expiries;
  table->info.written_s = details.written_s;
  table->info.sequence_base = details.sequence_base;
}
void SetDetails(const TableDetails& details, RemovedTable* table) { table->family = details.family; }

// Readers of one part of a field's content each. False: it is not there, or out of bounds.

bool ReadLevel(std::string_view* from, key::Level* level) {
  uint32_t value = 0;
  if (!base::ReadVarint32(from, &value) || value >= key::kLevels) return false;
  *level = value;
  return true;
}

bool ReadDeleteTime(std::string_view* from, DeleteTime* time) {
  return ReadSeconds(from, &time->seconds) && ReadSeconds(from, &time->ahead_of_wall);
}

bool ReadUid(std::string_view* from, base::Uid* uid) {
  return base::ReadFixed(from, &uid->low) && base::ReadFixed(from, &uid->high);
}

bool ReadAncestors(std::string_view* from, std::vector<base::Uid>* ancestors) {
  if (!ancestors->empty() || from->size() % sizeof(base::Uid) != 0) return false;
  while (!from->empty() && ReadUid(from, &ancestors->emplace_back())) {
  }
  return true;
}

bool ReadKey(std::string_view* from, std::string* key) {
  std::string_view bytes;
  if (!base::ReadLengthPrefixed(from, &bytes) || bytes.size() > kKeyBytesMax) return false;
  *key = bytes;
  return true;
}

bool ReadTable(std::string_view* from, AddedTable* table) {
  sstable::TableInfo& info = table->info;
  if (!ReadLevel(from, &table->level) || !ReadNumber(from, &table->number) || table->number == key::FileNumber{0} ||
      !ReadUid(from, &info.uid) || !base::ReadVarint64(from, &info.file_bytes) ||
      !base::ReadFixed(from, &info.digest) || !ReadKey(from, &info.smallest) || !ReadKey(from, &info.largest) ||
      !ReadSequence(from, &info.smallest_sequence) || !ReadSequence(from, &info.largest_sequence) ||
      !base::ReadVarint64(from, &info.entries) || !base::ReadVarint64(from, &info.deletes) ||
      !base::ReadVarint64(from, &info.raw_bytes) || !base::ReadVarint64(from, &info.oldest_delete_time_s)) {
    return false;
  }
  // Sums over all tables must not overflow either.
  constexpr uint64_t kAmountMax = uint64_t{1} << 48;
  return info.file_bytes <= kAmountMax && info.entries <= kAmountMax && info.raw_bytes <= kAmountMax &&
         info.deletes <= info.entries && info.smallest_sequence <= info.largest_sequence;
}

bool ReadRemoved(std::string_view* from, RemovedTable* removed) {
  return ReadLevel(from, &removed->level) && ReadNumber(from, &removed->number);
}

// Before the year 10000.
bool ReadMilliseconds(std::string_view* from, uint64_t* milliseconds) {
  constexpr uint64_t kMillisecondsMax = uint64_t{1} << 50;
  return base::ReadVarint64(from, milliseconds) && *milliseconds <= kMillisecondsMax;
}

bool ReadName(std::string_view* from, std::string* name) {
  if (from->size() > kNameBytesMax) return false;
  *name = *from;
  from->remove_prefix(from->size());
  return true;
}

std::string EncodeApplied(const AppliedIndex& applied) {
  AMETHYST_ASSERT(applied.note.size() <= kAppliedNoteBytesMax);
  return Varints({applied.index}) + applied.note;
}

bool ReadApplied(std::string_view* from, AppliedIndex* applied) {
  if (!base::ReadVarint64(from, &applied->index) || from->size() > kAppliedNoteBytesMax) return false;
  applied->note = *from;
  from->remove_prefix(from->size());
  return true;
}

// Of field 19. A required field in it that is not known is refused as damage is: by the whole of it.
bool ReadDefaultFamily(std::string_view* from, std::string* merge_operator_name) {
  bool has_name = false;
  const Status read = base::ReadFields(*from, "default family", [&](uint64_t field, std::string_view content) {
    if (field != kMergeOperatorName) return base::FieldMatch::kUnknown;
    if (has_name || !ReadName(&content, merge_operator_name)) return base::FieldMatch::kMalformed;
    has_name = true;
    return base::FieldMatch::kTaken;
  });
  from->remove_prefix(from->size());
  return read && has_name;
}

// Fields that occur once.
template <typename T>
bool ReadOnce(std::string_view* from, std::optional<T>* to, bool (*read)(std::string_view*, T*)) {
  return !to->has_value() && read(from, &to->emplace());
}

// False: the content is not that of the field.
bool ReadField(uint64_t field, std::string_view* content, VersionEdit* edit) {
  switch (field) {
    case kAddedTable: return ReadTable(content, &edit->added.emplace_back());
    case kRemovedTable: return ReadRemoved(content, &edit->removed.emplace_back());
    case kFlushedSequence: return ReadOnce(content, &edit->flushed_sequence, ReadSequence);
    case kFirstLogSegment: return ReadOnce(content, &edit->first_log_segment, ReadNumber);
    case kNextFileNumber: return ReadOnce(content, &edit->next_file_number, ReadNumber);
    case kLastSequence: return ReadOnce(content, &edit->last_sequence, ReadSequence);
    case kCleanLogEnd: return ReadOnce(content, &edit->clean_log_end, ReadLogCut);
    case kDatabaseUid: return ReadOnce(content, &edit->database_uid, ReadUid);
    case kAncestors: return ReadAncestors(content, &edit->ancestors);
    case kComparatorName: return ReadOnce(content, &edit->comparator_name, ReadName);
    case kDroppedFamily: return ReadFamilyId(content, &edit->dropped_families.emplace_back());
    case kCursor: return ReadFeedCursor(content, &edit->cursors.emplace_back());
    case kApplied: return ReadOnce(content, &edit->applied, ReadApplied);
    case kNextFamilyId: return ReadOnce(content, &edit->next_family_id, ReadFamilyId);
    case kDeleteTime: return ReadOnce(content, &edit->delete_time, ReadDeleteTime);
    case kOldestDelete: return ReadOnce(content, &edit->oldest_delete_s, ReadSeconds);
    case kReadTime: return ReadOnce(content, &edit->read_time_ms, ReadMilliseconds);
    case kDefaultFamilySettings: return ReadOnce(content, &edit->merge_operator_name, ReadDefaultFamily);
    default: return false;
  }
}

bool IsKnown(uint64_t field) {
  return (field >= kAddedTable && field <= kTableDetails) || field == kCursor || field == kApplied ||
         field == kDeleteTime || field == kAncestors || field == kOldestDelete || field == kReadTime ||
         field == kDefaultFamilySettings;
}

// Gives what the edit adds and removes its details.
Status ReadDetails(std::string_view content, VersionEdit* edit) {
  key::FileNumber number{};
  TableDetails details;
  if (!ReadNumber(&content, &number)) return base::Corruption("details of a table: expected its number, found none");
  AMETHYST_TRY(details.Read(content));
  bool is_listed = false;
  bool is_repeated = false;
  const auto take = [&](auto& tables) {
    for (auto& table : tables) {
      if (table.number != number) continue;
      is_listed = true;
      is_repeated = is_repeated || DetailsOf(table) != TableDetails();
      SetDetails(details, &table);
    }
  };
  take(edit->added);
  take(edit->removed);
  if (is_listed && !is_repeated) return {};
  return base::Corruption("details of {}: expected one for a table that the same edit lists, found {}",
                          TableFileName(number), is_repeated ? "two" : "no such table");
}

// Of each table that has any, once: one that moves is removed and added.
void AppendDetails(const VersionEdit& edit, std::string* to) {
  std::set<key::FileNumber> told;
  const auto append = [&](const auto& tables) {
    for (const auto& table : tables) {
      const TableDetails details = DetailsOf(table);
      if (details == TableDetails() || !told.insert(table.number).second) continue;
      AppendField(to, kTableDetails, Varints({key::Raw(table.number)}) + details.Encoded());
    }
  };
  append(edit.added);
  append(edit.removed);
}

}  // namespace

void VersionEdit::AppendTo(std::string* to) const {
  if (database_uid) {
    std::string uid;
    AppendUid(&uid, *database_uid);
    AppendField(to, kDatabaseUid, uid);
  }
  if (comparator_name) {
    AMETHYST_ASSERT(comparator_name->size() <= kNameBytesMax);
    AppendField(to, kComparatorName, *comparator_name);
  }
  if (!ancestors.empty()) {
    std::string uids;
    for (const base::Uid& ancestor : ancestors) AppendUid(&uids, ancestor);
    base::AppendField(to, kAncestors, base::FieldNeed::kIgnorable, uids);
  }
  for (const FamilyDescription& family : families) {
    std::string description;
    family.AppendTo(&description);
    AppendField(to, kFamily, description);
  }
  for (const AddedTable& table : added) AppendField(to, kAddedTable, EncodeTable(table));
  for (const RemovedTable& table : removed) {
    AppendField(to, kRemovedTable, Varints({table.level, key::Raw(table.number)}));
  }
  const size_t before_details = to->size();
  AppendDetails(*this, to);
  const bool has_details = to->size() > before_details;
  for (const key::FamilyId family : dropped_families) AppendField(to, kDroppedFamily, Varints({key::Raw(family)}));
  if (next_family_id) AppendField(to, kNextFamilyId, Varints({key::Raw(*next_family_id)}));
  if (flushed_sequence) AppendField(to, kFlushedSequence, Varints({key::Raw(*flushed_sequence)}));
  if (first_log_segment) AppendField(to, kFirstLogSegment, Varints({key::Raw(*first_log_segment)}));
  if (next_file_number) AppendField(to, kNextFileNumber, Varints({key::Raw(*next_file_number)}));
  if (last_sequence) AppendField(to, kLastSequence, Varints({key::Raw(*last_sequence)}));
  if (clean_log_end) {
    std::string cut;
    AppendLogCut(&cut, *clean_log_end);
    AppendField(to, kCleanLogEnd, cut);
  }
  if (delete_time) AppendField(to, kDeleteTime, Varints({delete_time->seconds, delete_time->ahead_of_wall}));
  if (oldest_delete_s) AppendField(to, kOldestDelete, Varints({*oldest_delete_s}));
  if (read_time_ms) AppendField(to, kReadTime, Varints({*read_time_ms}));
  if (merge_operator_name) {
    AMETHYST_ASSERT(merge_operator_name->size() <= kNameBytesMax);
    std::string settings;
    base::AppendField(&settings, kMergeOperatorName, base::FieldNeed::kRequired, *merge_operator_name);
    AppendField(to, kDefaultFamilySettings, settings);
  }
  for (const FeedCursor& cursor : cursors) {
    std::string content;
    cursor.AppendTo(&content);
    AppendField(to, kCursor, content);
  }
  if (applied) AppendField(to, kApplied, EncodeApplied(*applied));
  const bool has_families = !families.empty() || has_details || !dropped_families.empty() || next_family_id;
  if (has_families || !cursors.empty() || read_time_ms || merge_operator_name || applied) {
    base::AppendField(to, kRefusedByOlder, base::FieldNeed::kIgnorable, {});
  }
}

Result<VersionEdit> VersionEdit::FromBytes(std::string_view bytes) {
  VersionEdit edit;
  std::vector<std::string_view> families;
  std::vector<std::string_view> details;  // Of tables that may be listed behind them.
  AMETHYST_TRY(base::ReadFields(bytes, "version edit", [&](uint64_t field, std::string_view content) {
    if (!IsKnown(field)) return base::FieldMatch::kUnknown;
    if (field == kFamily || field == kTableDetails) {
      (field == kFamily ? families : details).push_back(content);
      return base::FieldMatch::kTaken;
    }
    const bool fits = ReadField(field, &content, &edit) && content.empty();
    return fits ? base::FieldMatch::kTaken : base::FieldMatch::kMalformed;
  }));
  for (const std::string_view family : families) {
    AMETHYST_ASSIGN(edit.families.emplace_back(), FamilyDescription::FromBytes(family));
  }
  for (const std::string_view table : details) AMETHYST_TRY(ReadDetails(table, &edit));
  return edit;
}

}  // namespace amethyst::tree
