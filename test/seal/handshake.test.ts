import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeItem, type Node, World } from '../../harness/rdt/world.js'
import { textOf, utf8 } from '../../src/base/bytes.js'
import { BLOCK_BYTES } from '../../src/base/limits.js'
import {
  ANSWERS_STRANGERS_MAX,
  OFFERS_PER_S_MAX,
  UNPROVED_FACTOR_MAX,
} from '../../src/rdt/handshake/limits.js'
import { EARLY_BYTES_MAX } from '../../src/rdt/protection.js'
import { DatagramType, decodeControl, encodeControl } from '../../src/rdt/wire/control.js'
import { FRAMES_PER_KEY_MAX } from '../../src/seal/limits.js'
import { PlainProtection } from '../../src/seal/plain.js'
import { SeededRandom } from '../../src/sim/random.js'
import { StandInKey } from '../../src/sim/stand-ins.js'
import { SealedNode, type SealedNodeOptions } from './world.js'

const A = '10.0.0.1:1'
const B = '10.0.0.2:1'

function pair(
  world: World,
  options: { left?: SealedNodeOptions; right?: SealedNodeOptions } = {},
): [SealedNode, SealedNode] {
  return [SealedNode.make(world, A, options.left), SealedNode.make(world, B, options.right)]
}

/** Whether a request gets through and is answered. */
function talks(world: World, node: Node): boolean {
  if (node.session === undefined) return false
  const before = node.count('reply')
  node.request(Uint8Array.of(7))
  world.run(5_000)
  return node.count('reply') > before
}

/** Hands each datagram from one to the other to `handle`; `send` puts it on the link. */
function tap(world: World, from: string, to: string, handle: (bytes: Uint8Array, send: () => void) => void) {
  const link = world.network.link(from, to)
  const send = link.send.bind(link)
  link.send = (bytes) => handle(bytes, () => send(bytes))
}

/** Early bytes of each asker, said before there was a session. */
function earlyOf(node: Node): (string | undefined)[] {
  return node.events.flatMap((event) =>
    event.type === 'answered' && event.early ? [textOf(event.early)] : [],
  )
}

