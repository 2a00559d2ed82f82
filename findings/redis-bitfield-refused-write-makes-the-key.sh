#!/usr/bin/env bash
# A BITFIELD whose every step is refused makes the key all the same, and as long as the highest offset asks for.
#
#   findings/redis-bitfield-refused-write-makes-the-key.sh
#
# Redis 7.0.15. With OVERFLOW FAIL a step that does not fit answers nil, and its documentation says that nothing is
# done then. The step itself is not done, but the string is made or made longer first: a key appears that EXISTS
# counts, that no expiry ends, and that SETNX finds taken; a counter behind a high offset takes its full length at the
# first refusal. A GET beyond the end makes nothing.
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

after_bitfield() { # STEP...: what it answers, then the key's length and whether it exists
  ask del counters > /dev/null
  echo "$(ask bitfield counters "$@") length $(ask strlen counters) exists $(ask exists counters)"
}
expect 'a step that fits' '1 length 13 exists 1' "$(after_bitfield overflow fail incrby u2 100 1)"
expect 'a step that is refused' ' length 13 exists 1' "$(after_bitfield overflow fail incrby u2 100 9)"
expect 'a SET that is refused' ' length 126 exists 1' "$(after_bitfield overflow fail set u4 1000 99)"
expect 'a GET beyond the end' '0 length 0 exists 0' "$(after_bitfield get u8 1000)"
ask del lock > /dev/null
ask bitfield lock overflow fail set u2 0 9 > /dev/null
expect 'SETNX of a key that a refused SET has made' 0 "$(ask setnx lock mine)"
echo 'seen: a refused BITFIELD makes the key'
