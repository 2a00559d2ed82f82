#include "engine/ingest_layer.h"

#include <set>
#include <utility>

#include "engine/family.h"

namespace amethyst::engine {

size_t LayerBytes(const ingest::Incoming& incoming) {
  size_t bytes = 0;
  std::set<key::FamilyId> families;
  const auto add = [&](key::FamilyId family, const std::string& range) {
    bytes += memtable::Memtable::BytesForRange(range.size());
    if (family != key::kDefaultFamily && families.insert(family).second) bytes += memtable::Memtable::kFamilyBytes;
  };
  for (const ingest::FamilyRange& range : incoming.replaced) add(range.family, range.range);
  for (const ingest::IncomingTable& table : incoming.tables) {
    for (const std::string& range : table.range_deletes) add(table.added.family, range);
  }
  return bytes;
}

Result<WriteBufferPtr> MakeLayer(const Storage& storage, const WriteBuffers& buffers, const tree::Forest& forest,
                                 const ingest::Incoming& incoming) {
  WriteBufferPtr layer = buffers.New(LayerBytes(incoming));
  for (const ingest::FamilyRange& deleted : incoming.RangeDeletes()) {
    const tree::FamilyTree* const tree = forest.Find({.id = deleted.family});
    if (tree == nullptr) return FamilyDropped();
    std::string_view encoded = deleted.range;
    key::Range range;
    AMETHYST_ASSERT(key::ReadRange(&encoded, &range));
    layer->memtable.Prepare(deleted.family, tree->version->order(), tree->family->merging.fold);
    layer->memtable.PrepareRange(deleted.family, range, deleted.sequence);
    layer->memtable.InsertRange(deleted.family, deleted.range.size(), deleted.sequence);
  }
  std::vector<tree::AddedTable> added;
  for (const ingest::IncomingTable& table : incoming.tables) {
    const tree::FamilyTree* const tree = forest.Find({.id = table.added.family});
    if (tree == nullptr) return FamilyDropped();
    added.push_back(table.added);
    added.back().table = std::make_shared<const tree::Table>(storage.store, table.added.number, table.added.info,
                                                             tree->version->order());
  }
  layer->ingested = std::make_shared<const IngestedTables>(std::move(added));
  return layer;
}

}  // namespace amethyst::engine
