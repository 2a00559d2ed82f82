'use strict'

// What kind of database stands at a path, judged by its files: nothing is opened that could change them.

const fs = require('node:fs')
const path = require('node:path')
const { Failure } = require('./failure')

const LMDB_MAGIC = 0xBEEFC0DE
// Behind the header of the first page: LMDB 0.9's, and the longer one of data format 2, which the package lmdb writes.
const LMDB_MAGIC_OFFSETS = [16, 24]

// { kind, version, file, families }: `kind` is 'LevelDB', 'RocksDB' or 'LMDB'; `version` is '' where the
// files do not tell; `file` says that LMDB's database is one file; `families` are RocksDB's column families, each with
// its name, its merge operator, and whether its values end in a write time; null where no OPTIONS file names them.
function recognize (location) {
  const stat = fs.statSync(location, { throwIfNoEntry: false })
  if (stat === undefined) throw new Failure(`${location}: there is nothing`)
  if (!stat.isDirectory()) {
    const lmdb = recognizeLmdb(location)
    if (lmdb !== undefined) return { ...lmdb, file: true }
    throw new Failure(`${location}: this is a file, and not one of LMDB's`)
  }
  const names = fs.readdirSync(location)
  const found = recognizeRocksDb(location, names) ?? recognizeLevelDb(location, names) ??
    (names.includes('data.mdb') ? recognizeLmdb(path.join(location, 'data.mdb')) : undefined)
  if (found !== undefined) return found
  throw new Failure(`${location}: there is no database of LevelDB, RocksDB or LMDB`)
}

function recognizeLmdb (file) {
  const bytes = look(file, 64)
  for (const offset of LMDB_MAGIC_OFFSETS) {
    if (bytes.length < offset + 8 || bytes.readUInt32LE(offset) !== LMDB_MAGIC) continue
    if (offset === LMDB_MAGIC_OFFSETS[0]) { // The package lmdb 3 is not to be given these.
      throw new Failure(`${file}: this database was written by LMDB 0.9, whose format the package lmdb does not read`, {
        hint: 'the shell reads it: amethyst --db DEST import --from-lmdb SOURCE'
      })
    }
    return { kind: 'LMDB', version: `data format ${bytes.readUInt32LE(offset + 4)}`, file: false }
  }
}

function recognizeRocksDb (location, names) {
  const newest = names.filter(name => /^OPTIONS-\d+$/.test(name)).sort((a, b) => numberOf(a) - numberOf(b)).pop()
  if (newest === undefined) {
    if (!names.includes('IDENTITY') || !names.includes('CURRENT')) return undefined
    return { kind: 'RocksDB', version: '', families: null }
  }
  const text = fs.readFileSync(path.join(location, newest), 'utf8')
  const version = text.match(/^\s*rocksdb_version=(\S+)/m)?.[1] ?? ''
  const families = []
  for (const section of text.split(/^(?=\[)/m)) {
    const name = section.match(/^\[CFOptions "(.*)"\]/)?.[1]
    if (name === undefined) continue
    families.push({
      name: unescape(name),
      mergeOperator: section.match(/^\s*merge_operator=\{?(?:id=)?(\w+)/m)?.[1] ?? 'nullptr',
      hasTtl: /TtlCompactionFilter|TtlMergeOperator/.test(section)
    })
  }
  return { kind: 'RocksDB', version, families: families.length === 0 ? null : families }
}

// CURRENT names a manifest in one line; Amethyst's has a checksum behind the name.
function recognizeLevelDb (location, names) {
  if (!names.includes('CURRENT')) return undefined
  const current = look(path.join(location, 'CURRENT'), 256).toString('latin1')
  if (/^MANIFEST-\d+\n$/.test(current)) return { kind: 'LevelDB', version: '' }
  if (/^MANIFEST-\d+\n/.test(current)) throw new Failure(`${location}: this is an Amethyst database already`)
}

const numberOf = (name) => Number(name.slice(name.lastIndexOf('-') + 1))

// As RocksDB writes names into its OPTIONS files.
const unescape = (text) => text.replace(/\\(.)/g, (_, c) => ({ n: '\n', r: '\r' })[c] ?? c)

// The first bytes of a file; fewer where there are no more.
function look (file, count) {
  const descriptor = fs.openSync(file, 'r')
  try {
    const bytes = Buffer.alloc(count)
    return bytes.subarray(0, fs.readSync(descriptor, bytes, 0, count, 0))
  } finally {
    fs.closeSync(descriptor)
  }
}

exports.recognize = recognize
