#!/usr/bin/env bash
# py-lmdb's own tool copies databases of LMDB and leaves entries behind, with exit code 0.
#
#   findings/py-lmdb-rewrite-and-restore-lose-entries.sh
#
# `python3 -m lmdb` of py-lmdb 1.4.0 has `rewrite`, which its help calls a way to make an environment anew, and `dump`
# with `restore`. Neither takes over what kind of database it reads. `rewrite` appends in the source's order; what the
# target's order then refuses it passes over: of integer keys 1, 2 and 256 the last is lost, likewise where keys are
# compared from their ends, and of several values for a key only the first is kept. `dump` writes all values; `restore`
# keeps a key's last one, and the number of keys that it reports is that of the lines, the empty one at the end too.
#
# LMDB's own mdb_dump -a and mdb_load keep all of these.
#
# Needs Debian 12 on amd64 with its python3, and package lists (apt-get update). Works in a temporary folder.
# Exit code 0: seen again; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download python3-lmdb=1.4.0-1+b1 liblmdb0=0.9.24-1 lmdb-utils=0.9.24-1 > apt.log 2>&1
for package in *.deb; do dpkg-deb --extract "$package" root; done
export PYTHONPATH=$folder/root/usr/lib/python3/dist-packages
export LD_LIBRARY_PATH=$folder/root/usr/lib/x86_64-linux-gnu
export PATH=$folder/root/usr/bin:$PATH

cat > write.py <<'PY'
import struct
import lmdb

env = lmdb.open('source', max_dbs=3)
integers = env.open_db(b'integers', integerkey=True)
endings = env.open_db(b'endings', reverse_key=True)
several = env.open_db(b'several', dupsort=True)
with env.begin(write=True) as transaction:
    for number in (1, 2, 256):
        transaction.put(struct.pack('=Q', number), b'value', db=integers)
    for key in (b'ba', b'ca', b'ab'):
        transaction.put(key, b'value', db=endings)
    for value in (b'one', b'three', b'two'):
        transaction.put(b'key', value, db=several)
PY

expect() { # WHAT EXPECTED ACTUAL
  printf '%-48s %s\n' "$1:" "$3"
  if [[ $2 != "$3" ]]; then
    echo "this has changed: it was $2"
    exit 1
  fi
}
entries() { # ENVIRONMENT: how many each of the three databases has
  local name
  for name in integers endings several; do
    mdb_stat -s $name "$1" | awk -v name=$name '/Entries:/ { print name, $2 }'
  done | paste -sd' '
}
values_of() { # ENVIRONMENT: those of the database `several`
  mdb_dump -p -s several "$1" | sed -n '/HEADER=END/,/DATA=END/p' | awk 'NR > 1 && NR % 2 { print $1 }' | paste -sd' '
}
tool() { # WORD...: runs py-lmdb's tool; the exit code goes into `code`
  code=0
  /usr/bin/python3 -m lmdb "$@" > tool.log 2>&1 || code=$?
}

/usr/bin/python3 write.py
mkdir rewritten restored loaded
expect "py-lmdb and LMDB" "1.4.0 (0, 9, 24)" \
  "$(/usr/bin/python3 -c 'import lmdb; print(lmdb.__version__, lmdb.version())')"
expect "entries" "integers 3 endings 3 several 3" "$(entries source)"

tool -e source -E rewritten rewrite integers endings several
expect "exit code of rewrite" 0 "$code"
expect "entries after rewrite" "integers 2 endings 2 several 1" "$(entries rewritten)"
expect "values of the key after rewrite" "one" "$(values_of rewritten)"

tool -e source dump several=several.cdbmake
expect "exit code of dump" 0 "$code"
expect "lines with entries in the dump" 3 "$(grep -c -e '->' several.cdbmake)"
tool -e restored restore several=several.cdbmake
expect "exit code of restore" 0 "$code"
expect "what restore says" "Loaded 4 keys from 'several.cdbmake'" "$(grep Loaded tool.log)"
expect "values of the key after restore" "two" "$(values_of restored)"

mdb_dump -a source | mdb_load loaded 2> load.log
expect "entries by mdb_dump -a and mdb_load" "integers 3 endings 3 several 3" "$(entries loaded)"