describe('a sealed handshake', () => {
  it('opens one session on both sides, which know each other’s keys', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(100)
    expect(left.events).toMatchObject([
      { type: 'opened', peerId: right.options.peerId, address: B, fingerprint: right.fingerprint },
    ])
    expect(right.events).toMatchObject([
      { type: 'answered', peerId: left.options.peerId },
      { type: 'opened', peerId: left.options.peerId, address: A, fingerprint: left.fingerprint },
    ])
    expect(talks(world, left)).toBe(true)
  })

  it('uses RSA both ways: each signs once, and checks the other', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(100)
    expect(left.steps).toEqual(['encrypt', 'sign', 'verify'])
    expect(right.steps).toEqual(['verify', 'decrypt', 'sign'])
  })

  it('tells with its last flight what the asker has to say, as it is then, before the asker has its session', () => {
    const world = new World(1, { delayMs: 50 })
    let word = utf8('old')
    const [left, right] = pair(world, { left: { greeting: () => word } })
    left.connect(right)
    world.run(75)
    word = utf8('new')
    world.run(100)
    expect(earlyOf(right)).toEqual(['new'])
    expect(left.count('opened')).toBe(0)
    world.run(500)
    expect(talks(world, left)).toBe(true)
    expect(earlyOf(right)).toEqual(['new'])
  })

  it('and opens all the same where that is lost, changed, doubled, or comes first', () => {
    const isRider = (bytes: Uint8Array) => {
      const decoded = decodeControl(bytes, crc32)
      return decoded.ok && decoded.value.type === 'prove' && decoded.value.step === 4
    }
    const changed = (bytes: Uint8Array) => {
      const decoded = decodeControl(bytes, crc32)
      if (!decoded.ok || decoded.value.type !== 'prove') throw new Error('no flight')
      const flight = decoded.value.flight.slice()
      flight[3]! ^= 1
      return encodeControl({ ...decoded.value, flight }, crc32)
    }
    const whole = utf8('here'.repeat(EARLY_BYTES_MAX / 4))
    const faults: [(string | undefined)[], (bytes: Uint8Array, send: (bytes: Uint8Array) => void) => void][] =
      [
        [[], () => {}],
        [[], (bytes, send) => send(changed(bytes))],
        [[textOf(whole)], (bytes, send) => [bytes, bytes].forEach(send)],
      ]
    for (const [heard, fault] of faults) {
      const world = new World(1, { delayMs: 5 })
      const [left, right] = pair(world, { left: { greeting: () => whole } })
      const link = world.network.link(A, B)
      const send = link.send.bind(link)
      link.send = (bytes) => (isRider(bytes) ? fault(bytes, send) : send(bytes))
      left.connect(right)
      world.run(1_000)
      expect(earlyOf(right)).toEqual(heard)
      expect(talks(world, left)).toBe(true)
    }
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world, { left: { greeting: () => whole } })
    const held: (() => void)[] = []
    tap(world, A, B, (bytes, send) => {
      if (bytes[0] !== DatagramType.prove || isRider(bytes)) send()
      else held.push(send)
      if (isRider(bytes)) for (const sendHeld of held.splice(0)) sendHeld()
    })
    left.connect(right)
    world.run(1_000)
    expect(earlyOf(right)).toEqual([textOf(whole)])
  })

  it('settles on one session that works, when both begin at once and the link loses, doubles and reorders', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.nat(300),
        fc.integer({ min: 0, max: 50 }),
        (seed, laterMs, lossPercent) => {
          const faults = {
            delayMs: 20,
            loss: lossPercent / 100,
            duplication: 0.2,
            reordering: 0.3,
            reorderMs: 300,
          }
          const world = new World(seed, faults)
          const [left, right] = pair(world)
          left.connect(right)
          world.run(laterMs)
          right.connect(left)
          world.run(90_000)
          world.network.shape(A, B, { loss: 0, duplication: 0, reordering: 0 })
          world.run(20_000)
          for (const node of [left, right]) expect(node.count('opened') - node.count('closed')).toBe(1)
          expect([talks(world, left), talks(world, right)]).toEqual([true, true])
        },
      ),
      { numRuns: 60 },
    )
  })

  it('never opens a session that the other side cannot follow, at a third of the datagrams lost', () => {
    for (let seed = 0; seed < 30; seed++) {
      const world = new World(seed, {
        delayMs: 10,
        loss: 0.3,
        duplication: 0.3,
        reordering: 0.3,
        reorderMs: 200,
      })
      const [left, right] = pair(world)
      left.connect(right)
      expect(world.runUntil(() => left.session !== undefined && right.session !== undefined, 120_000)).toBe(
        true,
      )
      world.network.shape(A, B, { loss: 0, duplication: 0, reordering: 0 })
      world.run(2_000)
      expect(talks(world, left)).toBe(true)
    }
  })

  it('opens where the offer comes as an accept before the cookie, which nobody honest does', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    let forgedCount = 0
    const link = world.network.link(B, A)
    const send = link.send.bind(link)
    link.send = (bytes) => {
      const decoded = decodeControl(bytes, crc32)
      if (decoded.ok && decoded.value.type === 'cookie') {
        const { nonce, flight } = decoded.value
        send(encodeControl({ type: 'accept', nonce, step: 1, flight }, crc32))
        forgedCount++
      }
      send(bytes)
    }
    left.connect(right)
    world.run(5_000)
    expect(forgedCount).toBeGreaterThan(0)
    expect(talks(world, left)).toBe(true)
  })

  it('tells two peers of one identity apart, and refuses one that is a copy of the other', () => {
    const signer = new StandInKey(new SeededRandom(9))
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world, { left: { signer }, right: { signer } })
    left.connect(right)
    world.run(200)
    expect(talks(world, left)).toBe(true)
    const copies = new World(1, { delayMs: 5 })
    const own = { signer, peerId: '00000000000000aa' }
    const [one, other] = pair(copies, { left: own, right: own })
    one.connect(other)
    copies.run(10_000)
    expect(one.events).toMatchObject([{ type: 'refused', reason: 'same-peer' }])
    expect(other.events).toMatchObject([{ type: 'refused', reason: 'same-peer' }])
  })

  it('makes one session of two addresses of one peer', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    const [second, leftOnSecond] = ['10.9.0.2:1', '10.9.0.1:1']
    const bridge = (address: string, node: Node, seenAs: string) =>
      world.network.attach(address, (_from, bytes) => {
        node.endpoint.handleDatagram(seenAs, bytes, world.nowMs)
        node.drain()
      })
    bridge(second, right, leftOnSecond)
    bridge(leftOnSecond, left, second)
    left.connect(B)
    left.connect(second)
    world.run(60_000)
    expect(left.count('opened') - left.count('closed')).toBe(1)
    expect(left.count('opened')).toBeLessThanOrEqual(2)
  })
})

