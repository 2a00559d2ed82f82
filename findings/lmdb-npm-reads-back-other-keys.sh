#!/usr/bin/env bash
# The npm package lmdb gives keys back that were never put.
#
#   findings/lmdb-npm-reads-back-other-keys.sh
#
# lmdb 3.5.6 with ordered-binary 1.6.3, its default for keys. The README says that any JavaScript number can be a key,
# that ranges return the original values, and of all characters it forbids one, U+0000. But:
#
# - -0 is stored behind all other numbers. get(0) does not find it, ranges of numbers pass it by, and a listing shows
#   an array of a character and null in its place.
# - In a string of 64 units or more the characters U+0001 to U+0004 are stored as they are, which for shorter ones they
#   are not, and read back as something else. A program that goes through the keys and removes or copies each one hits
#   the entry of another key.
#
# Needs Node.js 18 or newer and npm. Works in a temporary folder. Exit code 0: seen again; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > npm.log
npm install --no-audit --no-fund lmdb@3.5.6 ordered-binary@1.6.3 >> npm.log 2>&1

cat > zero.mjs <<'JS'
import { open } from 'lmdb'
const db = open('zero')
for (const key of [-1, -0, 1]) await db.put(key, 'value')
const said = {
  found: db.get(0) ?? 'nothing',
  range: [...db.getKeys({ start: -1, end: 2 })],
  all: [...db.getKeys()]
}
console.log(JSON.stringify(said[process.argv[2]]))
await db.close()
JS
cat > text.mjs <<'JS'
import { open } from 'lmdb'
const [, , length, question] = process.argv
const stem = 'x'.repeat(length)
const shown = keys => JSON.stringify(keys).replaceAll(stem, 'STEM')
const db = open(`text-${length}-${question}`)
if (question === 'keys') {
  for (const c of ['\u0001', '\u0002', '\u0003', '\u0004', '\t']) await db.put(stem + c + 'end', 'value')
  console.log(shown([...db.getKeys()].map(key => typeof key === 'string' ? key : 'no string')))
} else {
  await db.put(stem + '\u0004end', 'expired')
  await db.put(stem + 'end', 'good')
  for (const { key, value } of [...db.getRange()]) if (value === 'expired') await db.remove(key)
  console.log(shown([...db.getRange()].map(entry => entry.value)))
}
await db.close()
JS

expect() { # WHAT EXPECTED ACTUAL
  printf '%-52s %s\n' "$1:" "$3"
  if [[ $2 != "$3" ]]; then
    echo "this has changed: it was $2"
    exit 1
  fi
}

versions() { # of the installed packages
  node -p '["lmdb", "ordered-binary"].map(name => require(`./node_modules/${name}/package.json`).version).join(" ")'
}

expect "lmdb and ordered-binary" "3.5.6 1.6.3" "$(versions)"
expect "get(0), of the keys -1, -0 and 1" '"nothing"' "$(node zero.mjs found)"
expect "keys from -1 up to 2" '[-1,1]' "$(node zero.mjs range)"
expect "all keys" '[-1,1,["\u0018",null]]' "$(node zero.mjs all)"
expect "keys of 24 units and U+0001 to U+0004, or a tab" \
  '["STEM\u0001end","STEM\u0002end","STEM\u0003end","STEM\u0004end","STEM\tend"]' "$(node text.mjs 20 keys)"
expect "the same of 64 units" '["no string","no string","no string","STEMend","STEM\tend"]' "$(node text.mjs 60 keys)"
expect "values, the expired one removed by key, 24 units" '["good"]' "$(node text.mjs 20 remove)"
expect "the same of 64 units" '["expired"]' "$(node text.mjs 60 remove)"
