// Any bytes as the record of an ingest: an error, or one that encodes to a record which says the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "ingest/ingest_record.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace amethyst;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto incoming = ingest::ReadIngestRecord(input);
  if (!incoming) return 0;
  std::string bytes;
  incoming->AppendTo(&bytes);
  const auto again = ingest::ReadIngestRecord(bytes);
  AMETHYST_ASSERT(again.has_value() && again->replaced == incoming->replaced);
  AMETHYST_ASSERT(again->tables.size() == incoming->tables.size());
  for (size_t i = 0; i < again->tables.size(); ++i) {
    AMETHYST_ASSERT(again->tables[i].added == incoming->tables[i].added);
  }
  return 0;
}