describe('whoever is not who he says', () => {
  it('does not get in with a key whose private half he lacks, on either side', () => {
    const victim = new StandInKey(new SeededRandom(5))
    const thief = { modulus: victim.modulus, carryOut: new StandInKey(new SeededRandom(6)).carryOut }
    const own = new StandInKey(new SeededRandom(6))
    const liar = { modulus: thief.modulus, carryOut: own.carryOut.bind(own) }
    for (const options of [{ left: { signer: liar } }, { right: { signer: liar } }]) {
      const world = new World(1, { delayMs: 5 })
      const greeting = () => utf8('names of files')
      const [left, right] = pair(world, {
        left: { ...options.left, greeting },
        right: { ...options.right, greeting },
      })
      left.connect(right)
      world.run(60_000)
      expect(left.count('opened') + right.count('opened')).toBe(0)
      expect([...earlyOf(left), ...earlyOf(right)]).toEqual([])
      expect([...left.trust.pinned, ...right.trust.pinned].filter(([, key]) => key === '')).toEqual([])
    }
  })

  it('and has another key than is known at his address is refused, told of, and asked again later', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(200)
    right.signer = new StandInKey(new SeededRandom(77))
    right.restart()
    world.run(60_000)
    expect(left.session).toBeUndefined()
    expect(left.trust.told).toContain(`refused changed ${B}`)
    expect(left.steps.filter((step) => step === 'sign')).toHaveLength(1)
    left.trust.pinned.set(B, right.fingerprint)
    world.run(15_000)
    expect(talks(world, left)).toBe(true)
  })

  it('gets no RSA out of a peer that does not know him, and no word', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    right.trust.policy = 'pinned'
    left.connect(right)
    world.run(60_000)
    expect(right.steps).toEqual([])
    expect(right.trust.told[0]).toBe(`refused stranger ${A}`)
    expect(left.events).toContainEqual({ type: 'unreachable', address: B, answers: true })
    expect(left.session).toBeUndefined()
  })

  it('at an address that is not admitted gets no answer at all, unless he knows whom he asks', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world, { right: { admit: () => false } })
    left.connect(right)
    world.run(10_000)
    expect(right.endpoint.counters.datagramsOut).toBe(0)
    expect(right.events).toEqual([{ type: 'stranger', address: A }])
    // The same peer, trusted, at an address that nobody named.
    left.trust.pinned.set(B, right.fingerprint)
    right.trust.pinned.set('10.7.7.7:1', left.fingerprint)
    world.run(10_000)
    expect(talks(world, left)).toBe(true)
  })

  it('and speaks without encryption is refused, and both sides say so', () => {
    for (const isPlainAsker of [true, false]) {
      const world = new World(1, { delayMs: 5 })
      const sealed = SealedNode.make(world, A)
      const plain = world.node(B, { protect: (own) => new PlainProtection(own) })
      const [asker, answerer] = isPlainAsker ? [plain, sealed] : [sealed, plain]
      asker.connect(answerer)
      world.run(30_000)
      for (const node of [sealed, plain]) {
        expect(node.events).toMatchObject([{ type: 'refused', reason: 'encryption' }])
        expect(node.session).toBeUndefined()
      }
    }
  })
})

