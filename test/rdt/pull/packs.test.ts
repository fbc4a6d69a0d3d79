import { describe, expect, it } from 'vitest'
import { makeItem, openPair, World } from '../../../harness/rdt/world.js'
import { hexOf } from '../../../src/base/bytes.js'
import { BundlePool, FrameBuffer } from '../../../src/rdt/pool.js'
import { FrameCache } from '../../../src/rdt/serve/framecache.js'
import { PACKS_REMEMBERED_MAX } from '../../../src/rdt/serve/limits.js'
import { Server } from '../../../src/rdt/serve/server.js'

describe('a pack', () => {
  it('is asked for with what it holds, so that whoever serves it can tell, whatever is lost', () => {
    for (const loss of [0, 0.1, 0.5]) {
      const faults = { rateBitPerS: 20e6, delayMs: 5, queueBytes: 256 * 1024, mtuBytes: 1_500, loss }
      const { left, right } = openPair(new World(7, faults), {})
      const packs = Array.from({ length: 40 }, (_, index) => {
        const { ref, bytes } = makeItem(60_000, index)
        return { ref: { ...ref, kind: 'pack', members: new Uint8Array(512).fill(index + 1) } as const, bytes }
      })
      const told = new Map(packs.map(({ ref }) => [ref.digest, hexOf(ref.members)]))
      let wanted = 0
      right.onEvent = (event) => {
        if (event.type !== 'wanted') return
        wanted++
        expect(hexOf(event.members!)).toBe(told.get(event.digest))
      }
      for (const pack of packs) right.hold(pack)
      for (const { ref } of packs) left.pull(ref, 'small')
      expect(left.world.runUntil(() => packs.every(({ ref }) => left.has(ref)), 600_000)).toBe(true)
      expect(wanted).toBeGreaterThanOrEqual(packs.length)
      for (const { ref, bytes } of packs)
        expect(Buffer.compare(left.pulled.get(ref.digest)!.bytes!, bytes)).toBe(0)
    }
  })
})

describe('a server', () => {
  it('remembers what so many packs hold, and drops an ask for one that it does not know', () => {
    const wanted: string[] = []
    const host = {
      frames: new FrameCache(),
      bundles: new BundlePool(),
      datagramBytesMax: 1_472,
      handleWanted: ({ digest }: { readonly digest: string }) => void wanted.push(digest),
      sendGone: () => {},
    }
    const server = new Server(host, { high: 1, low: 2 }, '')
    const digestOf = (index: number) => new Uint8Array(32).fill(index & 255).fill(index >> 8, 0, 1)
    const ask = (index: number, members: Uint8Array) => {
      const asks = [{ blockIndex: 0, low: 1, high: 0 }]
      const group = {
        handle: index,
        kind: 'pack',
        digest: digestOf(index),
        members,
        segmentBytes: 1_232,
        asks,
      }
      server.handleRequest({ session: { high: 1, low: 2 }, number: 1, groups: [group as never] })
      const name = { kind: 'pack', digest: hexOf(digestOf(index)), blockIndex: 0 } as const
      server.serveBlock(name, new FrameBuffer(new Uint8Array(10)), { isKept: true })
      while (server.pollSegments() !== undefined);
      host.frames.dropPrefix('')
    }
    for (let index = 0; index <= PACKS_REMEMBERED_MAX; index++) ask(index, new Uint8Array(64).fill(1))
    wanted.length = 0
    ask(0, new Uint8Array(0))
    expect({ wanted, dropped: server.asksDropped }).toEqual({ wanted: [], dropped: 1 })
    ask(1, new Uint8Array(0))
    expect({ wanted, dropped: server.asksDropped }).toEqual({ wanted: [hexOf(digestOf(1))], dropped: 1 })
  })
})
