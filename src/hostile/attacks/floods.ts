// Handshakes that are begun and never ended: a flood of first packets from many ports, opens with cookies that were
// never given, garbage, and what strangers send. Nothing is kept for them, they get at most three times their bytes,
// and an honest peer gets through meanwhile.

import { crc32 } from '../../io/hash.js'
import { SystemRandom } from '../../io/random.js'
import { encodeControl } from '../../rdt/wire/control.js'
import { NONCE_BYTES } from '../../rdt/wire/limits.js'
import { type Attack, type AttackResult, type Ground, sleep } from '../attack.js'
import type { Attacker } from '../attacker.js'
import { newSession } from '../initiator.js'
import { ANSWER_RATIO_MAX, FLOOD_SOCKETS, HALF_OPEN_COUNT, HALF_OPEN_COUNT_QUICK } from '../limits.js'

const random = new SystemRandom()

export const helloFlood: Attack = {
  name: 'half-open handshakes',
  async run(ground) {
    const count = ground.quick ? HALF_OPEN_COUNT_QUICK : HALF_OPEN_COUNT
    const sockets = await openSockets(ground, ground.quick ? 8 : FLOOD_SOCKETS)
    // A nonce makes it another attempt. With keys of its own each hello would take the attacker longer than the target, and
    // keep the attacks that run beside this one from their sockets.
    const hellos = sockets.map((socket) => ({ socket, hello: socket.initiator.hello() }))
    for (let sent = 0; sent < count; sent += sockets.length) {
      for (const { socket, hello } of hellos)
        socket.send(encodeControl({ ...hello, nonce: random.bytes(NONCE_BYTES) }, crc32))
      if (sent % (sockets.length * 16) === 0) await sleep(0)
    }
    const startedMs = performance.now()
    const honest = await ground.attacker()
    const isLetIn = await honest.getsIn()
    const tookMs = Math.round(performance.now() - startedMs)
    await sleep(200)
    const finding = ratioOf(
      sockets,
      `${count} first packets of ${sockets.length} ports; a peer got in after ${tookMs} ms`,
    )
    return isLetIn ? finding : { ...finding, fault: 'a peer did not get through meanwhile' }
  },
}

export const unproved: Attack = {
  name: 'amplification',
  async run(ground) {
    const sockets = await openSockets(ground, 8)
    const kinds: ((socket: Attacker) => Uint8Array)[] = [
      (socket) => encodeControl({ ...socket.initiator.hello(), agent: '' }, crc32),
      (socket) => encodeControl({ ...socket.initiator.hello(), agent: '', version: 1 }, crc32),
      (socket) => encodeControl({ ...socket.initiator.hello(), version: 65_535 }, crc32),
      (socket) => socket.initiator.openWith(socket.initiator.hello(), random.bytes(16)),
      () => encodeControl({ type: 'ping', session: newSession(), number: 1 }, crc32),
      () => encodeControl({ type: 'probe', session: newSession(), bytes: 65_000 }, crc32),
      () => encodeControl({ type: 'bye', session: newSession() }, crc32),
      () => Uint8Array.of(16, ...random.bytes(20)),
      () => Uint8Array.of(12, ...random.bytes(30)),
      () => random.bytes(1),
      () => random.bytes(9),
      () => random.bytes(1_200),
      () => new Uint8Array(0),
    ]
    for (const [index, make] of kinds.entries()) {
      const socket = sockets[index % sockets.length]!
      const answeredBefore = socket.answeredBytes
      const sentBefore = socket.sentBytes
      for (let count = 0; count < 100; count++) socket.send(make(socket))
      await sleep(30)
      const ratio = (socket.answeredBytes - answeredBefore) / Math.max(1, socket.sentBytes - sentBefore)
      if (ratio > ANSWER_RATIO_MAX)
        return { fault: `kind ${index} is answered ${ratio.toFixed(1)} times`, seen: '', isUnproved: true }
    }
    return ratioOf(sockets, `${kinds.length} kinds of first packets, 100 of each`)
  },
}

