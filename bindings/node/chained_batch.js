'use strict'

const { AbstractChainedBatch } = require('abstract-level')
const binding = require('./binding')

class ChainedBatch extends AbstractChainedBatch {
  #database
  #before
  #batch = binding.newBatch()

  // `before` is called before the batch goes on its way.
  constructor (db, database, before) {
    super(db)
    this.#database = database
    this.#before = before
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
    this.#before()
    return binding.writeBatch(this.#database, this.#batch, options.sync === true, false)
  }

  async _close () {
    binding.batchClear(this.#batch)
  }
}

exports.ChainedBatch = ChainedBatch
