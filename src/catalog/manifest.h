// The manifest: the durable log of version edits, in file MANIFEST-NNNNNN, which CURRENT names.
//
//   file header, 48 bytes                          record, twice: 16 bytes and the payload
//     0  magic "AMETHMAN"                            0  checksum of the bytes 8 to 16 and the payload
//     8  format version u32, then u32 zero           8  payload length u32
//    16  database uid, 2 x u64                      12  ordinal u32: 0 for the first record, then one more each
//    32  number of this manifest                    16  payload: a version edit
//    40  checksum of the above                          zeros up to a multiple of 8
//
//   mark, 16 bytes at 48
//     0  how many records are known durable, u64
//     8  checksum of the above
//
// Checksums are mixed with the database, the manifest's number and the offset. The place and extent of the header's
// checksum hold for every version of the format, so that an unknown version is told from damage.
//
// Each record is written twice, in one append, and synced before anything depends on it. So at most the last record can
// be torn, and one flipped byte never costs a record: it is read from whichever copy is whole. Both copies bad and a
// whole record behind them is damage, for what is behind was written after they were synced; both bad at the very end
// is a torn record that was never acknowledged, and is cut, unless the mark counts it. The mark is written over after
// each sync, and made durable by the next: it never counts too many. It is what tells a manifest that was cut between
// two records, whose tables nothing else may tell of. One whose checksum fails counts none: at worst a proof is lost.
//
// The first record is synced before CURRENT names the file: without it the manifest is damaged. A manifest whose last
// append failed is never appended to: its tail may be torn, and what follows would prove it damage.
//
// CURRENT is text: the manifest's name, and on a second line "xxh3 " and the first line's hash in 16 hexadecimal
// digits. Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "amethyst/error.h"
#include "base/function_ref.h"
#include "base/hash.h"
#include "io/file_system.h"
#include "key/types.h"
#include "tree/file_removal.h"
#include "tree/version_edit.h"

namespace amethyst::catalog {

inline constexpr std::string_view kManifestMagic = "AMETHMAN";
inline constexpr uint32_t kManifestVersion = 1;
inline constexpr size_t kManifestHeaderBytes = 48;
inline constexpr size_t kManifestMarkBytes = 16;
inline constexpr size_t kManifestRecordsBegin = kManifestHeaderBytes + kManifestMarkBytes;
inline constexpr size_t kManifestRecordHeaderBytes = 16;
inline constexpr size_t kManifestAlignment = 8;
// No open reads more, so no more is written: a million tables need a fifth of it.
inline constexpr uint64_t kManifestBytesMax = uint64_t{1} << 30;

struct ManifestIdentity {
  base::Uid database_uid;
  key::FileNumber number{};
};

[[nodiscard]] std::string EncodeManifestHeader(const ManifestIdentity& identity);
// The mark of a manifest with that many durable records.
[[nodiscard]] std::string EncodeManifestMark(const ManifestIdentity& identity, uint64_t records);
// Both copies of a record that begins at `offset`.
[[nodiscard]] std::string EncodeManifestRecord(const ManifestIdentity& identity, uint64_t offset, uint32_t ordinal,
                                               std::string_view payload);
// What these take of a manifest, both copies.
[[nodiscard]] uint64_t ManifestRecordBytes(size_t payload_bytes);

// Writes one manifest. After a failed call only the destructor is allowed.
class ManifestWriter {
 public:
  // The name is durable once its directory is synced.
  [[nodiscard]] static Result<std::unique_ptr<ManifestWriter>> Create(io::FileSystem& files,
                                                                      const std::string& directory,
                                                                      const ManifestIdentity& identity);
  // Appends an encoded edit, syncs and marks.
  [[nodiscard]] Status Append(std::string_view payload);
  [[nodiscard]] Status Close() { return file_->Close(); }
  [[nodiscard]] uint64_t size() const { return file_->size(); }
  [[nodiscard]] key::FileNumber number() const { return identity_.number; }
  [[nodiscard]] tree::ManifestPlace place() const { return {.manifest = identity_.number, .records = next_ordinal_}; }

 private:
  ManifestWriter(std::unique_ptr<io::WritableFile> file, const ManifestIdentity& identity)
      : file_(std::move(file)), identity_(identity) {}

  std::unique_ptr<io::WritableFile> file_;
  ManifestIdentity identity_;
  uint32_t next_ordinal_ = 0;
};

// Where somebody stands who reads a manifest that is written meanwhile.
struct ManifestPosition {
  uint64_t offset = kManifestRecordsBegin;
  uint64_t records = 0;  // Before it.
};

struct ManifestReport {
  base::Uid database_uid;
  uint64_t records = 0;
  uint64_t damaged_copies = 0;  // Of records whose other copy is whole.
  uint64_t torn_bytes = 0;      // Cut at the end.
  uint64_t marked = 0;          // That the mark counts: they were synced.
  ManifestPosition end{};
};

// Passes every record to `apply`, in order. Errors name the manifest as `path` and the offset.
[[nodiscard]] Result<ManifestReport> ParseManifest(std::string_view bytes, const std::string& path,
                                                   key::FileNumber number,
                                                   base::FunctionRef<Status(const tree::VersionEdit&)> apply);
[[nodiscard]] Result<ManifestReport> ReadManifest(io::FileSystem& files, const std::string& directory,
                                                  key::FileNumber number,
                                                  base::FunctionRef<Status(const tree::VersionEdit&)> apply,
                                                  uint64_t bytes_max = kManifestBytesMax);
// For one who follows the manifest while it is written: passes on the records from `*at` on, and moves it; those that
// the mark counts, so that no edit that failed is among them, or all where nobody writes any more. kBusy: the mark is
// being written, so nothing is known now. kInvalidArgument: it is not that database's (an identity without one takes
// any).
enum class Writing : uint8_t { kGoesOn, kHasEnded };
[[nodiscard]] Status FollowManifest(io::FileSystem& files, const std::string& directory,
                                    const ManifestIdentity& identity, Writing writing,
                                    base::FunctionRef<Status(const tree::VersionEdit&)> apply, ManifestPosition* at);
// The same of the manifest that CURRENT has just named: kBusy if it names another one since, and this one is gone.
[[nodiscard]] Status FollowCurrent(io::FileSystem& files, const std::string& directory,
                                   const ManifestIdentity& identity, Writing writing,
                                   base::FunctionRef<Status(const tree::VersionEdit&)> apply, ManifestPosition* at);
// The database of the manifest, of whatever version and number, that begins with `bytes`; nullopt: it is none.
[[nodiscard]] std::optional<base::Uid> ManifestDatabase(std::string_view bytes);

[[nodiscard]] std::string EncodeCurrent(key::FileNumber manifest);
[[nodiscard]] Result<key::FileNumber> ParseCurrent(std::string_view bytes, const std::string& path);
// The number of the manifest that CURRENT names.
[[nodiscard]] Result<key::FileNumber> ReadCurrent(io::FileSystem& files, const std::string& directory);
// Atomically. The manifest's name must be durable.
[[nodiscard]] Status ReplaceCurrent(io::FileSystem& files, const std::string& directory, key::FileNumber manifest);

}  // namespace amethyst::catalog
