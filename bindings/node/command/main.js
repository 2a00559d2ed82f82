#!/usr/bin/env node
'use strict'

// The package's command: npx amethyst-level import SOURCE DEST

const { parseArgs } = require('node:util')
const { EXIT, Failure } = require('./failure')
const { Progress, counted, grouped, humanBytes } = require('./progress')

const HELP = `amethyst-level import SOURCE DEST
    Bring all entries of another library's database into DEST, a new database of Amethyst's.

SOURCE is a database of RocksDB, LevelDB or LMDB, closed by the program that owns it. It is read with the npm package
that you have installed: rocksdb-native or @nxtedition/rocksdb, classic-level, lmdb. Keys and values come over as the
bytes that are stored. DEST must not exist, or be an empty directory. At the end the entries in DEST are counted, and
the last ones compared with those of SOURCE. An import that fails leaves nothing in DEST.

Options:
  --reader NAME           the package that reads; else the first that is installed
  --column-family NAME    that column family (RocksDB) or named database (LMDB) alone
  --ttl-suffix WHAT       strip or keep the 4 bytes that a TTL puts behind values (RocksDB); else by its OPTIONS
  --skip-bad              count entries that are too large to store, and go on
  --memory MIB            memory of the new database while it is written; 256 is the default. A value may have a quarter
  --json                  the summary as one line of JSON on standard output, an error as one on standard error
  --help                  this text

Exit codes: 0 all is there; 2 wrong usage; 3 an error; 130 interrupted.

Examples:
  npx amethyst-level import old.rocksdb new.db
  npx amethyst-level import --reader @nxtedition/rocksdb old.rocksdb new.db
  npx amethyst-level import --column-family corestore storage/db corestore.db
  npx amethyst-level import --json data.mdb new.db`

const OPTIONS = {
  reader: { type: 'string' },
  'column-family': { type: 'string' },
  'ttl-suffix': { type: 'string' },
  'skip-bad': { type: 'boolean', default: false },
  memory: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false }
}

const usage = (message) => new Failure(message, { hint: 'amethyst-level --help', exitCode: EXIT.USAGE })

function parse () {
  let parsed
  try {
    parsed = parseArgs({ options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw usage(error.message)
  }
  const { values, positionals } = parsed
  if (values.help || positionals[0] === 'help') return { values, help: true }
  const [command, source, destination, ...rest] = positionals
  if (command === undefined) throw usage('name a command: import')
  if (command !== 'import') throw usage(`unknown command: ${command}`)
  if (!source || !destination || rest.length > 0) throw usage('import takes SOURCE and DEST')
  const suffix = values['ttl-suffix']
  if (![undefined, 'strip', 'keep'].includes(suffix)) throw usage(`--ttl-suffix is strip or keep, not ${suffix}`)
  if (values['column-family'] === '') throw usage('--column-family names none')
  if (values.reader !== undefined && !readerNames().includes(values.reader)) {
    throw usage(`--reader is one of ${readerNames().join(', ')}, not ${values.reader}`)
  }
  if (values.memory !== undefined && !/^[1-9]\d{0,7}$/.test(values.memory)) {
    throw usage(`--memory is a number of MiB, not ${values.memory}`)
  }
  return { values, source, destination }
}

const readerNames = () => require('./readers').READERS.map(reader => reader.name)

async function main () {
  const { values, source, destination, help } = parse()
  if (help) return console.log(HELP)
  const { importDatabase } = require('./import')
  const interrupt = new AbortController()
  process.once('SIGINT', () => interrupt.abort()) // The second one ends the process at once.
  const progress = new Progress(process.stderr)
  const report = await importDatabase(source, destination, {
    reader: values.reader,
    family: values['column-family'],
    ttlSuffix: values['ttl-suffix'],
    skipBad: values['skip-bad'],
    memoryBudget: values.memory === undefined ? undefined : Number(values.memory) * 1024 * 1024,
    signal: interrupt.signal
  }, progress).finally(() => progress.wipe())
  tell({ ...report, seconds: Number(progress.seconds.toFixed(3)) }, values.json)
}

function tell (report, asJson) {
  if (asJson) return console.log(JSON.stringify(report))
  const { kind, version, reader, entries, bytes, skipped, seconds, notes } = report
  for (const note of notes) console.error(`note: ${note}`)
  const from = version === '' ? kind : `${kind} (${version})`
  const rest = skipped === 0
    ? 'count and last keys verified'
    : `count verified, ${grouped(skipped)} bad entries skipped`
  console.log(`imported ${counted(entries, 'entry', 'entries')}, ${humanBytes(bytes)}, in ${seconds.toFixed(1)} s ` +
    `from ${from} by ${reader}; ${rest}`)
}

main().catch((error) => {
  if (process.argv.includes('--json')) {
    console.error(JSON.stringify({ error: error.message, hint: error.hint ?? '' }))
  } else {
    console.error(`error: ${error.message}${error.hint ? `\nhint: ${error.hint}` : ''}`)
  }
  process.exitCode = error.exitCode ?? EXIT.ERROR
})
