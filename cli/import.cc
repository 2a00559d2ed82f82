#include "cli/import.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "cli/report_error.h"
#include "cli/text.h"

namespace amethyst::cli {

namespace {

// Entries are written in batches of about that size; a larger one alone, so that an error can name its line.
constexpr size_t kBatchBytes = size_t{256} << 10;

}  // namespace

// Small entries take more memory than bytes: a small memory has no room for a full batch of them.
Import::Import(const Invocation& invocation, uint64_t total)
    : invocation_(invocation),
      batch_bytes_max_(std::min(kBatchBytes, invocation.session.EntryBytesMax() / 16)),
      progress_(invocation, "imported", total) {}

Result<ExitCode> Import::Take(Source source) {
  source_ = std::move(source);
  AMETHYST_TRY(GoTo(source_.family));
  Result<ExitCode> result = ReadAll();
  const Status rest = WriteBatch();
  const Status bad = source_.bad == nullptr ? Status() : CommitBad();
  const std::string remark = source_.reader->remark();
  const bool is_whole = result && *result == ExitCode::kOk;
  if (is_whole && !remark.empty()) remarks_.push_back(remark);
  source_ = {};
  if (!rest) return std::unexpected(rest.error());
  if (!bad) return std::unexpected(bad.error());
  return result;
}

Result<ExitCode> Import::Finish(const Result<ExitCode>& taken) {
  progress_.Finish(all_, skipped_);
  if (shares_.size() > 1) TellShares();
  if (!taken || *taken != ExitCode::kOk) return taken;
  TellRemarks();
  return left_out_ == 0 ? ExitCode::kOk : TellLeftOut();
}

// What is added from here on goes to that family.
Status Import::GoTo(std::string_view family) {
  AMETHYST_TRY(WriteBatch());
  AMETHYST_ASSIGN(family_, invocation_.session.MakeFamily(family));
  share_ = static_cast<size_t>(std::ranges::find(shares_, family, &Share::family) - shares_.begin());
  if (share_ == shares_.size()) {
    shares_.push_back({.family = std::string(family), .moved = {.entries = 0, .bytes = 0}});
  }
  return {};
}

// The same, of a family that the source names.
Status Import::GoToNamed(std::string_view family) {
  if (family == shares_[share_].family) return {};
  if (invocation_.family != kDefaultFamily) {
    return base::InvalidArgument("{}: it is of the family {}, but --family names {}: leave that out", Place(),
                                 Readable(family), Readable(invocation_.family));
  }
  const Status there = GoTo(family);
  if (there) return {};
  return base::MakeError(there.error().code(), "{}: {}", Place(), there.error().message());
}

Result<ExitCode> Import::ReadAll() {
  const bool skip_bad = invocation_.arguments.Has("--skip-bad");
  Record record;
  while (!invocation_.interrupted()) {
    const RecordReader::Reading reading = source_.reader->Next(&record);
    if (source_.file != nullptr) AMETHYST_TRY(source_.file->status());
    if (reading.found == RecordReader::Found::kEnd) return ExitCode::kOk;
    if (reading.found == RecordReader::Found::kFamily) {
      AMETHYST_TRY(GoToNamed(*record.family));
      continue;
    }
    std::string why = reading.why;
    if (reading.found == RecordReader::Found::kRecord) {
      why = TooLarge(record);
      if (why.empty()) {
        AMETHYST_TRY(record.family ? GoToNamed(*record.family) : GoToNamed(source_.family));
        AMETHYST_TRY(Add(record));
        continue;
      }
    }
    if (reading.found == RecordReader::Found::kUnusable && !skip_bad) {
      LeaveOut(why);
      continue;
    }
    const bool hopeless = reading.found == RecordReader::Found::kBroken;
    if (hopeless || !skip_bad) return Refuse(why, hopeless);
    Skip();
  }
  return ExitCode::kInterrupted;
}

void Import::Skip() {
  if (source_.bad != nullptr) {
    std::ostream& out = source_.bad->stream();
    if (skipped_ == 0) out << source_.reader->raw_header();
    out << source_.reader->raw() << '\n';
  }
  ++skipped_;
}

Status Import::CommitBad() {
  AMETHYST_TRY(source_.bad->status());
  return source_.bad->Commit();
}

// Why no batch can hold it; empty: one can.
std::string Import::TooLarge(const Record& record) const {
  if (record.key.size() > kKeyBytesMax) {
    return fmt::format("the key has {} bytes, {} is the most", record.key.size(), kKeyBytesMax);
  }
  const size_t bytes = record.key.size() + record.value.size();
  const size_t bytes_max = invocation_.session.EntryBytesMax();
  if (bytes <= bytes_max) return {};
  return fmt::format("the entry has {} bytes, {} is the most with this --memory", bytes, bytes_max);
}

std::string Import::Place() const { return fmt::format("{}:{}", source_.name, source_.reader->line()); }

Status Import::Add(const Record& record) {
  const size_t bytes = record.key.size() + record.value.size();
  if (batch_.ByteSize() + bytes > batch_bytes_max_) {
    AMETHYST_TRY(WriteBatch());
    AMETHYST_ASSIGN(family_, invocation_.session.OpenFamily(shares_[share_].family, Session::Access::kCreate, bytes));
  }
  if (record.expires_at) {
    batch_.Put(*family_, record.key, record.value, ExpiresAt(*record.expires_at));
  } else {
    batch_.Put(*family_, record.key, record.value);
  }
  batch_bytes_ += bytes;
  read_bytes_ += bytes + 2;
  progress_.Update(all_, read_bytes_);
  return bytes > batch_bytes_max_ ? WriteBatch() : Status();
}

Status Import::WriteBatch() {
  if (batch_.Empty()) return {};
  if (const Status written = invocation_.session.open_database()->Write(batch_); !written) {
    const Error& error = written.error();
    const std::string message =
        batch_.Count() == 1 ? fmt::format("{}: {}", Place(), error.message()) : std::string(error.message());
    batch_.Clear();
    return std::unexpected(Error(error.code(), message));
  }
  for (Progress::Moved* const moved : {&shares_[share_].moved, &all_}) {
    moved->entries = moved->entries.value_or(0) + batch_.Count();
    moved->bytes += batch_bytes_;
  }
  batch_bytes_ = 0;
  batch_.Clear();
  return {};
}

// Tells the first few records by name; TellLeftOut tells how many there were.
void Import::LeaveOut(std::string_view why) {
  constexpr uint64_t kNamedMax = 10;
  if (++left_out_ > kNamedMax) return;
  PrintError(invocation_.console(), invocation_.json,
             {.code = "InvalidInput", .message = fmt::format("{}: left out: {}", Place(), why), .hint = ""});
}

Result<ExitCode> Import::Refuse(std::string_view why, bool hopeless) {
  AMETHYST_TRY(WriteBatch());
  PrintError(invocation_.console(), invocation_.json,
             {.code = "InvalidInput",
              .message = fmt::format("{}: {}", Place(), why),
              .hint = hopeless ? "what stands before it is imported; nothing behind it can be read"
                               : "what stands before it is imported; --skip-bad counts such records and goes on",
              .line = 0});
  return ExitCode::kError;
}

void Import::TellShares() const {
  std::ostream& err = invocation_.console().err;
  for (const Share& share : shares_) {
    if (invocation_.json) {
      fmt::print(err, "{{{},\"imported\":{},\"bytes\":{}}}\n", JsonField("family", share.family), *share.moved.entries,
                 share.moved.bytes);
    } else {
      fmt::print(err, "  {}: {}, {}\n", Readable(share.family), Counted(*share.moved.entries, "entry", "entries"),
                 HumanBytes(share.moved.bytes));
    }
  }
}

void Import::TellRemarks() const {
  std::ostream& err = invocation_.console().err;
  for (const std::string& remark : remarks_) {
    if (invocation_.json) {
      fmt::print(err, "{{\"note\":{}}}\n", JsonString(remark));
    } else {
      fmt::print(err, "note: {}\n", remark);
    }
  }
}

ExitCode Import::TellLeftOut() const {
  PrintError(
      invocation_.console(), invocation_.json,
      {.code = "InvalidInput",
       .message = fmt::format("{} left out, all others are imported",
                              left_out_ == 1 ? "1 entry was" : fmt::format("{} entries were", Grouped(left_out_))),
       .hint = "--skip-bad says that this will do, and is then no error"});
  return ExitCode::kError;
}

}  // namespace amethyst::cli
