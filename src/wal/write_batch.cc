#include "amethyst/write_batch.h"

#include <limits>

#include "amethyst/family.h"
#include "base/error.h"
#include "wal/batch_encoding.h"

namespace amethyst {

Status WriteBatch::Handler::PutIn(uint32_t family_id, std::string_view /*key*/, std::string_view /*value*/) {
  return base::NotSupported("batch: the handler takes no put into family {}", family_id);
}
Status WriteBatch::Handler::DeleteIn(uint32_t family_id, std::string_view /*key*/) {
  return base::NotSupported("batch: the handler takes no delete from family {}", family_id);
}

void WriteBatch::Put(std::string_view key, std::string_view value) {
  AMETHYST_ASSERT(count_ < std::numeric_limits<uint32_t>::max());
  wal::AppendBatchEntry(&rep_, {.kind = key::EntryKind::kPut, .key = key, .value = value});
  ++count_;
}

void WriteBatch::Put(const Family& family, std::string_view key, std::string_view value) {
  AMETHYST_ASSERT(count_ < std::numeric_limits<uint32_t>::max());
  wal::AppendBatchEntry(&rep_, {.family = family.id(), .kind = key::EntryKind::kPut, .key = key, .value = value});
  ++count_;
}

void WriteBatch::Delete(const Family& family, std::string_view key) {
  AMETHYST_ASSERT(count_ < std::numeric_limits<uint32_t>::max());
  wal::AppendBatchEntry(&rep_, {.family = family.id(), .kind = key::EntryKind::kDelete, .key = key, .value = {}});
  ++count_;
}

void WriteBatch::Delete(std::string_view key) {
  AMETHYST_ASSERT(count_ < std::numeric_limits<uint32_t>::max());
  wal::AppendBatchEntry(&rep_, {.kind = key::EntryKind::kDelete, .key = key, .value = {}});
  ++count_;
}

void WriteBatch::Clear() {
  rep_.clear();
  count_ = 0;
}

void WriteBatch::Append(const WriteBatch& other) {
  AMETHYST_ASSERT(other.count_ <= std::numeric_limits<uint32_t>::max() - count_);
  rep_.append(other.rep_);
  count_ += other.count_;
}

Status WriteBatch::Iterate(Handler& handler) const {
  wal::BatchReader reader(rep_);
  for (wal::BatchEntry entry; reader.Next(&entry);) {
    if (entry.family != 0) {
      AMETHYST_TRY(entry.kind == key::EntryKind::kPut ? handler.PutIn(entry.family, entry.key, entry.value)
                                                      : handler.DeleteIn(entry.family, entry.key));
      continue;
    }
    switch (entry.kind) {
      case key::EntryKind::kPut: handler.Put(entry.key, entry.value); break;
      case key::EntryKind::kDelete: handler.Delete(entry.key); break;
    }
  }
  return reader.status();
}

Result<WriteBatch> WriteBatch::FromRepresentation(std::string_view bytes) {
  wal::BatchReader reader(bytes);
  for (wal::BatchEntry entry; reader.Next(&entry);) continue;
  AMETHYST_TRY(reader.status());
  if (reader.count() > std::numeric_limits<uint32_t>::max()) {
    return base::InvalidArgument("batch: {} entries, 32 bits must do to count them", reader.count());
  }
  WriteBatch batch;
  batch.rep_ = bytes;
  batch.count_ = static_cast<uint32_t>(reader.count());
  return batch;
}

}  // namespace amethyst
