#include <leveldb/dumpfile.h>
#include <leveldb/options.h>
#include <leveldb/table.h>

#include <cstdio>
#include <memory>

namespace leveldb {

namespace {

std::string Escaped(const Slice& bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char byte = bytes[i];
    if (byte >= ' ' && byte <= '~') {
      text += byte;
    } else {
      char hex[8];
      std::snprintf(hex, sizeof(hex), "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
      text += hex;
    }
  }
  return text;
}

}  // namespace

// Tables of TableBuilder. A database's own files are `amethyst inspect`'s to show.
Status DumpFile(Env* env, const std::string& fname, WritableFile* dst) {
  if (!fname.ends_with(".ldb") && !fname.ends_with(".sst"))
    return Status::InvalidArgument(fname + ": unknown file type");
  uint64_t bytes = 0;
  Status status = env->GetFileSize(fname, &bytes);
  if (!status.ok()) return status;
  RandomAccessFile* opened = nullptr;
  status = env->NewRandomAccessFile(fname, &opened);
  if (!status.ok()) return status;
  const std::unique_ptr<RandomAccessFile> file(opened);
  Table* read = nullptr;
  status = Table::Open(Options(), file.get(), bytes, &read);
  if (!status.ok()) return status;
  const std::unique_ptr<Table> table(read);
  const std::unique_ptr<Iterator> it(table->NewIterator(ReadOptions()));
  for (it->SeekToFirst(); it->Valid() && status.ok(); it->Next()) {
    status = dst->Append("'" + Escaped(it->key()) + "' => '" + Escaped(it->value()) + "'\n");
  }
  return status.ok() ? it->status() : status;
}

}  // namespace leveldb
