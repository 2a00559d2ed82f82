'use strict'

// How far an import is: a line on standard error that is drawn over, for a person at a terminal.

const INTERVAL_MS = 100

class Progress {
  #stream
  #begin = performance.now()
  #drawn = 0
  #visible = false

  constructor (stream) {
    this.#stream = stream
  }

  get seconds () {
    return (performance.now() - this.#begin) / 1000
  }

  // Cheap; draws at most ten times a second.
  update (verb, entries) {
    if (!this.#stream.isTTY || performance.now() - this.#drawn < INTERVAL_MS) return
    this.#drawn = performance.now()
    this.#visible = true
    this.#stream.write(`\r\x1b[K${verb} ${grouped(entries)}`)
  }

  wipe () {
    if (this.#visible) this.#stream.write('\r\x1b[K')
    this.#visible = false
  }
}

const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ',')
const counted = (number, one, more) => `${grouped(number)} ${number === 1 ? one : more}`

function humanBytes (bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  for (; bytes >= 1024 && unit < units.length - 1; unit++) bytes /= 1024
  return `${unit === 0 ? bytes : bytes.toFixed(1)} ${units[unit]}`
}

module.exports = { Progress, counted, grouped, humanBytes }