describe('a shared secret', () => {
  const sharedSecret = new Uint8Array(randomBytes(32))

  it('lets those in who hold it, and pins them', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world, { left: { sharedSecret }, right: { sharedSecret } })
    for (const node of [left, right]) node.trust.policy = 'secret'
    left.connect(right)
    world.run(200)
    expect(talks(world, left)).toBe(true)
    expect([left.trust.told, right.trust.told]).toEqual([[`secret ${B}`], [`secret ${A}`]])
  })

  it.each([
    ['holds another', new Uint8Array(32)],
    ['holds none', undefined],
  ])('keeps out who %s', (_who, other) => {
    for (const isAskerWrong of [true, false]) {
      const world = new World(1, { delayMs: 5 })
      const greeting = () => utf8('names of files')
      const wrong = { greeting, ...(other === undefined ? {} : { sharedSecret: other }) }
      const right = { greeting, sharedSecret }
      const [asker, answerer] = pair(
        world,
        isAskerWrong ? { left: wrong, right } : { left: right, right: wrong },
      )
      const holder = isAskerWrong ? answerer : asker
      holder.trust.policy = 'secret'
      asker.connect(answerer)
      world.run(30_000)
      expect(holder.session).toBeUndefined()
      expect([...earlyOf(asker), ...earlyOf(answerer)]).toEqual([])
      expect(holder.trust.told[0]).toMatch(/^refused secret/)
      expect(holder.trust.pinned.size).toBe(0)
    }
  })

  it('does not matter between those who trust each other already', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world, { left: { sharedSecret } })
    left.trust.policy = 'secret'
    left.trust.pinned.set(B, right.fingerprint)
    left.connect(right)
    world.run(200)
    expect(talks(world, left)).toBe(true)
  })
})

