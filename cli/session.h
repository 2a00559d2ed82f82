// One run of the shell: its settings, and the database, opened when a command first needs it and as it needs it.
//
// Reading commands open the database read-only, so that they work beside other readers and on a directory that cannot
// be written; the first writing command opens it anew. Commands that need the directory to themselves close it first.
// Thread safety: one thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "amethyst/amethyst.h"
#include "cli/console.h"
#include "cli/event_log.h"
#include "io/environment.h"

namespace amethyst::cli {

inline constexpr std::string_view kDefaultFamily = "default";

struct Settings {
  std::string directory = "data/amethyst";
  bool json = false;
  bool read_only = false;
  std::chrono::seconds wait{0};        // For a database that another process has open.
  std::string family{kDefaultFamily};  // That the session acts on at first.
  // Of that family, while the database has noted none. nullptr: none.
  std::shared_ptr<const MergeOperator> merge_operator;
  // Of the database. nullopt: as much as usual, or more where an entry that is written takes more.
  std::optional<size_t> memory_bytes;
};

class Session {
 public:
  enum class Access {
    kRead,    // There must be a database.
    kModify,  // There must be a database, and it will be written.
    kCreate,  // It will be written, and is created if there is none.
  };

  Session(Settings settings, Console& console, Components components = {});
  ~Session();  // Closes the database; an error of that is lost.
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // There is room for an entry of `entry_bytes`, key and value, unless the settings bound the memory.
  [[nodiscard]] Result<DB*> Database(Access access, size_t entry_bytes = 0);
  // The family of that name, in the database opened as Database does. Neither it nor a database for it is created: only
  // a database's default family comes by itself.
  [[nodiscard]] Result<Family> OpenFamily(std::string_view name, Access access, size_t entry_bytes = 0);
  // The same, but creates the database and the family where they are missing.
  [[nodiscard]] Result<Family> MakeFamily(std::string_view name);
  // Whether the database, open by now, turned out to have no family of that name.
  [[nodiscard]] bool Lacks(std::string_view family) const;
  // The family of commands that name none, and the choice of another one, which need not be there.
  [[nodiscard]] const std::string& family() const { return family_; }
  void Use(std::string family) { family_ = std::move(family); }
  // The most that key and value of an entry, or a batch of a few, can have with the memory that the settings allow.
  [[nodiscard]] size_t EntryBytesMax() const;
  // Of the database, which must be there, and of those that are opened after it. See DB::Change.
  [[nodiscard]] Result<Options> Change(const Changes& changes);
  // Opens a transaction, and the database as for kCreate. kInvalidArgument: one is open.
  [[nodiscard]] Status Begin();
  // nullptr: none is open.
  [[nodiscard]] Transaction* transaction() { return transaction_ ? &*transaction_ : nullptr; }
  // Each ends it, whatever it returns.
  [[nodiscard]] Status Commit();
  [[nodiscard]] Status Rollback();
  // That a line since its begin has failed.
  [[nodiscard]] bool transaction_failed() const { return transaction_failed_; }
  void FailTransaction() { transaction_failed_ = transaction_.has_value(); }
  // Closes the database, if it is open.
  [[nodiscard]] Status Close();
  // What `attempt` returns, which opens the database or takes it away; made again as long as that is kBusy, until the
  // time that --wait gives is over, or the user interrupts.
  template <typename Attempt>
  [[nodiscard]] auto WhileBusy(Attempt attempt) {
    const auto until = environment_->clock().Monotonic() + settings_.wait;
    for (;;) {
      auto result = attempt();
      const bool busy = !result && result.error().code() == ErrorCode::kBusy;
      if (!busy || console_.interrupted || environment_->clock().Monotonic() >= until) return result;
      environment_->clock().Sleep(std::chrono::milliseconds(50));
    }
  }
  // An error if this session may not write.
  [[nodiscard]] Status CheckWritable() const;

  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] Console& console() { return console_; }
  [[nodiscard]] io::Environment& environment() { return *environment_; }
  [[nodiscard]] const std::shared_ptr<io::Environment>& shared_environment() const { return environment_; }
  // Of all that it has open one after the other.
  [[nodiscard]] EventLog& events() { return *events_; }
  // The database as far as a command has opened it; nullptr: not open.
  [[nodiscard]] DB* open_database() { return database_.get(); }

 private:
  const Settings settings_;
  Console& console_;
  const std::shared_ptr<EventLog> events_ = std::make_shared<EventLog>();
  const Components components_;
  const std::shared_ptr<io::Environment> environment_;
  std::unique_ptr<DB> database_;
  std::optional<Transaction> transaction_;  // Of database_.
  bool transaction_failed_ = false;
  bool writable_ = false;  // As which database_ is open.
  size_t memory_bytes_;
  Changes changes_;  // That hold for the session.
  std::string family_;
};

}  // namespace amethyst::cli
