// What the history knows of one transaction: what it began on, what it wrote and read; and the judgement on its end.
//
// Thread safety: plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "torture/history_content.h"
#include "torture/history_graph.h"

namespace amethyst::torture {

struct HistoryRead {
  size_t family = 0;
  HistoryRange range;
  bool is_point = true;
  HistoryOpsPtr own;  // That it saw.
};

// The database at one moment, as it has to be.
struct HistoryMoment {
  HistoryContentPtr content;
  uint64_t now_ms = 0;
  size_t footprints = 0;  // Of writes until then.
  size_t commits = 0;
};

// Why a conflict was told of, if nothing that the transaction read or has to own shows otherwise than at its begin.
enum class FalseConflict : uint8_t {
  kNone,        // There was a reason.
  kInRange,     // Something was written in a range, and is gone again, or was of no effect.
  kOwnWrite,    // The key that was read holds what the transaction wrote itself.
  kExpired,     // Something was put, and has expired again.
  kWrittenKey,  // Of kSnapshot: it was written, and holds what it held.
  kCoarse,      // The read set had to forget the keys.
  kPoint,       // There is no excuse.
  kUntouched,   // Nor has anybody written there.
};

class HistoryTransaction {
 public:
  HistoryTransaction(std::string name, Isolation isolation, HistoryMoment begin)
      : name_(std::move(name)), isolation_(isolation), begin_(std::move(begin)) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Isolation isolation() const { return isolation_; }
  [[nodiscard]] const HistoryMoment& begin() const { return begin_; }
  [[nodiscard]] const HistoryOpsPtr& own() const { return own_; }
  [[nodiscard]] const std::vector<HistoryFootprint>& footprints() const { return footprints_; }
  [[nodiscard]] const std::vector<HistoryGraph::Read>& observed() const { return observed_; }

  void Write(HistoryOps ops, HistoryFootprint footprint);
  void SetSavepoint() { savepoints_.push_back({own_, footprints_.size()}); }
  // False: there is none.
  bool RollBack();

  // What a read shows.
  [[nodiscard]] std::optional<std::string> Shows(const HistoryFamilies& families, const HistoryOpsPtr& own,
                                                 const HistoryKey& key) const;
  // Was shown just that. `counts`: at the commit.
  void AddRead(const HistoryFamilies& families, HistoryRead read, bool counts);

  // Whether all that counts would show the same in `content`; else what does not.
  [[nodiscard]] std::string Changed(const HistoryFamilies& families, const HistoryContent& content,
                                    uint64_t now_ms) const;
  // It was refused, and nothing has changed. `others`: writes since its begin.
  [[nodiscard]] FalseConflict Excuse(const HistoryFamilies& families, const std::vector<HistoryFootprint>& others,
                                     bool may_coarsen, bool expiries) const;

 private:
  struct Savepoint {
    HistoryOpsPtr own;
    size_t footprints = 0;
  };
  [[nodiscard]] bool CountsWrites(const HistoryKey& key) const;
  [[nodiscard]] bool HasOwnAt(const HistoryFamilies& families, const HistoryRead& read) const;

  const std::string name_;
  const Isolation isolation_;
  const HistoryMoment begin_;
  HistoryOpsPtr own_ = std::make_shared<HistoryOps>();
  std::vector<HistoryFootprint> footprints_;  // Of its writes, one each.
  std::vector<Savepoint> savepoints_;
  std::vector<HistoryRead> reads_;  // That count.
  std::vector<HistoryGraph::Read> observed_;
};

}  // namespace amethyst::torture
