// Handshakes that cost the target more than whoever begins them: opens of one named address at a high rate, pending
// handshakes from many ports of one host, and refusals that anybody on the way could have written.

import { equalBytes } from '../../base/bytes.js'
import { WIRE_VERSION } from '../../base/limits.js'
import { crc32 } from '../../io/hash.js'
import { SystemRandom } from '../../io/random.js'
import { decodeControl, encodeControl } from '../../rdt/wire/control.js'
import { type Attack, sleep } from '../attack.js'
import type { Attacker } from '../attacker.js'
import {
  OPENS_COUNT,
  OPENS_CPU_PART_MAX,
  OPENS_MS,
  OPENS_MS_QUICK,
  OPENS_PER_S,
  PENDING_PER_PORT,
  PENDING_PORTS,
} from '../limits.js'

const random = new SystemRandom()

export const openFlood: Attack = {
  name: 'a flood of opens',
  only: 'yes',
  async run({ target, quick, attacker: open }) {
    const durationMs = quick ? OPENS_MS_QUICK : OPENS_MS
    const named = await open()
    const opens = await opensOf(named, OPENS_COUNT, false)
    const honest = await open()
    const startedMs = performance.now()
    const cpuBefore = target.cpuSeconds()
    // One attempt may lose its place among so many; the next one is another draw. The flood goes on meanwhile.
    let isLetIn: boolean | undefined
    const connecting = honest.getsIn().then((isIn) => {
      isLetIn = isIn
    })
    let sentCount = 0
    while (isLetIn === undefined || performance.now() - startedMs < durationMs) {
      const dueCount = ((performance.now() - startedMs) * OPENS_PER_S) / 1_000
      for (; sentCount < dueCount; sentCount++) named.send(opens[sentCount % opens.length]!)
      await sleep(5)
    }
    const seconds = (performance.now() - startedMs) / 1_000
    const cpuPart = (target.cpuSeconds() - cpuBefore) / seconds
    await connecting
    return {
      fault:
        cpuPart > OPENS_CPU_PART_MAX
          ? `it takes ${Math.round(cpuPart * 100)}% of a core`
          : isLetIn
            ? undefined
            : 'a peer did not get through meanwhile',
      seen: `${Math.round(sentCount / seconds)} opens a second of a named address: ${Math.round(cpuPart * 100)}% of a core`,
    }
  },
}

export const pendingFlood: Attack = {
  name: 'pending handshakes of one host',
  only: 'yes',
  async run({ target, attacker: open }) {
    const { acquaintance, trusted } = target.guises
    const others = await Promise.all(
      Array.from({ length: PENDING_PORTS }, () => open({ host: target.stranger, guise: acquaintance })),
    )
    const opens = await Promise.all(others.map((other) => opensOf(other, PENDING_PER_PORT, true)))
    // As fast as strangers may begin any, and more than once: some are dropped.
    for (let round = 0; round < PENDING_PER_PORT; round++) {
      for (let again = 0; again < 2; again++) {
        for (const [index, other] of others.entries()) {
          const open = opens[index]![round]
          if (open !== undefined) other.send(open)
        }
        await sleep(600)
      }
    }
    const roaming = await open({ host: target.elsewhere(90), guise: trusted[0]!.guise })
    const isLetIn = await roaming.connect(5_000)
    return {
      fault: isLetIn ? undefined : 'a trusted peer of another host did not get in',
      seen: `${PENDING_PORTS} ports with ${PENDING_PER_PORT} pending handshakes each`,
    }
  },
}

export const forgedRefusal: Attack = {
  name: 'forged refusals',
  isCalled: true,
  only: 'yes',
  async run({ target, attacker: open }) {
    const forger = await open()
    const saidBefore = target.said.length
    let helloCount = 0
    let openCount = 0
    const nonces: Uint8Array[] = []
    forger.onHello = (bytes) => {
      const hello = decodeControl(bytes, crc32)
      if (!hello.ok || hello.value.type !== 'hello') return
      helloCount++
      const { nonce } = hello.value
      nonces.push(nonce.slice())
      const agent = 'left 0.1.0'
      forger.send(
        encodeControl({ type: 'refuse', version: WIRE_VERSION, agent, nonce, reason: 'encryption' }, crc32),
      )
      // And so does the peer that is really there, a moment later.
      const cookie = random.bytes(16)
      const flight = forger.initiator.offer(hello.value)
      if (flight !== undefined) forger.send(encodeControl({ type: 'cookie', nonce, cookie, flight }, crc32))
    }
    await forger.replies.waitFor(({ control }) => {
      if (control?.type === 'open' && nonces.some((nonce) => equalBytes(nonce, control.nonce))) openCount++
      return openCount > 0
    }, 12_000)
    await sleep(100)
    const words = target.said
      .slice(saidBefore)
      .flatMap(({ event, reason }) => (event === 'refused' ? [String(reason)] : []))
    const advice = words.find((reason) => !reason.includes('proves nothing'))
    return {
      fault:
        helloCount === 0
          ? 'the target did not call'
          : openCount === 0
            ? 'a forged refusal ends the attempt'
            : advice !== undefined
              ? `it believes them: ${advice.slice(0, 100)}`
              : undefined,
      seen: `${helloCount} calls refused in the name of a peer, then answered`,
    }
  },
}

/** Anybody can make flight 2, and datagrams may come in any order: here it comes as an accept, before the cookie. */
export const earlyOffer: Attack = {
  name: 'an offer before the cookie',
  only: 'yes',
  isCalled: true,
  async run({ target, attacker: open }) {
    const forger = await open()
    let helloCount = 0
    forger.onHello = (bytes) => {
      const hello = decodeControl(bytes, crc32)
      if (!hello.ok || hello.value.type !== 'hello') return
      const nonce = hello.value.nonce.slice()
      const body = forger.initiator.offer(hello.value)
      if (body === undefined) return
      helloCount++
      forger.send(encodeControl({ type: 'accept', nonce, step: 2, flight: body }, crc32))
      forger.send(encodeControl({ type: 'cookie', nonce, cookie: random.bytes(16), flight: body }, crc32))
    }
    let openCount = 0
    await forger.replies.waitFor(({ control }) => {
      if (control?.type === 'open') openCount++
      return openCount > 1 || !target.isRunning
    }, 12_000)
    return {
      fault: helloCount === 0 ? 'the target did not call' : undefined,
      seen: `${helloCount} calls answered in another order, ${openCount} of them gone on with`,
    }
  },
}

/** Opens with cookies that hold, each of a handshake of its own. Those that are not honest cost the target a look. */
async function opensOf(attacker: Attacker, count: number, areHonest: boolean): Promise<Uint8Array[]> {
  const { initiator } = attacker
  const opens: Uint8Array[] = []
  for (let index = 0; index < count; index++) {
    const begun = initiator.begin()
    const cookie = await initiator.askCookie(begun.hello, COOKIE_MS_MAX)
    if (cookie === undefined) continue
    const open = areHonest
      ? await initiator.honestOpen(begun, cookie)
      : initiator.openWith(begun.hello, cookie.cookie)
    if (open !== undefined) opens.push(open)
  }
  return opens
}

const COOKIE_MS_MAX = 4_000
