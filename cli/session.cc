#include "cli/session.h"

#include <utility>

#include "base/error.h"

namespace amethyst::cli {

Session::Session(Settings settings, Console& console, Components components)
    : settings_(std::move(settings)),
      console_(console),
      components_(std::move(components)),
      environment_(components_.environment ? components_.environment : io::DefaultEnvironment()) {}

Session::~Session() { static_cast<void>(Close()); }

Status Session::CheckWritable() const {
  if (!settings_.read_only) return {};
  return base::InvalidArgument("--read-only was given, and this command writes");
}

Result<DB*> Session::Database(Access access) {
  const bool write = access != Access::kRead;
  if (write) AMETHYST_TRY(CheckWritable());
  if (database_ != nullptr && (writable_ || !write)) return database_.get();
  AMETHYST_TRY(Close());
  Options options;
  options.create_if_missing = access == Access::kCreate;
  options.read_only = !write;
  AMETHYST_ASSIGN(database_, WhileBusy([&] { return DB::Open(settings_.directory, options, components_); }));
  writable_ = write;
  return database_.get();
}

Status Session::Close() {
  const std::unique_ptr<DB> database = std::move(database_);
  return database == nullptr ? Status() : database->Close();
}

}  // namespace amethyst::cli
