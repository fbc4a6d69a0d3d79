// Watches files as closely as a program that opens them all the time: whether a name is ever missing, or ever holds what nobody saved.

import { Worker } from 'node:worker_threads'

/** A file that is always there and always whole. */
export interface Live {
  readonly place: string
  /** Everything that was ever saved there. */
  readonly contents: readonly string[]
}

/** Runs in a thread of its own, without a pause. */
const SOURCE = `
const { readFileSync } = require('node:fs')
const { parentPort, workerData } = require('node:worker_threads')
const { lives, stopped } = workerData
const faults = new Set()
let rounds = 0
do {
  for (const { place, contents } of lives) {
    try {
      const found = readFileSync(place, 'utf8')
      if (!contents.includes(found)) faults.add(place + ' held ' + JSON.stringify(found))
    } catch (error) {
      faults.add(place + ': ' + error.code)
    }
  }
  if (++rounds === 1) parentPort.postMessage('watching')
} while (Atomics.load(stopped, 0) === 0)
parentPort.postMessage([...faults])
`

export class Watch {
  private readonly worker: Worker
  private readonly stopped = new Int32Array(new SharedArrayBuffer(4))
  private readonly watching: Promise<unknown>

  constructor(lives: readonly Live[]) {
    this.worker = new Worker(SOURCE, { eval: true, workerData: { lives, stopped: this.stopped } })
    this.watching = this.next()
  }

  begun(): Promise<unknown> {
    return this.watching
  }

  /** Answers all that was wrong. */
  async end(): Promise<string[]> {
    const faults = this.next()
    Atomics.store(this.stopped, 0, 1)
    return (await faults) as string[]
  }

  private next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.worker.once('message', resolve)
      this.worker.once('error', reject)
    })
  }
}
