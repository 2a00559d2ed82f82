// Covers: supervisor
#include "server/net/supervisor.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <string>

#include "support/temp_directory.h"

namespace amethyst::server {
namespace {

// The end of a supervisor, at a path or, with a leading '@', at an abstract name.
class SupervisorSocket {
 public:
  explicit SupervisorSocket(const std::string& name) : descriptor_(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof(address.sun_path) - 1);
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), bytes), 0);
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  ~SupervisorSocket() {
    close(descriptor_);
    unsetenv("NOTIFY_SOCKET");
  }
  SupervisorSocket(const SupervisorSocket&) = delete;
  SupervisorSocket& operator=(const SupervisorSocket&) = delete;

  [[nodiscard]] std::string Received() const {
    char bytes[100];
    const ssize_t count = recv(descriptor_, bytes, sizeof(bytes), 0);
    return count < 0 ? "" : std::string(bytes, static_cast<size_t>(count));
  }

 private:
  const int descriptor_;
};

TEST(Supervisor, HearsOfReadiness) {
  const support::TempDirectory directory;
  for (const std::string& name : {directory.File("notify"), "@amethyst_test_" + std::to_string(getpid())}) {
    const SupervisorSocket supervisor(name);
    TellSupervisor("READY=1");
    EXPECT_EQ(supervisor.Received(), "READY=1") << name;
  }
}

TEST(Supervisor, MayBeMissing) {
  TellSupervisor("READY=1");
  for (const char* const name : {"", "relative", "/nowhere/at/all"}) {
    setenv("NOTIFY_SOCKET", name, 1);
    TellSupervisor("READY=1");
  }
  setenv("NOTIFY_SOCKET", ("/" + std::string(200, 'x')).c_str(), 1);
  TellSupervisor("READY=1");
  unsetenv("NOTIFY_SOCKET");
}

}  // namespace
}  // namespace amethyst::server
