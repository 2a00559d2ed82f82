'use strict'

// abstract-level's own suite for its implementations, in full.

const suite = require('abstract-level/test')
const test = require('tape')
const { AmethystLevel } = require('..')
const { newLocation, small } = require('./common')

// The suite compares options, so that its databases are made small behind its back.
class SmallLevel extends AmethystLevel {
  async _open (options) {
    return super._open({ ...options, ...small })
  }
}

suite({
  test,
  factory (options) {
    return new SmallLevel(newLocation(), options)
  }
})
