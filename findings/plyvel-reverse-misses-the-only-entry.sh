#!/usr/bin/env bash
# plyvel does not see the only entry of a range when it walks backwards.
#
#   findings/plyvel-reverse-misses-the-only-entry.sh
#
# plyvel 1.5.0 (LevelDB 1.23) gives the same entries forwards and backwards, but for one case: a range that holds
# one entry, whose key is the range's inclusive start. Backwards such a range is empty, without an error. "The
# newest of this prefix" and "the last entry from here on" are asked in just that way. A pair of entries comes whole
# both ways, and so does a single one whose key lies behind the start. Nothing that the package ships sets such
# ranges apart.
#
# Needs Debian 12 on amd64 with its python3, and package lists (apt-get update). Works in a temporary folder.
# Exit code 0: seen again; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download python3-plyvel=1.5.0-1+b2 libleveldb1d=1.23-4 libsnappy1v5=1.1.9-3 > apt.log 2>&1
for package in *.deb; do dpkg-deb --extract "$package" root; done
export PYTHONPATH=$folder/root/usr/lib/python3/dist-packages
export LD_LIBRARY_PATH=$folder/root/usr/lib/x86_64-linux-gnu

cat > walk.py <<'PY'
import sys
import plyvel

range_of = dict(part.split('=') for part in sys.argv[2:])
db = plyvel.DB('db', create_if_missing=True)
for key in (b'a', b'b', b'c', b'user:7'):
    db.put(key, b'value')
options = {name: bound.encode() for name, bound in range_of.items()}
walk = db.iterator(include_value=False, reverse=sys.argv[1] == 'backwards', **options)
print(' '.join(key.decode() for key in walk) or 'nothing')
PY

expect() { # WHAT EXPECTED ACTUAL
  printf '%-48s %s\n' "$1:" "$3"
  if [[ $2 != "$3" ]]; then
    echo "this has changed: it was $2"
    exit 1
  fi
}
both_ways() { # FORWARDS BACKWARDS BOUND...
  local forwards=$1 backwards=$2
  shift 2
  expect "$* forwards" "$forwards" "$(/usr/bin/python3 walk.py forwards "$@")"
  expect "$* backwards" "$backwards" "$(/usr/bin/python3 walk.py backwards "$@")"
}

expect "plyvel and LevelDB" "1.5.0 1.23" \
  "$(/usr/bin/python3 -c 'import plyvel; print(plyvel.__version__, plyvel.__leveldb_version__)')"
both_ways "a b" "b a" start=a stop=c
both_ways "b" "b" start=aa stop=c
both_ways "b" "nothing" start=b stop=c
both_ways "user:7" "user:7" prefix=user:
both_ways "user:7" "nothing" prefix=user:7
both_ways "c user:7" "user:7 c" start=c
both_ways "user:7" "nothing" start=user:7
