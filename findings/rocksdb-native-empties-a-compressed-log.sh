#!/usr/bin/env bash
# Two npm packages of RocksDB do not read each other's log, and say nothing.
#
#   findings/rocksdb-native-empties-a-compressed-log.sh
#
# @nxtedition/rocksdb 12.2.12 (RocksDB 9.7.4) compresses its log with ZSTD unless told otherwise. rocksdb-native 3.18.1
# opens such a directory and shows none of the entries that only the log holds, without an error. Opened for writing,
# it flushes what it sees and removes the log: after that the first package, too, finds nothing. A stricter recovery
# mode makes it an error.
#
# Needs Node.js 18 or newer and npm. Works in a temporary folder. Exit code 0: seen again; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > npm.log
npm install --no-audit --no-fund @nxtedition/rocksdb@12.2.12 rocksdb-native@3.18.1 >> npm.log 2>&1

# A process that ends without a close, as by a kill: its writes are in the log alone.
cat > write.js <<'JS'
const { RocksLevel } = require('@nxtedition/rocksdb')
const db = new RocksLevel('db')
db.open().then(async () => {
  for (let i = 0; i < 100; ++i) await db.put('key' + i, 'value' + i)
  process.kill(process.pid, 'SIGKILL')
})
JS
cat > count.js <<'JS'
const { RocksLevel } = require('@nxtedition/rocksdb')
const db = new RocksLevel(process.argv[2])
db.open().then(async () => {
  console.log((await db.keys().all()).length)
  await db.close()
})
JS
cat > native.js <<'JS'
const RocksDB = require('rocksdb-native')
const [, , path, mode, recovery] = process.argv
const options = mode === 'read' ? { readOnly: true, createIfMissing: false } : {}
if (recovery) options.walRecoveryMode = RocksDB.constants.walRecoveryMode[recovery]
const db = new RocksDB(path, options)
db.ready().then(async () => {
  let entries = 0
  for await (const _ of db.iterator({})) ++entries
  console.log(entries)
  await db.close()
}).catch(error => console.log('error: ' + error.message))
JS

expect() { # WHAT EXPECTED ACTUAL
  printf '%-68s %s\n' "$1:" "$3"
  if [[ $2 != "$3" ]]; then
    echo "this has changed: it was $2"
    exit 1
  fi
}

(node write.js || true) 2> /dev/null
cp -r db copy
expect "in the OPTIONS file" "wal_compression=kZSTD" "$(grep -ho 'wal_compression=.*' db/OPTIONS-* | sort -u)"
expect "entries, by the package that wrote them" 100 "$(node count.js copy)"
expect "entries, by rocksdb-native for reading" 0 "$(node native.js db read)"
expect "the same with TOLERATE_CORRUPTED_TAIL_RECORDS" "error: could not decode SetCompressionType record" \
  "$(node native.js db read TOLERATE_CORRUPTED_TAIL_RECORDS)"
expect "entries, by rocksdb-native for writing" 0 "$(node native.js db write)"
expect "entries after that, by the package that wrote them" 0 "$(node count.js db)"
