#include "server/durability.h"

namespace amethyst::server {

void Durability::Add(const Sample& sample) {
  if (sample.durable_sequence >= sample.sequence) {
    written_.clear();
    durable_wal_bytes_ = sample.wal_bytes;
    durable_ms_ = sample.now_ms;
  } else {
    while (!written_.empty() && written_.front().sequence <= sample.durable_sequence) {
      durable_wal_bytes_ = written_.front().wal_bytes;
      written_.pop_front();
    }
    if (sample.durable_sequence > durable_sequence_) durable_ms_ = sample.now_ms;
    // Where nothing is synced for long, the samples before the last one give way: they only make the bound narrower.
    if (written_.size() == kWrittenMax) written_.pop_back();
    written_.push_back({.sequence = sample.sequence, .wal_bytes = sample.wal_bytes});
  }
  durable_sequence_ = sample.durable_sequence;
  unsynced_bytes_ = sample.wal_bytes - durable_wal_bytes_;
}

}  // namespace amethyst::server
