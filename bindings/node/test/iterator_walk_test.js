'use strict'

// Random walks with iterators of every kind and all their options, beside classic-level, with two exceptions.
// classic-level charges the limit with entries that it read ahead and a seek threw away: here it counts what is given
// out. And classic-level gives no entries at all where neither keys nor values are wanted: here, as in memory-level,
// there are as many as ever.

const test = require('tape')
const { ClassicLevel } = require('classic-level')
const { AmethystLevel } = require('..')
const { newLocation, small } = require('./common')

const SEEDS = 12
const WALKS = 60
const STEPS = 25

// Mulberry32: whole numbers from 0 up to `bound`.
function randomFrom (seed) {
  return (bound) => {
    seed = (seed + 0x6d2b79f5) | 0
    let bits = Math.imul(seed ^ (seed >>> 15), seed | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) % bound
  }
}

const pick = (random, from) => from[random(from.length)]
// Few letters and short, so that bounds and targets often meet keys; the last letter has more than a byte.
const keyOf = (random) => Array.from({ length: 1 + random(3) }, () => pick(random, ['a', 'b', 'c', '\0', 'ü'])).join('')

function optionsOf (random) {
  const options = {
    reverse: random(2) === 0,
    limit: pick(random, [undefined, -1, 0, 1, 2, 3, 5, 10, 30, 1500]),
    fillCache: random(2) === 0,
    keys: random(4) !== 0,
    values: random(4) !== 0,
    keyEncoding: pick(random, ['utf8', 'buffer', 'view', 'hex']),
    valueEncoding: pick(random, ['utf8', 'buffer', 'view', 'hex']),
    highWaterMarkBytes: pick(random, [undefined, 0, 1, 50, 1000, 1 << 20])
  }
  const bounds = [['gte', 'gt'], ['lte', 'lt']].flatMap(pair => pair.filter(() => random(4) === 0))
  for (const bound of bounds) options[bound] = encoded(options, keyOf(random))
  for (const name of Object.keys(options)) if (options[name] === undefined) delete options[name]
  return options
}

function encoded ({ keyEncoding }, key) {
  const bytes = Buffer.from(key)
  return { utf8: key, buffer: bytes, view: new Uint8Array(bytes), hex: bytes.toString('hex') }[keyEncoding]
}

// classic-level's iterator, without the two exceptions.
class Expected {
  count = 0

  constructor (db, kind, options) {
    this.neither = kind === 'iterator' && !options.keys && !options.values
    this.iterator = db[kind]({ ...options, limit: -1, ...(this.neither && { keys: true }) })
    this.limit = options.limit >= 0 ? options.limit : Infinity
  }

  async next () {
    const item = this.count < this.limit ? await this.iterator.next() : undefined
    if (item === undefined) return undefined
    this.count++
    return this.neither ? [undefined, undefined] : item
  }

  async nextv (size) {
    const items = []
    for (let item; items.length < size && (item = await this.next()) !== undefined;) items.push(item)
    return items
  }

  all () { return this.nextv(Infinity) }
  seek (target) { this.iterator.seek(target) }
  close () { return this.iterator.close() }
}

// What comes next, up to `size` of it: how much of that one call hands out is each package's own affair.
async function upTo (iterator, size) {
  const items = []
  while (items.length < size) {
    const more = await iterator.nextv(size - items.length)
    if (more.length === 0) break
    items.push(...more)
  }
  return items
}

// One step, the same for both iterators: what it is called, and what it does to one of them.
function stepOf (random, options) {
  const size = pick(random, [1, 2, 5, 40, 3000, 2 ** 32])
  const target = encoded(options, keyOf(random))
  return pick(random, [
    ['next', (iterator) => iterator.next()],
    ['next', (iterator) => iterator.next()],
    [`nextv ${size}`, (iterator) => upTo(iterator, size)],
    ['seek', (iterator) => iterator.seek(target)],
    ['seek', (iterator) => iterator.seek(target)],
    ['count', (iterator) => [iterator.count, iterator.limit]]
  ])
}

// The first difference between the two, or undefined.
async function differenceOf (random, databases, snapshots) {
  const kind = pick(random, ['iterator', 'keys', 'values'])
  const options = optionsOf(random)
  const withSnapshot = random(2) === 0
  const [ours, theirs] = snapshots.map(snapshot => withSnapshot ? { ...options, snapshot } : options)
  const iterators = [databases[0][kind](ours), new Expected(databases[1], kind, theirs)]
  const steps = []
  const last = ['all', (iterator) => iterator.all()]
  for (let left = random(STEPS); left >= 0; left--) {
    const [name, run] = left === 0 ? last : stepOf(random, options)
    const [ours, theirs] = [await run(iterators[0]), await run(iterators[1])]
    steps.push(name)
    if (JSON.stringify(ours) !== JSON.stringify(theirs)) return { kind, options, withSnapshot, steps, ours, theirs }
  }
  await Promise.all(iterators.map(iterator => iterator.close()))
}

async function fill (random, databases, count) {
  const operations = Array.from({ length: count }, () => ({
    type: random(4) === 0 ? 'del' : 'put', key: keyOf(random), value: 'v'.repeat(random(40)) + random(1000)
  }))
  for (const db of databases) await db.batch(operations)
}

test('an iterator walks as that of classic-level does, with whatever options', async (t) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = randomFrom(seed)
    const databases = [new AmethystLevel(newLocation(), small), new ClassicLevel(newLocation())]
    await fill(random, databases, random(300))
    const snapshots = databases.map(db => db.snapshot())
    await fill(random, databases, random(100))
    let difference
    for (let walk = 0; walk < WALKS && difference === undefined; walk++) {
      difference = await differenceOf(random, databases, snapshots)
    }
    t.is(difference, undefined, `seed ${seed}: ${JSON.stringify(difference)}`)
    await Promise.all(snapshots.map(snapshot => snapshot.close()))
    await Promise.all(databases.map(db => db.close()))
  }
})

test('what a seek throws away is not counted against the limit', async (t) => {
  const db = new AmethystLevel(newLocation(), small)
  await db.batch([...'abcde'].map(key => ({ type: 'put', key, value: key })))
  const iterator = db.keys({ limit: 3 })
  t.is(await iterator.next(), 'a')
  iterator.seek('d')
  t.same([await iterator.next(), await iterator.next(), await iterator.next()], ['d', 'e', undefined])
  iterator.seek('a')
  t.same(await iterator.nextv(5), [], 'the limit is reached: a seek does not give it back')
  await iterator.close()

  const sought = db.keys({ limit: 4 })
  for (const target of 'edcba') {
    sought.seek(target)
    t.is(await sought.next(), target === 'a' ? undefined : target)
  }
  await sought.close()
  t.same(await db.keys({ limit: 2, highWaterMarkBytes: 0 }).all(), ['a', 'b'])
  await db.close()
})
