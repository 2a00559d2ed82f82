'use strict'

// A store of backups: a directory that holds many, of one or several databases.

const binding = require('./binding')
const { HANDLE } = require('./symbols')

class BackupStore {
  #location

  constructor (location) {
    if (typeof location !== 'string' || location === '' || location.includes('\0')) {
      throw new TypeError("The first argument 'location' must be a non-empty string without zero bytes")
    }
    this.#location = location
  }

  get location () {
    return this.#location
  }

  // Of an open database; one that is opening is waited for.
  async create (db) {
    if (db.status === 'opening') await db.open({ passive: true })
    db._assertOpen(': cannot back it up')
    return binding.createBackup(db[HANDLE], this.#location)
  }

  async list () {
    return binding.listBackups(this.#location)
  }

  async verify (id) {
    return binding.verifyBackup(this.#location, id)
  }

  async restore (id, location) {
    return binding.restoreBackup(this.#location, id, location)
  }

  async prune (keep) {
    return binding.pruneBackups(this.#location, keep)
  }
}

exports.BackupStore = BackupStore
