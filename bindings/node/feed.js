'use strict'

// The change feed: every write of a database, in the order in which it was applied.

const ModuleError = require('module-error')
const binding = require('./binding')
const { HANDLE } = require('./symbols')

class Feed {
  #db
  #feed
  #events = [] // Read ahead, the next one last.
  #position // Behind what was given out.
  #reading = Promise.resolve() // The last next(), for they are done one after the other.
  #committing = Promise.resolve() // And the last commit(), which does not wait for a next().
  #closed = false
  #closing

  constructor (db, feed) {
    this.#db = db
    this.#feed = feed
    db.attachResource(this)
  }

  // The next event, as soon as there is one; undefined: none came within `timeout` milliseconds, or it was closed.
  next (timeout = Infinity) {
    if (typeof timeout !== 'number' || Number.isNaN(timeout)) {
      throw new TypeError("The first argument 'timeout' must be a number of milliseconds")
    }
    const taken = this.#reading.then(() => this.#take(timeout))
    this.#reading = taken.catch(() => {})
    return taken
  }

  async #take (timeout) {
    if (this.#events.length === 0 && !this.#closed) {
      this.#events = (await binding.feedNext(this.#feed, timeout)).reverse()
    }
    if (this.#closed) return undefined
    const event = this.#events.pop()
    if (event !== undefined) this.#position = event.position
    return event
  }

  // Moves the cursor behind all that was given out, or to the position of an event.
  commit (position) {
    if (position !== undefined && typeof position !== 'string') {
      throw new TypeError("The first argument 'position' must be a string")
    }
    const to = position ?? this.#position
    if (to === undefined) return Promise.resolve() // Nothing was given out.
    const committed = this.#committing.then(() => this.#commit(to))
    this.#committing = committed.catch(() => {})
    return committed
  }

  async #commit (position) {
    if (this.#closed) {
      throw new ModuleError('Feed is not open: cannot call commit() after close()', { code: 'LEVEL_FEED_NOT_OPEN' })
    }
    return binding.feedCommit(this.#feed, position)
  }

  // Behind the last event that was given out; undefined: there was none.
  get position () {
    return this.#position
  }

  // Ends a wait. The cursor stays where it was committed.
  async close () {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close () {
    this.#closed = true
    binding.feedClose(this.#feed)
    await this.#reading
    await this.#committing
    await binding.feedRelease(this.#feed)
    this.#db.detachResource(this)
  }

  // Ends with the database, or with close(); a loop that is left closes the feed. No generator, which could not be left
  // while it waits, as a stream that has read ahead is.
  [Symbol.asyncIterator] () {
    return {
      next: async () => {
        const value = await this.next()
        return { done: value === undefined, value }
      },
      return: async () => {
        await this.close()
        return { done: true, value: undefined }
      }
    }
  }
}

// `options`: { cursor } or { position }, and reach: 'durable' or 'visible'.
async function openFeed (db, options) {
  const { cursor, position, reach = 'durable' } = options ?? {}
  if ((cursor === undefined) === (position === undefined)) {
    throw new TypeError("A feed is of a 'cursor', or begins at a 'position'")
  }
  if (reach !== 'durable' && reach !== 'visible') throw new TypeError("'reach' must be 'durable' or 'visible'")
  const feed = await binding.openFeed(db[HANDLE], cursor, position, reach === 'visible')
  return new Feed(db, feed)
}

exports.Feed = Feed
exports.openFeed = openFeed
