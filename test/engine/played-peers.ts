// Two engines that talk over a link without faults, their keepers and disks played by a test.

import { expect } from 'vitest'
import { hexOf, textOf } from '../../src/base/bytes.js'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import { Engine, type EngineEvent } from '../../src/engine/engine.js'
import { crc32, hash } from '../../src/io/hash.js'
import type { EngineToKeeper, KeeperToEngine } from '../../src/pipe/messages.js'
import { PlainProtection } from '../../src/seal/plain.js'
import type { Entry } from '../../src/share/entry.js'
import { Manifest } from '../../src/share/manifest.js'
import { SeededRandom } from '../../src/sim/random.js'
import { OWN_COUNTS } from './talk/tell.js'

/** An engine and what it wants of its keeper and its disk, both played by the test. */
export class PlayedPeer {
  readonly engine: Engine
  readonly asked: EngineToKeeper[] = []
  readonly events: EngineEvent[] = []
  readonly files = new Map<string, Uint8Array>()
  /** ecp messages that this peer was sent, as they would stand in a capture, repetitions left out. */
  readonly heard: string[] = []
  private readonly heardNumbers = new Set<string>()

  constructor(
    readonly address: string,
    readonly peerId: string,
    seed: number,
  ) {
    const random = new SeededRandom(seed)
    this.engine = new Engine(
      {
        peerId,
        random,
        protection: new PlainProtection({ peerId, random, crc32 }),
        hash,
        crc32,
        window: 'auto',
        agent: 'left test',
        admit: () => true,
        datagramBytesMax: () => 65_507,
        receiveBufferBytes: 1 << 20,
      },
      0,
    )
  }

  /** The share holds these entries. */
  know(entries: readonly Entry[], nowMs: number): Manifest {
    const manifest = new Manifest(hash)
    for (const entry of entries) manifest.set(entry)
    this.tell(
      {
        type: 'root',
        root: manifest.root(),
        own: OWN_COUNTS,
        notHeldCount: 0,
        changes: undefined,
        whole: entries,
        files: entries.length,
      },
      nowMs,
    )
    return manifest
  }

  tell(message: KeeperToEngine, nowMs: number): void {
    this.engine.handleKeeper(message, nowMs)
  }

  /** A message (10) or a reply (11) of rdt: session, number and ecp's text in between. */
  listen(datagram: Uint8Array): void {
    if (datagram[0] !== 10 && datagram[0] !== 11) return
    const number = hexOf(datagram.subarray(0, 13))
    if (!this.heardNumbers.has(number)) this.heard.push(textOf(datagram.subarray(13, -4)) ?? '(not UTF-8)')
    this.heardNumbers.add(number)
  }

  take<T extends EngineToKeeper['type']>(type: T): (EngineToKeeper & { type: T })[] {
    const taken = this.asked.filter(
      (message): message is EngineToKeeper & { type: T } => message.type === type,
    )
    for (const message of taken) this.asked.splice(this.asked.indexOf(message), 1)
    return taken
  }
}

/** Carries what both have to say, and lets time pass from one thing that is due to the next. Answers the time at its end. */
export function runPeers(a: PlayedPeer, b: PlayedPeer, fromMs: number, ms: number): number {
  let nowMs = fromMs
  const endMs = nowMs + ms
  for (;;) {
    while (carry(a, b, nowMs) || carry(b, a, nowMs));
    const dues = [a, b].map(({ engine }) => engine.pollTimeout() ?? Number.POSITIVE_INFINITY)
    const dueMs = Math.min(...dues)
    if (dueMs > endMs) return endMs
    nowMs = Math.max(nowMs + 0.01, dueMs)
    for (const { engine } of [a, b]) engine.handleTimeout(nowMs)
  }
}

/** A session that A opens. Answers the time at its end. */
export function connectPeers(a: PlayedPeer, b: PlayedPeer, fromMs: number): number {
  a.engine.connect(b.address, fromMs)
  const nowMs = runPeers(a, b, fromMs, 50)
  expect(a.events).toContainEqual({ event: 'connected', peer: b.peerId, address: b.address })
  expect(b.events).toContainEqual({ event: 'connected', peer: a.peerId, address: a.address })
  return nowMs
}

/** The keeper of a peer answers all claims, and finds nothing wrong with whoever made them. */
export function answerClaims(peer: PlayedPeer, answer: 'same' | 'differs', nowMs: number): void {
  for (const { question, claim } of peer.take('claim')) {
    peer.tell({ type: 'vetted', peer: claim.peer }, nowMs)
    peer.tell({ type: 'answer', question, answer }, nowMs)
  }
}

export function carry(from: PlayedPeer, to: PlayedPeer, nowMs: number): boolean {
  const { engine } = from
  let any = false
  for (let message = engine.pollKeeper(); message !== undefined; message = engine.pollKeeper())
    from.asked.push(message)
  for (let event = engine.pollEvent(); event !== undefined; event = engine.pollEvent())
    from.events.push(event)
  for (let op = engine.pollDisk(); op !== undefined; op = engine.pollDisk()) {
    any = true
    if (op.type === 'read') {
      engine.handleRead(op.id, from.files.get(op.path)?.slice(op.position, op.position + op.length), nowMs)
    } else if (op.type === 'write') {
      const isRight = hexOf(hash(op.bytes)) === hexOf(op.digest)
      const file = from.files.get(op.path) ?? new Uint8Array(4 * BLOCK_BYTES)
      if (isRight) file.set(op.bytes, op.position)
      from.files.set(op.path, file)
      engine.handleWritten(op.id, isRight ? undefined : 'wrong', nowMs)
    } else if (op.type === 'finish') engine.handleWritten(op.id, undefined, nowMs)
  }
  for (let out = engine.pollDatagram(nowMs); out !== undefined; out = engine.pollDatagram(nowMs)) {
    any = true
    for (let start = 0; start < out.bytes.length; start += out.segmentBytes) {
      const datagram = out.bytes.slice(start, start + out.segmentBytes)
      to.listen(datagram)
      to.engine.handleDatagram(from.address, datagram, nowMs)
    }
  }
  return any
}
