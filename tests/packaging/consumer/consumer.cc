#include <amethyst/amethyst.h>

#include <iostream>

int main(int, char** arguments) {
  auto db = amethyst::DB::Open(arguments[1]);
  if (!db) return std::cerr << db.error().ToString() << '\n', 1;
  const amethyst::Status written = (*db)->Put("language", "C++");
  const auto value = (*db)->Get("language");
  if (!written || !value || !*value) return 1;
  std::cout << **value << '\n';
  return 0;
}
