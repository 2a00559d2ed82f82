'use strict'

const binding = require('./binding')
const { KeySpace } = require('./keyspace')
const { HANDLE, OPEN, READERS } = require('./symbols')

// A family of a database: a level of its own, which opens when its database does and closes before it.
class Family extends KeySpace {
  #db
  #name

  constructor (db, name, options) {
    super({}, options, db)
    this.#db = db
    this.#name = name
  }

  get db () {
    return this.#db
  }

  get name () {
    return this.#name
  }

  // What it has in tables; counters are of the whole database.
  stats () {
    this._assertOpen(': cannot call stats()')
    return JSON.parse(binding.getStats(this[HANDLE]))
  }

  // Of the addon's handle, for a batch that names the family before it had its turn to open.
  [OPEN] () {
    binding.openFamily(this[HANDLE], this.#db[HANDLE], this.#name)
  }

  async _open () {
    await this.#db.open({ passive: true })
    this[OPEN]()
    this.#db.attachResource(this)
    this[READERS].add(this)
  }

  async _close () {
    await undefined // What was asked for in this turn is under way.
    this[READERS].delete(this)
    this.#db.detachResource(this)
  }
}

exports.Family = Family
