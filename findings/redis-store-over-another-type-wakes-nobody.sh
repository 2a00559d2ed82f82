#!/usr/bin/env bash
# A sorted set that is stored over a key of another type wakes nobody who waits for it.
#
#   findings/redis-store-over-another-type-wakes-nobody.sh
#
# Redis 7.0.15. A client waits with BZPOPMIN. The key becomes a string, and then ZUNIONSTORE replaces the string by a
# sorted set: the client goes on waiting although an element is there, and gets nothing when its time is up. Where the
# key was absent before ZUNIONSTORE it is served at once. SORT with STORE and BLPOP do the same with lists. A worker
# whose queue was overwritten for a moment so sleeps until the next push.
#
# Needs Debian 12 on amd64 and package lists (apt-get update). Works in a temporary folder.
# Exit code 0: seen again; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'kill "$server" 2> /dev/null || true; rm -rf "$folder"' EXIT
server=
cd "$folder"
apt-get download redis-server=5:7.0.15-1~deb12u10 redis-tools=5:7.0.15-1~deb12u10 libatomic1=12.2.0-14+deb12u1 \
  libhiredis0.14=0.14.1-3 libjemalloc2=5.3.0-1 liblua5.1-0=5.1.5-9 liblzf1=3.6-3 > apt.log 2>&1
for package in *.deb; do dpkg-deb --extract "$package" root; done
export LD_LIBRARY_PATH=$folder/root/usr/lib/x86_64-linux-gnu
PATH=$folder/root/usr/bin:$PATH

socket=$folder/socket
redis-server --port 0 --unixsocket "$socket" --save '' --dir "$folder" > server.log 2>&1 &
server=$!
for ((i = 0; i < 100; ++i)); do
  if redis-cli -s "$socket" ping > /dev/null 2>&1; then break; fi
  sleep 0.1
done
ask() { redis-cli -s "$socket" "$@"; }
expect() { # WHAT EXPECTED ACTUAL
  printf '%-64s %s\n' "$1:" "$3"
  if [[ $2 != "$3" ]]; then
    echo "this has changed: it was $2"
    exit 1
  fi
}

wait_for() { # COMMAND...: in the background; its answer goes to the file "answer"
  : > answer
  ask "$@" > answer &
  for ((i = 0; i < 100; ++i)); do
    if ask info clients | grep -q 'blocked_clients:1'; then return; fi
    sleep 0.05
  done
}
answer_now() { # Of one who should have been served by now.
  sleep 0.3
  tr '\n' ' ' < answer
}

ask zadd source 1 job > /dev/null
wait_for bzpopmin queue 2
ask zunionstore queue 1 source > /dev/null
expect 'ZUNIONSTORE to an absent key' 'queue job 1 ' "$(answer_now)"
wait %%

wait_for bzpopmin queue 2
ask set queue text > /dev/null
ask zunionstore queue 1 source > /dev/null
expect 'ZUNIONSTORE over a string, element there' 1 "$(ask zcard queue)"
expect 'ZUNIONSTORE over a string, who waits' '' "$(answer_now)"
wait %%
expect 'ZUNIONSTORE over a string, at the end of the wait' '' "$(tr -d '\n' < answer)"
expect 'ZUNIONSTORE over a string, element still there' 1 "$(ask zcard queue)"

ask rpush numbers 1 > /dev/null
wait_for blpop list 2
ask set list text > /dev/null
ask sort numbers store list > /dev/null
expect 'SORT STORE over a string, who waits' '' "$(answer_now)"
expect 'SORT STORE over a string, element there' 1 "$(ask llen list)"
echo 'seen: who waits is not woken'
