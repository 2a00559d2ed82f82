#include "cli/hand_over.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <vector>

#include "backup/backup_files.h"
#include "base/error.h"
#include "base/hash.h"

namespace amethyst::cli {

namespace {

// What was handed to one command: the command in the first line, and a name in each other.
class Notes {
 public:
  Notes(io::FileSystem& files, const std::string& store, const std::string& command)
      : files_(files), path_(io::JoinPath(store, fmt::format("handed-over-{:016x}", base::Hash64(command)))) {
    text_ = command + "\n";
  }
  [[nodiscard]] Status Read() {
    AMETHYST_ASSIGN(const bool is_there, files_.Exists(path_));
    if (!is_there) return {};
    AMETHYST_ASSIGN(text_, io::ReadFile(files_, path_));
    for (size_t begin = 0, end = 0; (end = text_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      names_.insert(text_.substr(begin, end - begin));
    }
    return {};
  }
  [[nodiscard]] bool Has(const std::string& name) const { return names_.contains(name); }
  [[nodiscard]] Status Add(const std::string& name) {
    text_ += name + "\n";
    return io::ReplaceFile(files_, path_, text_);
  }

 private:
  io::FileSystem& files_;
  const std::string path_;
  std::string text_;
  std::set<std::string> names_;
};

// Runs `command` by the shell. Its output goes where our errors go, for ours is the backup's number; it has no input.
Status Run(const std::string& command, const std::string& path, const std::string& name) {
  posix_spawn_file_actions_t actions;
  if (::posix_spawn_file_actions_init(&actions) != 0) return base::SystemError(errno, "run a command");
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  std::vector<std::string> words{"sh", "-c", command, "amethyst", path, name};  // $0 names us in the shell's messages.
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  // We ignore SIGPIPE; what the command pipes together must not.
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const int failed = ::posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return base::SystemError(failed, "run /bin/sh");
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return base::SystemError(errno, "wait for a command");
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const std::string how = WIFSIGNALED(status) ? fmt::format("was ended by signal {}", WTERMSIG(status))
                                              : fmt::format("ended with exit code {}", WEXITSTATUS(status));
  return base::MakeError(ErrorCode::kIo, "{}: the command {}; the next run goes on with this file: {}", name, how,
                         command);
}

}  // namespace

Result<HandedOver> HandOver(io::FileSystem& files, const std::string& store, const std::string& command,
                            base::FunctionRef<bool()> goes_on) {
  const backup::BackupFiles stored(files, store);
  AMETHYST_ASSIGN(const std::unique_ptr<io::FileLock> lock, stored.Lock(io::LockMode::kShared));
  Notes notes(files, store, command);
  AMETHYST_TRY(notes.Read());
  HandedOver handed;
  const auto hand_over = [&](const std::string& name, const std::string& note) -> Status {
    if (notes.Has(note)) return {};
    const std::string path = io::JoinPath(store, name);
    AMETHYST_ASSIGN(const uint64_t bytes, files.FileSize(path));
    const Status ran = goes_on() ? Run(command, path, name) : Status();
    if (!goes_on()) return base::MakeError(ErrorCode::kClosed, "ended by its caller, before {}", name);
    AMETHYST_TRY(ran);
    AMETHYST_TRY(notes.Add(note));
    ++handed.files;
    handed.bytes += bytes;
    return {};
  };
  const std::string mark(backup::kMarkFileName);
  AMETHYST_TRY(hand_over(mark, mark));
  AMETHYST_ASSIGN(const std::vector<uint64_t> ids, stored.Ids());
  std::set<std::string> done;  // Tables of earlier backups.
  for (const uint64_t id : ids) {
    const std::string list = "backups/" + backup::BackupFileName(id);
    // The number of a backup that was removed may come again.
    AMETHYST_ASSIGN(const std::string content, io::ReadFile(files, io::JoinPath(store, list)));
    const std::string note = fmt::format("{} {:016x}", list, base::Hash64(content));
    if (notes.Has(note)) continue;
    AMETHYST_ASSIGN(const backup::BackupRecord record, stored.Read(id));
    for (const tree::AddedTable& table : record.state.added) {
      const std::string name = "tables/" + backup::TableFileName(table.info);
      if (done.insert(name).second) AMETHYST_TRY(hand_over(name, name));
    }
    AMETHYST_TRY(hand_over(list, note));
  }
  return handed;
}

}  // namespace amethyst::cli