describe('a peer that was met before', () => {
  it('comes back in one round trip, without RSA, with fresh keys', () => {
    const world = new World(1, { delayMs: 50 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(1_000)
    const steps = left.steps.length + right.steps.length
    left.events.length = 0
    right.endpoint.disconnect(A, world.nowMs)
    right.drain()
    world.run(50)
    expect(left.session).toBeUndefined()
    world.run(101)
    expect(left.events.at(-1)).toMatchObject({ type: 'opened', fingerprint: right.fingerprint })
    expect(left.steps.length + right.steps.length).toBe(steps)
    expect(talks(world, left)).toBe(true)
  })

  it('gets fresh keys when the old ones have sealed as much as they may, in one round trip', () => {
    const world = new World(1, { delayMs: 50 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(1_000)
    const session = left.session!
    const frames = left.endpoint.framesOf(session)!
    const digest = 'ab'.repeat(32)
    const seal = (blockIndex: number) => frames.seal({ kind: 'file', digest, blockIndex }, Uint8Array.of(1))
    for (let count = 0; count < FRAMES_PER_KEY_MAX - 1; count++) seal(count)
    world.run(60_000)
    expect(left.session).toBe(session)
    const steps = left.steps.length
    seal(FRAMES_PER_KEY_MAX)
    world.run(60_000)
    expect(left.session).not.toBe(session)
    expect(left.events.filter(({ type }) => type === 'closed')).toMatchObject([{ reason: 'worn' }])
    expect(left.steps).toHaveLength(steps)
    expect(talks(world, left)).toBe(true)
  })

  it('and has forgotten that, for it was restarted, is met anew at once', () => {
    for (let seed = 0; seed < 20; seed++) {
      const world = new World(seed, { delayMs: 5, loss: 0.1 })
      const [left, right] = pair(world)
      left.connect(right)
      world.run(5_000)
      right.restart()
      left.request(Uint8Array.of(1))
      world.run(12_000)
      expect(talks(world, left)).toBe(true)
    }
  })

  it('is told with the hello what the asker has to say, as it is then, and once', () => {
    const world = new World(1, { delayMs: 50 })
    let word = utf8('old')
    const [left, right] = pair(world, { left: { greeting: () => word } })
    left.connect(right)
    world.run(1_000)
    expect(earlyOf(right)).toEqual(['old'])
    right.events.length = 0
    const { faults } = world.network.link(A, B)
    const hellos: Uint8Array[] = []
    tap(world, A, B, (bytes, send) => {
      if (bytes[0] === DatagramType.hello) hellos.push(bytes.slice())
      send()
    })
    faults.loss = 1
    right.endpoint.disconnect(A, world.nowMs)
    right.drain()
    world.run(2_500)
    const [before] = hellos.splice(0)
    expect(before).toBeDefined()
    word = utf8('new')
    faults.loss = 0
    world.run(6_000)
    expect(earlyOf(right)).toEqual(['new'])
    // Neither the key of it nor its text are used twice.
    const [after] = hellos
    const bodyOf = (hello: Uint8Array) => {
      const decoded = decodeControl(hello, crc32)
      if (!decoded.ok || decoded.value.type !== 'hello') throw new Error('no hello')
      return decoded.value
    }
    expect(bodyOf(after!).nonce).not.toEqual(bodyOf(before!).nonce)
    expect(bodyOf(after!).flight.subarray(16, 48)).not.toEqual(bodyOf(before!).flight.subarray(16, 48))
    for (const hello of [before!, after!]) right.endpoint.handleDatagram(A, hello, world.nowMs)
    right.drain()
    expect(earlyOf(right)).toEqual(['new'])
  })

  it('is believed to be where it says only at the address at which its ticket was made', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world, { left: { greeting: () => utf8('here') } })
    left.connect(right)
    world.run(200)
    let hello: Uint8Array | undefined
    tap(world, A, B, (bytes, send) => {
      if (bytes[0] === DatagramType.hello) hello ??= bytes.slice()
      else send()
    })
    right.endpoint.disconnect(A, world.nowMs)
    right.drain()
    world.run(100)
    const answers: Uint8Array[] = []
    const elsewhere = '10.0.0.9:1'
    right.trust.pinned.set(elsewhere, left.fingerprint)
    right.events.length = 0
    right.endpoint.handleDatagram(elsewhere, hello!, world.nowMs)
    const poll = () => right.endpoint.pollDatagram(world.nowMs)
    for (let out = poll(); out !== undefined; out = poll()) answers.push(out.bytes)
    const bytes = answers.reduce((sum, answer) => sum + answer.length, 0)
    expect(bytes).toBeGreaterThan(0)
    expect(bytes).toBeLessThanOrEqual(hello!.length)
    expect(right.events.filter((event) => event.type === 'answered' && event.early)).toEqual([])
  })

  it('and is not trusted any more does not come back that way', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(200)
    right.trust.pinned.clear()
    right.trust.policy = 'pinned'
    right.endpoint.disconnect(A, world.nowMs)
    right.drain()
    world.run(30_000)
    expect(left.session).toBeUndefined()
  })

  it('takes no harm from a replay of its first flight, from wherever it comes', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(200)
    const hellos: Uint8Array[] = []
    tap(world, A, B, (bytes, send) => {
      if (bytes[0] === DatagramType.hello) hellos.push(bytes.slice())
      send()
    })
    right.endpoint.disconnect(A, world.nowMs)
    right.drain()
    world.run(200)
    expect(hellos).toHaveLength(1)
    const opened = right.count('opened')
    for (const from of [A, '10.0.0.9:1', '10.0.0.9:2']) {
      for (let count = 0; count < 5; count++) right.endpoint.handleDatagram(from, hellos[0]!, world.nowMs)
      right.drain()
    }
    world.run(60_000)
    expect(right.count('opened')).toBe(opened)
    expect(talks(world, left)).toBe(true)
  })
})

