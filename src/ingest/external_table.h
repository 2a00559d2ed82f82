// What a file says that is to be taken in, or was: read from its end, whatever its size.
//
// Thread safety: pure functions.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "amethyst/error.h"
#include "base/function_ref.h"
#include "cache/block_cache.h"
#include "ingest/ingest_record.h"
#include "io/file.h"
#include "key/order.h"

namespace amethyst::ingest {

// What a family takes.
struct Taker {
  std::string name{};
  key::Order order{};
  // Of its merge operator; empty: it has none.
  std::string merge_operator{};
};

enum class Reading : uint8_t {
  kEnds,  // Properties and index, which are checksummed.
  kAll,   // Each block, and the digest over all.
};

// The table in `file`, without number, family and sequence numbers. kInvalidArgument: it was not written to be taken
// in, or is not in the family's order, or has operands of another operator. kCorruption: it is damaged.
[[nodiscard]] Result<IncomingTable> ReadExternalTable(std::shared_ptr<io::RandomAccessFile> file, const Taker& taker,
                                                      cache::BlockCache& cache, Reading reading);

// The range deletes of a table that was taken in; the file must hold what `info` says.
[[nodiscard]] Result<std::vector<std::string>> ReadRangeDeletes(std::shared_ptr<io::RandomAccessFile> file,
                                                                const sstable::TableInfo& info, key::Order order,
                                                                cache::BlockCache& cache);

// kInvalidArgument, naming both: of two tables of one family one holds keys between those of the other, or deletes
// such. `names` are those of the files.
[[nodiscard]] Status CheckDisjoint(std::span<const IncomingTable> tables, std::span<const std::string> names,
                                   base::FunctionRef<const key::Order&(key::FamilyId)> order_of);

}  // namespace amethyst::ingest
