// Queues that the other side of a session can try to make long, or dear to go through.

import { describe, expect, it } from 'vitest'
import { World } from '../../../harness/rdt/world.js'
import { bytesOfHex, hexOf } from '../../../src/base/bytes.js'
import { RoundTrip } from '../../../src/rdt/path/rtt.js'
import { BundlePool, FrameBuffer } from '../../../src/rdt/pool.js'
import { FrameCache } from '../../../src/rdt/serve/framecache.js'
import { ASKS_PER_BLOCK_MAX, ASKS_QUEUED_MAX } from '../../../src/rdt/serve/limits.js'
import { Server } from '../../../src/rdt/serve/server.js'
import { LETTERS_QUEUED_MAX } from '../../../src/rdt/session/limits.js'
import { StopAndWait } from '../../../src/rdt/session/stop-and-wait.js'
import { DatagramType } from '../../../src/rdt/wire/control.js'
import type { Ask, AskGroup } from '../../../src/rdt/wire/request.js'

const REPETITIONS = 100_000
const body = Uint8Array.of(1)
const reply = Uint8Array.of(2)

/** All letters that wait. */
function letters(conversation: StopAndWait): string[] {
  const all: string[] = []
  for (let letter = conversation.pollLetter(); letter !== undefined; letter = conversation.pollLetter())
    all.push(`${letter.type} ${letter.number}`)
  return all
}

describe('a request that is said again and again while nothing can be sent', () => {
  it('is answered once, and again when it comes after that', () => {
    const conversation = new StopAndWait(new RoundTrip())
    conversation.handleMessage(1, body)
    conversation.sendReply(1, reply)
    for (let time = 0; time < REPETITIONS; time++) conversation.handleMessage(1, body)
    expect(letters(conversation)).toEqual(['reply 1'])
    conversation.handleMessage(1, body)
    expect(letters(conversation)).toEqual(['reply 1'])
  })

  it('is not followed by another before it is answered', () => {
    const conversation = new StopAndWait(new RoundTrip())
    let heard = 0
    for (let number = 1; number <= REPETITIONS; number++)
      if (conversation.handleMessage(number, body) !== undefined) heard++
    expect(heard).toBe(1)
    conversation.sendReply(1, reply)
    expect(conversation.handleMessage(2, body)).toEqual({ number: 2, body })
  })

  it('leaves one letter of each type to be sent, the newest', () => {
    const conversation = new StopAndWait(new RoundTrip())
    conversation.sendRequest(body, 0)
    for (let number = 1; number <= 1_000; number++) {
      expect(conversation.handleMessage(number, body)).toBeDefined()
      conversation.sendReply(number, reply)
      conversation.handleTimeout(number * 10_000)
    }
    const all = letters(conversation)
    expect(all).toEqual(['message 1', 'reply 1000'])
    expect(all).toHaveLength(LETTERS_QUEUED_MAX)
  })
})

