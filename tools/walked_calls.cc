// The calls whose walk through the tree tools/walk shows: callgrind collects what each does, once all is warm.
//
//   amethyst_walked_calls DIRECTORY
#include <amethyst/amethyst.h>
#include <valgrind/callgrind.h>

#include <cstdlib>
#include <iostream>
#include <string>

namespace {

void Require(bool done) {
  if (done) return;
  std::cerr << "a call has failed\n";
  std::exit(1);
}

// Makes the call once unseen, so that scratch buffers have grown, blocks are in memory and files are open.
template <typename Call>
void Walk(const char* name, const Call& call) {
  Require(call());
  CALLGRIND_TOGGLE_COLLECT;
  const bool done = call();
  CALLGRIND_TOGGLE_COLLECT;
  Require(done);
  CALLGRIND_DUMP_STATS_AT(name);
}

}  // namespace

int main(int argument_count, char** arguments) {
  Require(argument_count == 2);
  const auto db = amethyst::DB::Open(arguments[1]).value();
  for (int number = 100; number < 1000; ++number) {
    Require(db->Put("key" + std::to_string(number), "value").has_value());
  }
  Walk("Put", [&] { return db->Put("key500", "value").has_value(); });
  const amethyst::WriteOptions synced{.durability = amethyst::Durability::kSync};
  Walk("Put, synced", [&] { return db->Put("key500", "value", synced).has_value(); });

  Require(db->Flush().has_value());
  Require(db->CompactRange().has_value());  // All in tables, and nothing in memory.
  Walk("Get", [&] { return db->Get("key500").value().has_value(); });
  amethyst::Iterator iterator = db->NewIterator();
  Walk("Seek", [&] { return iterator.Seek("key500"), iterator.Valid(); });
  Walk("Next", [&] { return iterator.Next(), iterator.Valid(); });
}
