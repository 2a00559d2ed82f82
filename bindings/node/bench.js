'use strict'

// Amethyst beside classic-level (LevelDB), on the same keys, values and calls, in one process, taking turns.
//
//   node bench.js [--entries=N] [--rounds=N] [--only=TEXT] [--same-memory] [--cpu] [--directory=PATH]
//
// Both run with their defaults; --same-memory gives both 256 MiB of cache and 32 MiB of write buffer. Each round fills
// a new database of each, and the engines swap places from round to round. Prints thousand operations (entries, for
// batches and iterators) a second, the median of the rounds, and the median of their ratios, each of two runs that
// followed one another: over 1, Amethyst is faster. With --cpu a second is one of the processor, of all threads:
// steadier where others use the machine, but blind to waiting.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')

const { values: options } = parseArgs({
  options: {
    entries: { type: 'string', default: '50000' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    cpu: { type: 'boolean', default: false },
    'same-memory': { type: 'boolean', default: false },
    directory: { type: 'string', default: os.tmpdir() }
  }
})

const ENTRIES = Number(options.entries)
const GROUP = 1000
const memory = options['same-memory'] ? { cacheSize: 256 << 20, writeBufferSize: 32 << 20 } : {}
const engines = {
  amethyst: (location) => new (require('.').AmethystLevel)(location, memory),
  classic: (location) => new (require('classic-level').ClassicLevel)(location, memory)
}

// Always the same pseudo-random order.
function shuffled (count) {
  const order = Array.from({ length: count }, (_, i) => i)
  let state = 1
  for (let i = count - 1; i > 0; i--) {
    state = (state * 48271) % 2147483647
    const j = state % (i + 1)
    ;[order[i], order[j]] = [order[j], order[i]]
  }
  return order
}

const keys = shuffled(ENTRIES).map(i => String(i).padStart(16, '0'))
const value = (i) => `${i}`.padEnd(50, 'value') + Math.sin(i).toString(36).slice(2).padEnd(50, 'x').slice(0, 50)
const values = keys.map((_, i) => value(i))
const bufferKeys = keys.map(key => Buffer.from(key))
const bufferValues = values.map(text => Buffer.from(text))
const few = keys.slice(0, Math.ceil(ENTRIES / 5))
const groups = (list) => Array.from({ length: Math.ceil(list.length / GROUP) }, (_, i) =>
  list.slice(i * GROUP, (i + 1) * GROUP))
const indexGroups = groups(keys.map((_, i) => i))
const buffers = { keyEncoding: 'buffer', valueEncoding: 'buffer' }

function expect (seen, wanted, what) {
  if (seen !== wanted) throw new Error(`${what}: ${seen} of ${wanted}`)
}

async function each (iterator) {
  let count = 0
  for await (const item of iterator) count += item !== undefined
  expect(count, ENTRIES, 'entries')
  return count
}

async function chunks (iterator) {
  let count = 0
  for (;;) {
    const items = await iterator.nextv(GROUP)
    if (items.length === 0) break
    count += items.length
  }
  await iterator.close()
  expect(count, ENTRIES, 'entries')
  return count
}

// In order: the writes leave what the reads find. Each returns how many operations it did.
const workloads = {
  'put, one after the other': async (db) => {
    for (let i = 0; i < few.length; i++) await db.put(few[i], values[i])
    return few.length
  },
  'put, 1,000 at once': async (db) => {
    for (const group of indexGroups) await Promise.all(group.map(i => db.put(keys[i], values[i])))
    return ENTRIES
  },
  'put Buffers, 1,000 at once': async (db) => {
    for (const group of indexGroups) await Promise.all(group.map(i => db.put(bufferKeys[i], bufferValues[i], buffers)))
    return ENTRIES
  },
  'batch of 1,000': async (db) => {
    for (const group of indexGroups) {
      await db.batch(group.map(i => ({ type: 'put', key: keys[i], value: values[i] })))
    }
    return ENTRIES
  },
  'batch of 10': async (db) => {
    for (let i = 0; i + 10 <= few.length; i += 10) {
      await db.batch(few.slice(i, i + 10).map((key, j) => ({ type: 'put', key, value: values[i + j] })))
    }
    return few.length
  },
  'chained batch of 1,000': async (db) => {
    for (const group of indexGroups) {
      const batch = db.batch()
      for (const i of group) batch.put(keys[i], values[i])
      await batch.write()
    }
    return ENTRIES
  },
  'get, one after the other': async (db) => {
    for (let i = 0; i < few.length; i++) expect(await db.get(few[i]), values[i], 'value')
    return few.length
  },
  'get, 1,000 at once': async (db) => {
    for (const group of indexGroups) {
      const found = await Promise.all(group.map(i => db.get(keys[i])))
      expect(found[0], values[group[0]], 'value')
    }
    return ENTRIES
  },
  'getSync': async (db) => {
    for (let i = 0; i < ENTRIES; i++) expect(db.getSync(keys[i]), values[i], 'value')
    return ENTRIES
  },
  'getMany of 1,000': async (db) => {
    for (const group of indexGroups) expect((await db.getMany(group.map(i => keys[i]))).length, group.length, 'values')
    return ENTRIES
  },
  'getMany of 1,000 Buffers': async (db) => {
    for (const group of indexGroups) {
      expect((await db.getMany(group.map(i => bufferKeys[i]), buffers)).length, group.length, 'values')
    }
    return ENTRIES
  },
  'hasMany of 1,000': async (db) => {
    for (const group of indexGroups) expect((await db.hasMany(group.map(i => keys[i])))[0], true, 'found')
    return ENTRIES
  },
  'iterate, for await': (db) => each(db.iterator()),
  'iterate Buffers, for await': (db) => each(db.iterator(buffers)),
  'iterate, for await, in reverse': (db) => each(db.iterator({ reverse: true })),
  'iterate, nextv(1,000)': (db) => chunks(db.iterator()),
  'iterate Buffers, nextv(1,000)': (db) => chunks(db.iterator(buffers)),
  'keys, for await': (db) => each(db.keys()),
  'values, for await': (db) => each(db.values()),
  'iterate, all()': async (db) => {
    const entries = await db.iterator().all()
    expect(entries.length, ENTRIES, 'entries')
    return ENTRIES
  },
  'range of 10': async (db) => {
    for (let i = 0; i < few.length; i += 10) await db.iterator({ gte: few[i], limit: 10 }).all()
    return few.length / 10
  },
  'seek and next': async (db) => {
    const iterator = db.iterator()
    for (let i = 0; i < few.length; i += 2) {
      iterator.seek(few[i])
      expect((await iterator.next())[0], few[i], 'key')
    }
    await iterator.close()
    return few.length / 2
  }
}

function secondsNow () {
  if (!options.cpu) return Number(process.hrtime.bigint()) / 1e9
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1]

async function main () {
  const root = fs.mkdtempSync(path.join(options.directory, 'amethyst-bench-'))
  const rates = Object.fromEntries(Object.keys(engines).map(name => [name, {}]))
  try {
    for (let round = 0; round < Number(options.rounds); round++) {
      const names = Object.keys(engines)
      if (round % 2 === 1) names.reverse()
      const open = {}
      for (const name of names) await (open[name] = engines[name](path.join(root, `${name}-${round}`))).open()
      for (const [workload, run] of Object.entries(workloads)) {
        // A workload that is left out still leaves its data.
        const wanted = workload.includes(options.only)
        if (!wanted && workload !== 'batch of 1,000') continue
        for (const name of names) {
          const started = secondsNow()
          const count = await run(open[name])
          ;(rates[name][workload] ??= []).push(count / (secondsNow() - started))
        }
      }
      for (const name of names) await open[name].close()
    }
  } finally {
    fs.rmSync(root, { recursive: true, force: true })
  }
  console.log(`| ${'thousand a second'.padEnd(32)} | amethyst | classic-level | ratio |\n|---|---|---|---|`)
  const ratios = []
  for (const workload of Object.keys(rates.amethyst)) {
    const [ours, theirs] = [rates.amethyst[workload], rates.classic[workload]]
    const ratio = median(ours.map((rate, round) => rate / theirs[round]))
    ratios.push(ratio)
    const cells = [(median(ours) / 1e3).toFixed(1), (median(theirs) / 1e3).toFixed(1), ratio.toFixed(2)]
    console.log(`| ${workload.padEnd(32)} | ${cells.join(' | ')} |`)
  }
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
  console.log(`geometric mean of ${ratios.length} ratios: ${mean.toFixed(2)}, least ${Math.min(...ratios).toFixed(2)}`)
}

main()