export const strangers: Attack = {
  name: 'strangers',
  async run({ target, attacker: open }) {
    const stranger = await open({ host: target.stranger, guise: target.guises.stranger })
    const isLetIn = await stranger.connect(500)
    for (let count = 0; count < 1_000; count++) stranger.send(random.bytes(1 + (count % 1_400)))
    await sleep(200)
    const isAnswered = isLetIn || stranger.answeredBytes > 0
    return {
      fault: isAnswered ? 'an address that nobody named was answered' : undefined,
      seen: 'a handshake and garbage of an address that is not named',
      isUnproved: true,
    }
  },
}

/** A peer that knows the target's key may prove its own key, from any address; that key must then be a trusted one.
 */
export const otherKeys: Attack = {
  name: 'keys that are not trusted',
  only: 'yes',
  async run({ target, quick, attacker: open }) {
    const guise = target.guises.acquaintance
    const friend = await open()
    if (!(await friend.connect())) return { fault: 'a peer did not get in', seen: '' }
    const { port } = friend
    await friend.close()
    const inItsPlace = await open({ port, guise })
    const elsewhere = await Promise.all(
      Array.from({ length: quick ? 4 : 16 }, () => open({ host: target.stranger, guise })),
    )
    const others = [inItsPlace, ...elsewhere]
    const areLetIn = await Promise.all(others.map((other) => other.connect(2_000)))
    const isTold = (event: string) => target.said.some((said) => said.event === event)
    const finding = ratioOf(others, `${others.length} handshakes, one of them where another key is known`)
    if (areLetIn.includes(true)) return { ...finding, fault: 'somebody was let in whose key is not trusted' }
    return isTold('refused') && isTold('key-changed')
      ? finding
      : { ...finding, fault: 'it does not say whom it refuses' }
  },
}

export const slowHandshake: Attack = {
  name: 'slow handshake',
  waits: true,
  async run({ quick, attacker: open }) {
    // Cookies are shown late: after more than two of their periods.
    const slow = await open()
    const hello = slow.initiator.hello()
    const cookie = (await slow.initiator.askCookie(hello))?.cookie
    if (cookie === undefined) return { fault: 'a hello was not answered', seen: '' }
    // And addresses are proved with which nobody goes on.
    const lazy = await Promise.all(Array.from({ length: 20 }, () => open()))
    await Promise.all(
      lazy.map(async (socket) => {
        const own = socket.initiator.hello()
        const proof = await socket.initiator.askCookie(own)
        if (proof !== undefined) socket.send(socket.initiator.openWith(own, proof.cookie))
      }),
    )
    await sleep(quick ? 200 : 20_500)
    const honest = await open()
    const isLetIn = await honest.getsIn()
    const cameBefore = slow.came.length
    if (!quick) slow.send(slow.initiator.openWith(hello, cookie))
    const wrong = slow.initiator.openWith(slow.initiator.hello(), cookie)
    slow.send(wrong)
    await sleep(200)
    const isTaken = slow.came.length > cameBefore
    return {
      fault: isTaken
        ? 'a stale cookie was taken'
        : isLetIn
          ? undefined
          : 'a peer did not get through meanwhile',
      seen: `20 addresses proved with which nobody goes on, a cookie ${quick ? 'of another attempt' : 'of 20 s ago'}`,
    }
  },
}

function openSockets({ attacker }: Ground, count: number): Promise<Attacker[]> {
  return Promise.all(Array.from({ length: count }, () => attacker()))
}

function ratioOf(sockets: readonly Attacker[], seen: string): AttackResult {
  let sentBytes = 0
  let answeredBytes = 0
  for (const socket of sockets) {
    sentBytes += socket.sentBytes
    answeredBytes += socket.answeredBytes
  }
  const ratio = answeredBytes / Math.max(1, sentBytes)
  const fault = ratio > ANSWER_RATIO_MAX ? `answers ${ratio.toFixed(2)} times what it is sent` : undefined
  return { fault, seen, isUnproved: true }
}
