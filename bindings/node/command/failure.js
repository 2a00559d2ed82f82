'use strict'

// An error that is told to the person as it stands, with a hint of what to do, and the command's exit code.

const EXIT = { OK: 0, USAGE: 2, ERROR: 3, INTERRUPTED: 130 } // As those of the shell, `amethyst`.

class Failure extends Error {
  constructor (message, { hint = '', exitCode = EXIT.ERROR } = {}) {
    super(message)
    this.hint = hint
    this.exitCode = exitCode
  }
}

exports.EXIT = EXIT
exports.Failure = Failure
