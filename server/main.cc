// amethystd: see `amethystd --help`.
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "server/program.h"

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  umask(077);  // What it writes is for its owner's eyes alone.
  return amethyst::server::RunProgram(std::vector<std::string>(argv + 1, argv + argc), std::cout, std::cerr,
                                      isatty(STDERR_FILENO) != 0);
}
