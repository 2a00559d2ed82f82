#include "figures/board.h"

#include <algorithm>
#include <utility>

#include "base/containment.h"
#include "base/error.h"
#include "base/fork.h"

namespace amethyst::figures {
namespace {

constexpr std::chrono::seconds kTryAgainAfter{60};
constexpr size_t kWaitingMax = 64;

// Header and slots; less where the file is shorter. Empty: there is none.
Result<std::string> ReadHead(io::FileSystem& files, const std::string& path) {
  AMETHYST_ASSIGN(const bool exists, files.Exists(path));
  if (!exists) return std::string();
  AMETHYST_ASSIGN(const auto file, files.Open(path));
  std::string head(kEventsAt, '\0');
  AMETHYST_ASSIGN(const size_t read, file->ReadAt(0, head));
  head.resize(read);
  return head;
}

}  // namespace

Board::Board(io::Environment& environment, std::string path, const base::Uid& database_uid)
    : environment_(environment),
      path_(std::move(path)),
      writer_{.database_uid = database_uid,
              .pid = base::ProcessId(),
              .opened_ms = static_cast<uint64_t>(environment.clock().WallTime().count())} {
  waiting_.push_back({.time_ms = writer_.opened_ms, .kind = EventKind::kOpen, .text = {}});
}

uint64_t Board::NowMs() const { return static_cast<uint64_t>(environment_.clock().WallTime().count()); }

void Board::Publish(Figures figures) noexcept {
  base::DoIfPossible([&] {
    if (!Shows()) return;
    figures.updated_ms = NowMs();
    figures.heartbeat_ns = static_cast<uint64_t>(environment_.clock().Monotonic().count());
    base::MutexLock lock(mutex_);
    const Status published = base::Contained([&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS -> Status {
      if (file_ == nullptr) AMETHYST_TRY(Open());
      for (Event& event : std::exchange(waiting_, {})) AMETHYST_TRY(StoreEvent(std::move(event)));
      return StoreFigures(&figures);
    });
    if (!published) GiveUp();
  });
}

void Board::Record(Event event) noexcept {
  base::DoIfPossible([&] {
    if (event.time_ms == 0) event.time_ms = NowMs();
    base::MutexLock lock(mutex_);
    if (file_ == nullptr) {
      if (waiting_.size() < kWaitingMax) waiting_.push_back(std::move(event));
      return;
    }
    const Status stored =
        base::Contained([&]() AMETHYST_NO_THREAD_SAFETY_ANALYSIS { return StoreEvent(std::move(event)); });
    if (!stored) GiveUp();
  });
}

bool Board::Shows() const {
  base::MutexLock lock(mutex_);
  return file_ != nullptr || environment_.clock().Monotonic() >= not_before_;
}

void Board::Rest() noexcept {
  base::MutexLock lock(mutex_);
  file_.reset();
}

bool Board::IsOpen() const {
  base::MutexLock lock(mutex_);
  return file_ != nullptr;
}

void Board::GiveUp() {
  file_.reset();
  not_before_ = environment_.clock().Monotonic() + kTryAgainAfter;
}

// A file that proves to be one of figures, but not to go on with, is made anew: its events are another database's, or
// of another version.
Status Board::Open() {
  io::FileSystem& files = environment_.files();
  AMETHYST_ASSIGN(const std::string head, ReadHead(files, path_));
  const bool is_blank = head.find_first_not_of('\0') == std::string::npos;
  const Result<Writer> last = DecodeHeader(head);
  const bool goes_on = last && last->database_uid == writer_.database_uid && files.FileSize(path_) == kFileBytes;
  if (!is_blank && !goes_on) {
    if (!head.starts_with(kMagic)) return base::NotSupported("{}: not a file of figures", path_);
    AMETHYST_TRY(files.Remove(path_));
  }
  AMETHYST_ASSIGN(file_, files.OpenShared(path_, kFileBytes));
  if (goes_on) AMETHYST_TRY(GoOn(head));
  return last != writer_ ? file_->Store(0, EncodeHeader(writer_)) : Status();
}

// Where the last writer, which may be this one before it rested, has stopped.
Status Board::GoOn(std::string_view head) {
  for (size_t slot = 0; slot < kSlots; ++slot) {
    const auto found = DecodeSlot(head.substr(kSlotsAt + slot * kSlotBytes, kSlotBytes));
    if (!found) continue;
    sequence_ = std::max(sequence_, found->sequence);
    events_ = std::max(events_, found->figures.events);
  }
  // Events that no figures count yet.
  AMETHYST_ASSIGN(const auto file, environment_.files().Open(path_));
  std::string record(kEventBytes, '\0');
  for (size_t i = 0; i < kEvents; ++i) {
    AMETHYST_TRY(io::ReadExactly(*file, EventAt(events_ + 1), record));
    const auto event = DecodeEvent(record);
    if (!event || event->number != events_ + 1) break;
    ++events_;
  }
  return {};
}

// The first word, by which a reader knows the rest, is stored last.
Status Board::Store(size_t at, const Words& words, uint64_t while_changing) {
  AMETHYST_TRY(file_->Store(at, std::span(&while_changing, 1)));
  AMETHYST_TRY(file_->Store(at + sizeof(uint64_t), std::span(words).subspan(1)));
  return file_->Store(at, std::span(words).first(1));
}

Status Board::StoreEvent(Event event) {
  event.number = ++events_;
  return Store(EventAt(event.number), EncodeEvent(event), 0);
}

Status Board::StoreFigures(Figures* figures) {
  figures->updates = ++updates_;
  figures->events = events_;
  sequence_ += 2;
  return Store(SlotAt(sequence_), EncodeSlot(sequence_, *figures), sequence_ - 1);
}

}  // namespace amethyst::figures
