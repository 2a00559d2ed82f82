#!/usr/bin/env bash
# The npm package lmdb gives one entry forwards that it does not give backwards.
#
#   findings/lmdb-npm-backwards-misses-a-key.sh
#
# lmdb 3.5.6, with keyEncoding 'binary', of which the README says that keys come as buffers. The key of one zero byte,
# which is how the package itself stores null, is in a listing forwards, in the statistics, and found by get.
# Backwards it is left out: where no end is given the range ends at that key and before it. An empty `end` brings it
# back. A program that compares both ends of a copy takes a sound database for a damaged one.
#
# Needs Node.js 18 or newer and npm. Works in a temporary folder. Exit code 0: seen again; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > npm.log
npm install --no-audit --no-fund lmdb@3.5.6 >> npm.log 2>&1

cat > ask.mjs <<'JS'
import { open } from 'lmdb'
const raw = open('db', { keyEncoding: 'binary', encoding: 'binary' })
for (const hex of ['00', '0000', '61']) await raw.put(Buffer.from(hex, 'hex'), Buffer.from('value'))
const shown = keys => [...keys].map(key => Buffer.from(key).toString('hex')).join(' ')
const answers = {
  forwards: () => shown(raw.getKeys()),
  backwards: () => shown(raw.getKeys({ reverse: true })),
  'backwards, empty end': () => shown(raw.getKeys({ reverse: true, end: Buffer.alloc(0) })),
  'get of 00': () => raw.get(Buffer.from([0])).toString(),
  entries: () => raw.getStats().entryCount
}
console.log(answers[process.argv[2]]())
await raw.close()
JS

expect() { # QUESTION EXPECTED
  local actual
  actual=$(node ask.mjs "$1")
  printf '%-24s %s\n' "$1:" "$actual"
  if [[ $2 != "$actual" ]]; then
    echo "this has changed: it was $2"
    exit 1
  fi
}

node -p '"lmdb " + require("./node_modules/lmdb/package.json").version'
expect "entries" 3
expect "get of 00" value
expect "forwards" "00 0000 61"
expect "backwards" "61 0000"
expect "backwards, empty end" "61 0000 00"
