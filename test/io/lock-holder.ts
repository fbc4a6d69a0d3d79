// A process of its own for lock.test.ts: says 'ready', and on each line of input tries for the lock of the
// folder that it was given, keeps it, and says how that went.

import { createInterface } from 'node:readline'
import type { LeftError } from '../../src/base/errors.js'
import { lockShare } from '../../src/io/lock.js'

const folder = process.argv[2]!
console.log('ready')
for await (const _line of createInterface(process.stdin)) {
  try {
    lockShare(folder)
    console.log('locked')
  } catch (error) {
    console.log((error as LeftError).code)
  }
}
