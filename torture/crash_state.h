// What can be left on the disk after a loss of power, at each point of a trace.
//
// Keeps apart what is durable (written and synced, named and the directory synced) from what is pending, and draws
// images: file systems that a power loss here may leave, by several models of what devices and kernels do with pending
// data. Thread safety: one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "io/memory_file_system.h"
#include "torture/trace_file_system.h"

namespace amethyst::torture {

enum class PowerLossModel : uint8_t {
  kSyncedOnly,  // Nothing pending survives.
  kPrefix,      // Of each file a random prefix of its pending writes; names in order up to some point, or any subset.
  kPages,       // Random 4 KiB pages of what is pending, holes of zeros between; any subset of the names.
  kSectors,     // The same with sectors of 512 bytes.
  kEverything,  // All of it: the machine wrote back in time.
};
inline constexpr uint64_t kPowerLossModels = 5;

// Whether this sync of a workload fails: of an odd seed any, of an even one some sync of the log, which is met seldom.
[[nodiscard]] bool FailsSync(uint64_t seed, const std::string& path, base::Random& random);

// A file's bytes without the zeros at its end, which preallocated segments have many of.
struct FileContent {
  std::string bytes;
  uint64_t size = 0;  // At least bytes.size(): zeros follow.

  void Write(uint64_t offset, std::string_view from);
  void Resize(uint64_t to);
};

// What a loss of power leaves: files by their paths.
struct CrashImage {
  std::map<std::string, FileContent> files;

  // What `directory` of `files` holds now, with the directories in it.
  [[nodiscard]] static CrashImage Of(io::FileSystem& files, const std::string& directory);
  // Identifies the content, to count distinct images.
  [[nodiscard]] uint64_t Fingerprint() const;
  [[nodiscard]] std::shared_ptr<io::MemoryFileSystem> Make(const std::string& directory) const;
};

class CrashState {
 public:
  CrashState() = default;
  // Starts from a durable `base`.
  explicit CrashState(const CrashImage& base);

  void Apply(const TraceOperation& operation);
  void Apply(std::span<const TraceOperation> operations) {
    for (const TraceOperation& operation : operations) Apply(operation);
  }
  // Forgets the content of files that no name leads to any more, whatever is left of the pending names.
  void ForgetUnnamed();
  // Whether anything is pending: else every model gives the same image.
  [[nodiscard]] bool HasPending() const;
  [[nodiscard]] CrashImage DrawImage(PowerLossModel model, base::Random& random) const;

 private:
  struct Change {
    bool resize = false;
    uint64_t offset = 0;  // Or the new size.
    std::string bytes;
  };
  struct File {
    FileContent durable;
    std::vector<Change> pending;
    std::vector<Change> limbo;  // Pending when a sync failed: may be on the disk or not, for good.
  };
  struct NameChange {
    bool remove = false;
    std::string path;
    FileId file{};
    std::string from;  // Of a rename: of a file, or of a directory with all in it.
  };
  using Names = std::map<std::string, FileId>;

  static void ApplyTo(FileContent* content, const Change& change);
  static void ApplyTo(Names* names, const NameChange& change);
  [[nodiscard]] static FileContent Mix(const FileContent& durable, const FileContent& latest, size_t unit_bytes,
                                       base::Random& random);
  [[nodiscard]] FileContent DrawContent(const File& file, PowerLossModel model, base::Random& random) const;
  [[nodiscard]] Names DrawNames(PowerLossModel model, base::Random& random) const;

  std::map<FileId, File> files_;
  Names durable_names_;
  Names names_;  // As the running system sees them.
  std::vector<NameChange> pending_names_;
};

}  // namespace amethyst::torture
