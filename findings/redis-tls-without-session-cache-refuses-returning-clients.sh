#!/usr/bin/env bash
# With `tls-session-caching no` a client that comes back with its session cannot connect, where certificates of clients
# are asked for, as they are by default.
#
#   findings/redis-tls-without-session-cache-refuses-returning-clients.sh
#
# Redis 7.0.15 with OpenSSL 3.0. The setting turns the server's cache off, but tickets are still given out, in TLS 1.2
# and 1.3. A client that keeps its session, as many TLS libraries do, offers the ticket at its next connection. As the
# server has set no context for sessions, OpenSSL ends that handshake with the alert "internal error" rather than
# going on with a full one. With the cache on, the same client resumes.
#
# Needs Debian 12 on amd64 and package lists (apt-get update). Works in a temporary folder.
# Exit code 0: seen again; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
server=
trap 'kill "$server" 2> /dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download redis-server=5:7.0.15-1~deb12u10 redis-tools=5:7.0.15-1~deb12u10 libatomic1=12.2.0-14+deb12u1 \
  libhiredis0.14=0.14.1-3 libjemalloc2=5.3.0-1 liblua5.1-0=5.1.5-9 liblzf1=3.6-3 > apt.log 2>&1
for package in *.deb; do dpkg-deb --extract "$package" root; done
export LD_LIBRARY_PATH=$folder/root/usr/lib/x86_64-linux-gnu
PATH=$folder/root/usr/bin:$PATH
openssl version

openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=ca 2> /dev/null
for name in server client; do
  openssl req -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr -subj /CN=$name 2> /dev/null
  openssl x509 -req -in $name.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out $name.crt -days 2 2> /dev/null
done

port=$((20000 + RANDOM % 10000))
start() { # SESSION_CACHING
  redis-server --port 0 --tls-port $port --tls-cert-file server.crt --tls-key-file server.key \
    --tls-ca-cert-file ca.crt --tls-session-caching "$1" --save '' > server.log 2>&1 &
  server=$!
  for ((i = 0; i < 100; ++i)); do
    if redis-cli -p $port --tls --cert client.crt --key client.key --cacert ca.crt ping > /dev/null 2>&1; then break; fi
    sleep 0.1
  done
}
connect() { # VERSION OPTION...: "PONG", or the alert that ends the handshake
  local version=$1
  shift
  (printf 'PING\r\n' && sleep 1) |
    openssl s_client -connect 127.0.0.1:$port "-$version" -cert client.crt -key client.key -CAfile ca.crt "$@" \
      > connect.log 2>&1 || true
  grep -a -o -m 1 -E 'PONG|alert internal error' connect.log || echo nothing
}
expect() { # WHAT EXPECTED ACTUAL
  printf '%-64s %s\n' "$1:" "$3"
  if [[ $2 != "$3" ]]; then
    echo "this has changed: it was $2"
    exit 1
  fi
}

for caching in yes no; do
  start $caching
  for version in tls1_2 tls1_3; do
    expect "session caching $caching, $version, first connection" PONG "$(connect $version -sess_out session)"
    returned=PONG
    if [[ $caching == no ]]; then returned='alert internal error'; fi
    expect "session caching $caching, $version, with its session" "$returned" "$(connect $version -sess_in session)"
  done
  kill "$server"
  wait "$server" 2> /dev/null || true
done
echo 'seen: without the cache a returning client is refused'
