// Proves blocks, in a thread of its own, where they come and where they go: received ones are opened and written, those to
// be served are read and sealed. See block-thread.ts for what that saves. Used by block-io.ts; where the thread is not
// there (yet), `proveHere` does the work.

import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { equalBytes } from '../../base/bytes.js'
import { FRAME_BLOCK_AT } from '../../base/limits.js'
import { decipherInPlace, sealInPlace } from '../../seal/frames/frame-cipher.js'
import { hash } from '../hash.js'
import { PROOFS_IN_FLIGHT_MAX, THREAD_BYTES_MIN } from '../limits.js'
import { startThread } from '../thread.js'
import {
  type PieceToSeal,
  type PieceToWrite,
  type Proof,
  type ProofReply,
  type ProofRequest,
  type ProvedPiece,
  packPieces,
  readResults,
} from './piece-messages.js'

export interface ProofResult {
  readonly proof: Proof
  /** Theirs: that of the bytes is empty where they were in the thread. */
  readonly buffer: ArrayBufferLike
}

interface Job {
  readonly piece: ProvedPiece
  readonly resolve: (result: ProofResult) => void
  readonly reject: (error: Error) => void
}

type Thread =
  | { readonly state: 'none' | 'broken' }
  | { readonly state: 'starting' | 'ready'; readonly worker: Worker }

export class BlockProver {
  private thread: Thread = { state: 'none' }
  private waiting: Job[] = []
  private readonly inFlight = new Map<number, Job[]>()
  private nextId = 1
  private isFlushDue = false

  /** `proveHere` does the same without the thread. */
  constructor(private readonly proveHere: (piece: ProvedPiece) => Promise<ProofResult>) {}

  /** Nothing else of the buffer of the bytes may be used until this is answered. Rejects with what the write failed of. */
  add(piece: ProvedPiece): Promise<ProofResult> {
    if (piece.bytes.length < THREAD_BYTES_MIN) return this.proveHere(piece)
    this.start()
    if (this.thread.state !== 'ready') return this.proveHere(piece)
    return new Promise((resolve, reject) => {
      this.waiting.push({ piece, resolve, reject })
      if (this.isFlushDue) return
      this.isFlushDue = true
      queueMicrotask(this.flush)
    })
  }

  /** Whether there is a thread, once that is known. */
  async isThreaded(): Promise<boolean> {
    this.start()
    while (this.thread.state === 'starting') await once(this.thread.worker, 'message')
    return this.thread.state === 'ready'
  }

  /** To be called when nothing is asked for any more. */
  async close(): Promise<void> {
    const { thread } = this
    this.thread = { state: 'broken' }
    if ('worker' in thread) await thread.worker.terminate()
  }

  /** The first `add` does so too; it takes this thread 1 to 3 ms, and the other one some ten. */
  start(): void {
    if (this.thread.state !== 'none') return
    const worker = startThread('io/blocks/block-thread')
    this.thread = { state: 'starting', worker }
    worker.unref()
    worker.on('message', (reply: ProofReply | undefined) => {
      if (reply !== undefined) this.handleReply(reply)
      else if (this.thread.state === 'starting') this.thread = { state: 'ready', worker }
    })
    worker.on('error', () => this.handleBroken())
    worker.on('exit', () => this.handleBroken())
  }

  /** Pieces that come while the thread is busy make one message. */
  private readonly flush = (): void => {
    this.isFlushDue = false
    if (this.waiting.length === 0 || this.inFlight.size >= PROOFS_IN_FLIGHT_MAX) return
    const jobs = this.waiting
    this.waiting = []
    if (this.thread.state !== 'ready') {
      this.doHere(jobs)
      return
    }
    const id = this.nextId++
    this.inFlight.set(id, jobs)
    const request: ProofRequest = packPieces(
      id,
      jobs.map(({ piece }) => piece),
    )
    this.thread.worker.postMessage(request, request.buffers)
  }

  private handleReply(reply: ProofReply): void {
    const { id, buffers } = reply
    const results = readResults(reply)
    const jobs = this.inFlight.get(id) ?? []
    this.inFlight.delete(id)
    this.flush()
    for (const [index, { resolve, reject }] of jobs.entries()) {
      const result = results[index]!
      if (typeof result === 'string') resolve({ proof: result, buffer: buffers[index]! })
      else reject(Object.assign(new Error(result.code), { code: result.code }))
    }
  }

  private handleBroken(): void {
    this.thread = { state: 'broken' }
    // Their bytes went with the thread. What is not right comes again.
    for (const { piece, resolve } of [...this.inFlight.values()].flat())
      resolve({ proof: 'wrong', buffer: piece.bytes.buffer })
    this.inFlight.clear()
    this.doHere(this.waiting.splice(0))
  }

  private doHere(jobs: readonly Job[]): void {
    for (const { piece, resolve, reject } of jobs) this.proveHere(piece).then(resolve, reject)
  }
}

/** The block of a piece, or why it is none. */
export function openBlock({ bytes, digest, cipher }: PieceToWrite): Uint8Array | 'damaged' | 'wrong' {
  const block = cipher === undefined ? bytes : decipherInPlace(cipher, bytes)
  if (block === undefined) return 'damaged'
  return equalBytes(hash(block), digest) ? block : 'wrong'
}

/** Makes a frame of what was read of a piece, if that is the block. */
export function sealBlockOf({ bytes, digest, cipher, length }: PieceToSeal, readBytes: number): Proof {
  const block = bytes.subarray(FRAME_BLOCK_AT, FRAME_BLOCK_AT + readBytes)
  if (readBytes !== length || !equalBytes(hash(block), digest)) return 'wrong'
  sealInPlace(cipher, bytes, length)
  return 'sealed'
}
