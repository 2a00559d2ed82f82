// When work that met a conflict may run again: what DB::Transact asks, for loops of a caller's own, such as those of
// other languages and of event loops.
//
//   Attempts attempts = db.NewAttempts();
//   for (;;) {
//     Transaction transaction = db.Begin(attempts);
//     const Status done = work(transaction);  // And its Commit.
//     if (done is no kConflict) break;
//     attempts.NoteConflict();
//   }
//
// After a conflict it waits for a random time, which grows. From the eighth on it has the database's turn, if nobody
// else has: the others, Transact calls among them, wait before they begin and before they commit. The turn ends with
// the object. It is for fairness alone: nobody waits for a turn longer than a tenth of a second at a time, so the
// work that has it may itself wait for other threads.
//
// Thread safety: one thread at a time. It may outlive its database.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

namespace amethyst {

namespace transactions {
class Turns;
}

// Who has a turn that was taken.
enum class TurnOf : uint8_t {
  kThread,  // The thread that made it: work within its work does not wait.
  kWork,    // This work alone, where one thread has several in progress.
};

class Attempts {
 public:
  // Made by DB::NewAttempts.
  Attempts(std::shared_ptr<transactions::Turns> turns, TurnOf of);
  // That `holder` has the turn does not stop it.
  Attempts(std::shared_ptr<transactions::Turns> turns, const void* holder);
  ~Attempts();
  Attempts(const Attempts&) = delete;
  Attempts& operator=(const Attempts&) = delete;

  void NoteConflict();
  // How long to wait before asking again; zero: go on. For those who may not block, before each Begin and each Commit;
  // DB::Begin(attempts) and the Commit of its transaction wait by themselves.
  [[nodiscard]] std::chrono::microseconds Wait();

  // For what stands beside it in this library.
  [[nodiscard]] const std::shared_ptr<transactions::Turns>& turns() const { return turns_; }
  [[nodiscard]] const void* holder() const { return holder_; }

 private:
  [[nodiscard]] bool MayGoOn();

  const std::shared_ptr<transactions::Turns> turns_;
  const void* const holder_;  // Of the turn.
  uint32_t conflicts_ = 0;
  uint32_t waits_ = 0;  // For somebody's turn, in a row.
  bool pauses_ = false;
  bool has_turn_ = false;
};

}  // namespace amethyst
