// What an ingest puts into the view: tables, and a memtable of their range deletes. Thread safety: pure functions.
#pragma once

#include "engine/storage.h"
#include "engine/view.h"
#include "engine/write_buffers.h"
#include "ingest/ingest_record.h"

namespace amethyst::engine {

// Of numbered tables, whose files are in the directory. kInvalidArgument: a family was dropped.
[[nodiscard]] Result<WriteBufferPtr> MakeLayer(const Storage& storage, const WriteBuffers& buffers,
                                               const tree::Forest& forest, const ingest::Incoming& incoming);
// Memory that the layer's memtable takes at most.
[[nodiscard]] size_t LayerBytes(const ingest::Incoming& incoming);

}  // namespace amethyst::engine
