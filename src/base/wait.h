// Sleeping until a word changes, and waking the sleepers: a futex, behind the one door to the operating system.
//
// As std::atomic's wait and notify. Waking needs only the word's address: it may be gone by then. Thread safety: any
// thread at once.
#pragma once

#include <atomic>
#include <cstdint>

namespace amethyst::base {

// Returns once `word` is not `value`; not inside an epoch.
void WaitWhile(const std::atomic<uint32_t>& word, uint32_t value);
void WakeOne(std::atomic<uint32_t>& word);
void WakeAll(std::atomic<uint32_t>& word);

}  // namespace amethyst::base
