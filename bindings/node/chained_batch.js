'use strict'

const { AbstractChainedBatch } = require('abstract-level')
const binding = require('./binding')

class ChainedBatch extends AbstractChainedBatch {
  #database
  #batch = binding.newBatch()

  constructor (db, database) {
    super(db)
    this.#database = database
  }

  _put (key, value) {
    binding.batchPut(this.#batch, key, value)
  }

  _del (key) {
    binding.batchDelete(this.#batch, key)
  }

  _clear () {
    binding.batchClear(this.#batch)
  }

  async _write (options) {
    return binding.writeBatch(this.#database, this.#batch, options.sync === true, false)
  }

  async _close () {
    binding.batchClear(this.#batch)
  }
}

exports.ChainedBatch = ChainedBatch
