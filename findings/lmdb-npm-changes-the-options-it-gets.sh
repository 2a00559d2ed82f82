#!/usr/bin/env bash
# The npm package lmdb writes into the options of a range, and counts past their limit.
#
#   findings/lmdb-npm-changes-the-options-it-gets.sh
#
# lmdb 3.5.6. A program that makes the options of a range once and uses them for a listing of the keys, and then for one
# of the entries, gets the keys a second time, without an error: getKeys has noted in the object that there shall be no
# values. A loop over { key, value } then copies nothing but undefined. After getCount the same object is good for no
# listing at all (that one is an error). Neither getCount nor getKeysCount knows `limit`, which the README has among the
# options of the methods for ranges: ten entries are counted where three are listed.
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
const db = open('db')
for (let i = 0; i < 10; ++i) await db.put(i, 'value' + i)
const range = { start: 2, end: 4 }
const copied = ({ key, value }) => `${key} ${value}`
const questions = {
  entries: () => [...db.getRange(range)],
  'entries after getKeys': () => [...db.getKeys(range)] && [...db.getRange(range)],
  'copied after getKeys': () => [...db.getKeys(range)] && [...db.getRange(range)].map(copied),
  'options after getKeys': () => db.getKeys(range) && range,
  'options after getCount': () => db.getCount(range) && range,
  'getRange, limit 3': () => [...db.getRange({ limit: 3 })].length,
  'getKeysCount, limit 3': () => db.getKeysCount({ limit: 3 }),
  'getCount, limit 3': () => db.getCount({ limit: 3 })
}
console.log(JSON.stringify(questions[process.argv[2]]()))
await db.close()
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
expect "entries" '[{"key":2,"value":"value2"},{"key":3,"value":"value3"}]'
expect "entries after getKeys" '[2,3]'
expect "copied after getKeys" '["undefined undefined","undefined undefined"]'
expect "options after getKeys" '{"start":2,"end":4,"values":false}'
expect "options after getCount" '{"start":2,"end":4,"onlyCount":true}'
expect "getRange, limit 3" 3
expect "getKeysCount, limit 3" 10
expect "getCount, limit 3" 10