describe('a server', () => {
  const digestOf = (index: number) => index.toString(16).padStart(64, '0')

  class Served {
    readonly wanted: string[] = []
    readonly gone: number[] = []
    readonly frames = new FrameCache()
    readonly server: Server

    constructor() {
      const host = {
        frames: this.frames,
        bundles: new BundlePool(),
        datagramBytesMax: 1_472,
        handleWanted: ({ digest }: { readonly digest: string }) => void this.wanted.push(digest),
        sendGone: (handle: number) => void this.gone.push(handle),
      }
      this.server = new Server(host, { high: 1, low: 2 }, '')
    }

    ask(index: number, handle = index, asks: readonly Ask[] = [{ blockIndex: 0, low: 1, high: 0 }]): void {
      const group = { handle, kind: 'file', digest: bytesOfHex(digestOf(index))!, segmentBytes: 1_232, asks }
      this.server.handleRequest({ session: { high: 1, low: 2 }, number: 1, groups: [group as AskGroup] })
    }

    answer(index: number): void {
      const name = { kind: 'file', digest: digestOf(index), blockIndex: 0 } as const
      this.server.serveBlock(name, new FrameBuffer(new Uint8Array(10)), { isKept: true })
    }

    /** Handles of the segments that can be sent. */
    sent(): number[] {
      const handles: number[] = []
      for (let bundle = this.server.pollSegments(); bundle !== undefined; bundle = this.server.pollSegments())
        for (let at = 0; at < bundle.bytes.length; at += 30)
          handles.push(Number.parseInt(hexOf(bundle.bytes.subarray(at + 9, at + 12)), 16))
      return handles
    }
  }

  it('answers in the order of asking what is left when much of it is gone', () => {
    const served = new Served()
    for (let index = 1; index <= 1_000; index++) served.ask(index)
    const isHeld = (index: number) => index % 7 === 0
    const seen = new Set<string>()
    const handles: number[] = []
    for (let digest = served.wanted.shift(); digest !== undefined; digest = served.wanted.shift()) {
      expect(seen.has(digest)).toBe(false)
      seen.add(digest)
      const index = Number.parseInt(digest, 16)
      if (isHeld(index)) served.answer(index)
      else served.server.serveGone('file', digest)
      handles.push(...served.sent())
    }
    const all = Array.from({ length: 1_000 }, (_, index) => index + 1)
    expect(handles).toEqual(all.filter(isHeld))
    expect(served.gone).toEqual(all.filter((index) => !isHeld(index)))
    expect(served.server.asksWaiting).toBe(0)
  })

  it('has room for others as soon as most of what waits is gone, though the first is not answered', () => {
    const served = new Served()
    for (let index = 0; index < ASKS_QUEUED_MAX + 1; index++) served.ask(index)
    expect({ waiting: served.server.asksWaiting, dropped: served.server.asksDropped }).toEqual({
      waiting: ASKS_QUEUED_MAX,
      dropped: 1,
    })
    for (let index = 1; index < ASKS_QUEUED_MAX; index++) served.server.serveGone('file', digestOf(index))
    expect(served.server.asksWaiting).toBeLessThan(ASKS_QUEUED_MAX / 2)
    served.answer(0)
    expect(served.sent()).toEqual([0])
    expect(served.server.asksWaiting).toBe(0)
  })

  it('tells each handle under which what is gone was asked for, and wants it again when it is asked for again', () => {
    const served = new Served()
    for (const handle of [1, 2, 3]) served.ask(5, handle)
    served.ask(5, 4, [{ blockIndex: 1, low: 1, high: 0 }])
    served.server.serveGone('file', digestOf(5))
    expect(served.gone.sort()).toEqual([1, 2, 3, 4])
    served.wanted.length = 0
    served.ask(5, 6)
    expect(served.wanted).toEqual([digestOf(5)])
    served.answer(5)
    expect(served.sent()).toEqual([6])
  })

  it('does not go through its queue for each ask that is gone', () => {
    const served = new Served()
    let looks = 0
    // An ask is looked at through its block.
    const queue = (served.server as unknown as { queue: { block: object }[] }).queue
    for (let index = 0; index < ASKS_QUEUED_MAX; index++) served.ask(index)
    for (const ask of queue) {
      const { block } = ask
      Object.defineProperty(ask, 'block', {
        get: () => {
          looks++
          return block
        },
      })
    }
    for (let index = 1; index < ASKS_QUEUED_MAX; index++) served.server.serveGone('file', digestOf(index))
    expect(looks).toBeLessThan(16 * ASKS_QUEUED_MAX)
  })

  it('keeps so many asks for one block, under however many handles', () => {
    const served = new Served()
    for (let handle = 1; handle <= ASKS_PER_BLOCK_MAX + 10; handle++) served.ask(1, handle)
    expect({ waiting: served.server.asksWaiting, dropped: served.server.asksDropped }).toEqual({
      waiting: ASKS_PER_BLOCK_MAX,
      dropped: 10,
    })
  })
})

describe('datagrams of sessions that are not known', () => {
  it('are answered by 64 resets a second, from however many addresses they come', () => {
    const { endpoint } = new World(1).node('10.0.0.1:1')
    const resetsFor = (count: number, nowMs: number): number => {
      for (let index = 0; index < count; index++) {
        const ping = new Uint8Array(17)
        new DataView(ping.buffer).setUint32(5, index)
        ping[0] = DatagramType.ping
        endpoint.handleDatagram(`10.1.${index >> 8}.${index & 255}:1`, ping, nowMs)
      }
      let resets = 0
      for (let out = endpoint.pollDatagram(nowMs); out !== undefined; out = endpoint.pollDatagram(nowMs))
        if (out.bytes[0] === DatagramType.reset) resets++
      return resets
    }
    const startMs = 5_000
    expect(resetsFor(640, startMs)).toBe(64)
    expect(resetsFor(1, startMs + 999)).toBe(0)
    expect(resetsFor(63, startMs + 1_000)).toBe(63)
    expect(resetsFor(2, startMs + 1_999)).toBe(1)
  })
})