describe('datagrams that were recorded or made up', () => {
  it('of a whole handshake and session, played again, open nothing and change nothing', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    const recorded: Uint8Array[] = []
    tap(world, A, B, (bytes, send) => {
      recorded.push(bytes.slice())
      send()
    })
    left.connect(right)
    world.run(200)
    left.request(Uint8Array.of(1))
    world.run(200)
    const events = right.events.length
    for (let round = 0; round < 3; round++)
      for (const bytes of recorded) right.endpoint.handleDatagram(A, bytes, world.nowMs)
    right.drain()
    world.run(100)
    expect(right.events.length).toBe(events)
    expect(talks(world, left)).toBe(true)
    // And against the process that comes after it.
    right.restart()
    right.events.length = 0
    for (const bytes of recorded) right.endpoint.handleDatagram(A, bytes, world.nowMs)
    right.drain()
    expect(right.count('opened') + right.count('request')).toBe(0)
  })

  it('of a handshake whose session is over meet another key, and seal nothing with the old one', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    const [asked, answered]: [Uint8Array[], Uint8Array[]] = [[], []]
    tap(world, A, B, (bytes, send) => {
      asked.push(bytes.slice())
      send()
    })
    tap(world, B, A, (bytes, send) => {
      answered.push(bytes.slice())
      send()
    })
    left.connect(right)
    world.run(100)
    left.endpoint.disconnect(B, world.nowMs)
    left.drain()
    world.run(100)
    expect(right.session).toBeUndefined()
    const ofType = (datagrams: readonly Uint8Array[], type: number) =>
      datagrams.filter(([first]) => first === type)
    const steps = right.steps.length
    answered.length = 0
    for (const type of [DatagramType.open, DatagramType.prove])
      for (const bytes of ofType(asked, type)) right.endpoint.handleDatagram(A, bytes, world.nowMs)
    right.drain()
    world.run(100)
    const accepts = ofType(answered, DatagramType.accept).map((bytes) => decodeControl(bytes, crc32))
    expect(accepts).toMatchObject([{ ok: true, value: { type: 'accept', step: 1 } }])
    expect(right.steps.length).toBe(steps)
    expect(right.count('opened')).toBe(1)
  })

  it('with one bit turned are dropped: what they said is repaired, and nothing else ever arrives', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(), fc.integer({ min: 3, max: 40 }), (seed, draw, everyWhich) => {
        const world = new World(seed, { delayMs: 5 })
        // A frame is one datagram, or a third of its segments turned would be more than any repair bears.
        const wide = { datagramBytesMax: () => 65_507 }
        const [left, right] = pair(world, { left: wide, right: wide })
        let count = 0
        for (const [from, to] of [
          [A, B],
          [B, A],
        ] as const) {
          tap(world, from, to, (bytes, send) => {
            if (count++ % everyWhich === 0) {
              const bit = (draw + count * 7_919) % (8 * bytes.length)
              bytes[bit >> 3]! ^= 1 << (bit & 7)
            }
            send()
          })
        }
        const item = makeItem(200_000, seed)
        right.hold(item)
        left.connect(right)
        const isWide = () => (left.endpoint.stats(left.session ?? -1)?.pathBytes ?? 0) > BLOCK_BYTES
        expect(world.runUntil(isWide, 600_000)).toBe(true)
        left.pull(item.ref)
        expect(world.runUntil(() => left.has(item.ref), 600_000)).toBe(true)
        expect(Buffer.from(left.pulled.get(item.ref.digest)!.bytes!).equals(item.bytes)).toBe(true)
        const bodies = [...left.events, ...right.events].filter(({ type }) => type === 'request')
        expect(bodies).toEqual([])
      }),
      { numRuns: 40 },
    )
  })

  it('that say “I know no such session” do not end one that is alive', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    left.connect(right)
    world.run(200)
    let seen: Uint8Array | undefined
    tap(world, A, B, (bytes, send) => {
      if (bytes[0]! >= DatagramType.ping) seen = bytes.slice()
      send()
    })
    left.request(Uint8Array.of(1))
    world.run(100)
    const view = new DataView(seen!.buffer)
    const session = { high: view.getUint32(1), low: view.getUint32(5) }
    for (let count = 0; count < 20; count++) {
      left.endpoint.handleDatagram(B, encodeControl({ type: 'reset', session }, crc32), world.nowMs)
      left.drain()
      world.run(1_000)
    }
    expect(left.count('closed')).toBe(0)
    expect(talks(world, left)).toBe(true)
  })
})

