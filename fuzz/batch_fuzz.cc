// A batch from any bytes: refused, or read to its end; and what was read says the same when it is encoded again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "amethyst/write_batch.h"
#include "base/assert.h"
#include "wal/batch_encoding.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using amethyst::wal::BatchEntry;
  using amethyst::wal::BatchReader;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  BatchReader reader(bytes);
  std::string again;
  uint64_t count = 0;
  for (BatchEntry entry; reader.Next(&entry); ++count) amethyst::wal::AppendBatchEntry(&again, entry);
  AMETHYST_ASSERT(reader.count() == count && count <= size / amethyst::wal::kBatchEntryBytesMin);

  BatchReader first(bytes);
  BatchReader second(again);
  for (BatchEntry a, b; second.Next(&b);) {
    AMETHYST_ASSERT(first.Next(&a));
    AMETHYST_ASSERT(a.family == b.family && a.kind == b.kind && a.key == b.key && a.value == b.value);
  }
  AMETHYST_ASSERT(second.status().has_value() && first.count() == count);

  if (const auto batch = amethyst::WriteBatch::FromRepresentation(bytes); batch) {
    AMETHYST_ASSERT(reader.status().has_value());
    AMETHYST_ASSERT(batch->Count() == count && batch->Representation() == bytes);
  }
  return 0;
}
