#include "engine/ingest_files.h"

#include "base/containment.h"
#include "base/error.h"
#include "io/copy_file.h"

namespace amethyst::engine {

IngestFiles::~IngestFiles() {
  tree::TableStore& store = *database_.storage.store;
  for (const key::FileNumber number : brought_) {  // What stays, or never came, is left to the next open.
    base::DoIfPossible([&] { static_cast<void>(store.files().Remove(store.Path(number))); });
  }
}

Status IngestFiles::Bring(const std::string& path, key::FileNumber number, IngestMode mode) {
  tree::TableStore& store = *database_.storage.store;
  io::FileSystem& files = database_.environment->files();
  brought_.push_back(number);
  if (mode != IngestMode::kCopy) {
    const Status linked = files.Link(path, store.Path(number));
    if (!linked && linked.error().code() != ErrorCode::kNotSupported) return linked;
    // By its name in the directory that is ours, wherever that is now.
    if (linked) return store.WithDescriptor([&] { return store.files().SyncWritten(store.Path(number)); });
  }
  return store.WithDescriptor([&]() -> Status {
    AMETHYST_TRY(io::CopyFile({files, path}, {store.files(), store.Path(number)},
                              [&](uint64_t) { return database_.reads->gate.IsClosed() ? Closed() : Status(); }));
    return {};
  });
}

Status IngestFiles::Sync() {
  tree::TableStore& store = *database_.storage.store;
  return store.WithDescriptor([&] { return store.files().SyncDirectory(database_.storage.directory); });
}

}  // namespace amethyst::engine
