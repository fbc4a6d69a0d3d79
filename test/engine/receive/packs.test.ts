import { expect, test } from 'vitest'
import { concatBytes } from '../../../src/base/bytes.js'
import { membersOf } from '../../../src/base/pack.js'
import { Engine } from '../../../src/engine/engine.js'
import { crc32, hash } from '../../../src/io/hash.js'
import type { EngineToKeeper } from '../../../src/pipe/messages.js'
import { Endpoint } from '../../../src/rdt/endpoint.js'
import { FrameBuffer } from '../../../src/rdt/pool.js'
import { sealBlock } from '../../../src/seal/frames/frame.js'
import { PlainProtection } from '../../../src/seal/plain.js'
import { SeededRandom } from '../../../src/sim/random.js'
import { contentOf, digestOfContent, OURS, THEIRS } from '../../keeper/share-on-disk.js'

const contents = [contentOf(100, 1), contentOf(200, 2), contentOf(300, 3)]
const digests = contents.map(digestOfContent)
const optionsOf = (peerId: string) => {
  const random = new SeededRandom(peerId.charCodeAt(0))
  return {
    peerId,
    random,
    protection: new PlainProtection({ peerId, random, crc32 }),
    hash,
    crc32,
    window: 'auto' as const,
    agent: 'left test',
    admit: () => true,
    datagramBytesMax: () => 65_507,
    receiveBufferBytes: 1 << 20,
  }
}

/** An engine orders all contents from a peer that serves packs as `forge` makes them, and files by themselves as they are.
 *  Answers what its keeper is told, and how many blocks of which kind were served. */
function receive(forge: (parts: Uint8Array[]) => Uint8Array) {
  const engine = new Engine(optionsOf(OURS), 0)
  const liar = new Endpoint(optionsOf(THEIRS), 0)
  const told: EngineToKeeper[] = []
  const served = { pack: 0, file: 0 }
  let isOrdered = false
  for (let nowMs = 0; nowMs < 20_000; nowMs += 5) {
    if (nowMs === 0) engine.connect('10.0.0.2:1', nowMs)
    engine.handleTimeout(nowMs)
    liar.handleTimeout(nowMs)
    for (let any = true; any; ) {
      any = false
      for (let out = engine.pollDatagram(nowMs); out !== undefined; out = engine.pollDatagram(nowMs)) {
        any = true
        liar.handleDatagrams('10.0.0.1:1', out.bytes.slice(), out.segmentBytes, nowMs)
      }
      for (let event = liar.pollEvent(); event !== undefined; event = liar.pollEvent()) {
        if (event.type !== 'wanted' || (event.kind !== 'pack' && event.kind !== 'file')) continue
        const { session, kind, digest, blockIndex } = event
        served[kind]++
        const parts = membersOf(event.members ?? new Uint8Array(0)).map(
          (one) => contents[digests.indexOf(one)]!,
        )
        const block = kind === 'pack' ? forge(parts) : contents[digests.indexOf(digest)]!
        const frame = new FrameBuffer(sealBlock({ kind, digest, blockIndex }, block, crc32))
        liar.serveBlock(session, { kind, digest, blockIndex }, frame, { isKept: true })
      }
      for (let out = liar.pollDatagram(nowMs); out !== undefined; out = liar.pollDatagram(nowMs)) {
        any = true
        engine.handleDatagrams('10.0.0.2:1', out.bytes.slice(), out.segmentBytes, nowMs)
      }
      for (let message = engine.pollKeeper(); message !== undefined; message = engine.pollKeeper())
        told.push(message)
      const isOpen = [...engine.sessionStats()].length > 0
      if (!isOpen || isOrdered) continue
      isOrdered = true
      for (const [index, { length: sizeBytes }] of contents.entries()) {
        const file = { kind: 'file', digest: digests[index]!, sizeBytes } as const
        const order = {
          type: 'fetch-small',
          fetch: index + 1,
          peer: THEIRS,
          file,
          path: `f${index}`,
        } as const
        engine.handleKeeper(order, nowMs)
      }
      any = true
    }
  }
  const came = told.flatMap((message) => (message.type === 'contents' ? message.files : []))
  came.sort((one, other) => one.fetch - other.fetch)
  return { came: came.map(({ bytes }) => bytes), served }
}

test('a pack that holds what it should is taken as it is', () => {
  const { came, served } = receive(concatBytes)
  expect(came).toEqual(contents)
  expect(served).toEqual({ pack: 1, file: 0 })
})

test.each<[string, (parts: Uint8Array[]) => Uint8Array]>([
  ['the files in another order', (parts) => concatBytes([...parts].reverse())],
  ['one file less', (parts) => concatBytes(parts.slice(1))],
  ['a byte more', (parts) => concatBytes([...parts, Uint8Array.of(0)])],
  ['nothing', () => new Uint8Array(0)],
  [
    'one byte turned in the last file',
    (parts) => concatBytes(parts).map((byte, at) => (at === 599 ? byte ^ 1 : byte)),
  ],
])(
  'a pack that holds %s gives nothing that is not what it should be, and its files are asked for one by one',
  (_, forge) => {
    const { came, served } = receive(forge)
    expect(came).toEqual(contents)
    expect(served.pack).toBeGreaterThan(0)
    expect(served.file).toBe(contents.length)
  },
)
