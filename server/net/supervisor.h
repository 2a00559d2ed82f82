// Tells the supervisor that started the process, such as systemd (Type=notify), how it is: a datagram to the socket
// that $NOTIFY_SOCKET names. Thread safety: any thread.
#pragma once

#include <string_view>

namespace amethyst::server {

// "READY=1", "STOPPING=1". Nothing happens where there is no supervisor, or it does not listen.
void TellSupervisor(std::string_view state);

}  // namespace amethyst::server
