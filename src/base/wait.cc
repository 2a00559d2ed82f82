#include "base/wait.h"

namespace amethyst::base {

void WaitWhile(const std::atomic<uint32_t>& word, uint32_t value) { word.wait(value); }
void WakeOne(std::atomic<uint32_t>& word) { word.notify_one(); }
void WakeAll(std::atomic<uint32_t>& word) { word.notify_all(); }

}  // namespace amethyst::base