describe('a flood', () => {
  /** An asker that has proved its address and sends nothing but first flights. */
  function openFrom(node: Node, from: string, seed: number): { hello: Uint8Array; answer: Uint8Array[] } {
    const nonce = new SeededRandom(seed).bytes(8)
    const common = { agent: 'left', nonce, suite: 'sealed', introduction: new Uint8Array(16) } as const
    const hello = encodeControl({ type: 'hello', version: 1, ...common, flight: new Uint8Array(0) }, crc32)
    const say = (bytes: Uint8Array) => {
      node.endpoint.handleDatagram(from, bytes, 0)
      const out: Uint8Array[] = []
      for (let next = node.endpoint.pollDatagram(0); next !== undefined; next = node.endpoint.pollDatagram(0))
        out.push(next.bytes)
      return out
    }
    const cookie = decodeControl(say(hello)[0]!, crc32)
    if (!cookie.ok || cookie.value.type !== 'cookie') throw new Error('no cookie')
    const flight = new SeededRandom(seed + 1).bytes(160)
    const open = encodeControl({ type: 'open', ...common, cookie: cookie.value.cookie, flight }, crc32)
    const answer = say(open)
    const sent = [...answer].reduce((sum, bytes) => sum + bytes.length, 0)
    expect(sent).toBeLessThanOrEqual(UNPROVED_FACTOR_MAX * open.length)
    return { hello, answer }
  }

  it('of hellos is answered with less than three times its bytes, and with few offers', () => {
    const world = new World(1)
    const node = SealedNode.make(world, A)
    let offers = 0
    for (let index = 0; index < 3 * OFFERS_PER_S_MAX; index++) {
      const hello = {
        type: 'hello',
        version: 1,
        agent: '',
        nonce: new SeededRandom(index).bytes(8),
        suite: 'sealed',
        introduction: new Uint8Array(16),
        flight: new SeededRandom(index + 1).bytes(160),
      } as const
      const bytes = encodeControl(hello, crc32)
      node.endpoint.handleDatagram(`10.0.${index & 255}.7:9`, bytes, 0)
      const answer = node.endpoint.pollDatagram(0)!.bytes
      expect(answer.length).toBeLessThanOrEqual(UNPROVED_FACTOR_MAX * bytes.length)
      const cookie = decodeControl(answer, crc32)
      if (!cookie.ok || cookie.value.type !== 'cookie') throw new Error('no cookie')
      if (cookie.value.flight.length > 0) offers++
    }
    expect(offers).toBe(OFFERS_PER_S_MAX)
    expect(node.steps).toEqual([])
  })

  it('of first packets performs no RSA, is answered with less than three times its bytes, and is bounded', () => {
    const world = new World(1)
    const node = SealedNode.make(world, A)
    let answered = 0
    for (let index = 0; index < 3 * ANSWERS_STRANGERS_MAX; index++) {
      const from = `10.${index >> 8}.${index & 255}.7:9`
      answered += openFrom(node, from, index).answer.length
    }
    expect(answered).toBeGreaterThan(0)
    expect(answered).toBeLessThanOrEqual(ANSWERS_STRANGERS_MAX)
    expect(node.steps).toEqual([])
    expect(node.session).toBeUndefined()
  })

  it('from elsewhere does not keep out a peer that we call ourselves', () => {
    const world = new World(1, { delayMs: 5 })
    const [left, right] = pair(world)
    for (let index = 0; index < 2 * ANSWERS_STRANGERS_MAX; index++)
      openFrom(right, `10.9.${index >> 8}.${index & 255}:9`, index)
    right.connect(left)
    left.connect(right)
    world.run(5_000)
    expect(talks(world, left)).toBe(true)
  })
})
