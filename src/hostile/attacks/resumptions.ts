// Hellos that resume a session, in other hands: sent back to whoever said them, sent on from another address, and played again
// after a restart.

import { crc32 } from '../../io/hash.js'
import { DatagramType, encodeControl } from '../../rdt/wire/control.js'
import { type Attack, sleep } from '../attack.js'
import type { Attacker } from '../attacker.js'
import { HELD_MS, REFLECTED_LATE_MS, REFLECTION_MS } from '../limits.js'
import type { Target } from '../target.js'

/** Smaller than the target's id and larger: which of two sessions stays depends on that. */
const PEER_IDS = ['0000000000000e01', 'fffffffffffffe01']

export const reflectedResumption: Attack = {
  name: 'resumption reflected',
  only: 'yes',
  isCalled: true,
  async run({ target, attacker: open }) {
    for (const peerId of PEER_IDS)
      for (const lateMs of [0, REFLECTED_LATE_MS]) {
        const attacker = await open({ peerId })
        const fault = await reflect(target, attacker, { lateMs, heldMs: lateMs, forMs: REFLECTION_MS })
        await attacker.close()
        if (fault !== undefined) return { fault: `${fault}, ${lateMs} ms late, as ${peerId}`, seen: '' }
      }
    return { fault: undefined, seen: 'both orders of peer ids, at once and 320 ms late' }
  },
}

/** Until the session that the answerer has made of it is over. */
export const heldAccept: Attack = {
  name: 'an accept held and reflected',
  only: 'yes',
  isCalled: true,
  waits: true,
  async run({ target, quick, attacker: open }) {
    const heldMs = quick ? HELD_MS.quick : HELD_MS.full
    for (const peerId of PEER_IDS) {
      const attacker = await open({ peerId: peerId.replace('e01', 'e02') })
      const forMs = heldMs + REFLECTION_MS
      const fault = await reflect(target, attacker, { lateMs: 0, heldMs, forMs })
      await attacker.close()
      if (fault !== undefined) return { fault, seen: '' }
    }
    return { fault: undefined, seen: `both orders of peer ids, held for ${heldMs / 1_000} s` }
  },
}

/** Ends a session and returns all that the target says then; answers what is wrong with what it makes of it. */
async function reflect(
  target: Target,
  attacker: Attacker,
  { lateMs, heldMs, forMs }: { readonly lateMs: number; readonly heldMs: number; readonly forMs: number },
): Promise<string | undefined> {
  const toldBefore = target.said.length
  // The target asks with a ticket once it has heard the peer.
  if (!(await attacker.getsIn()) || !(await attacker.isAlive())) return 'a peer did not get in'
  const isConnected = ({ event, peer }: { event: string; peer?: unknown }) =>
    event === 'connected' && peer === attacker.peerId
  const isTold = () => target.said.slice(toldBefore).some(isConnected)
  if (!(await target.says(isTold, 5_000))) return 'it does not say who is connected'
  const saidBefore = target.said.length
  attacker.came.length = 0
  let helloCount = 0
  attacker.onHello = (bytes) => {
    helloCount++
    const own = Uint8Array.from(bytes)
    setTimeout(() => attacker.send(own), lateMs)
  }
  attacker.control({ type: 'bye', session: attacker.session!.remote })
  attacker.session = undefined
  const endMs = performance.now() + forMs
  while (performance.now() < endMs) {
    for (const bytes of attacker.came.splice(0)) {
      const own = Uint8Array.from(bytes)
      setTimeout(() => attacker.send(own), own[0] === DatagramType.accept ? heldMs : lateMs)
    }
    await sleep(2)
  }
  if (helloCount === 0) return 'the target did not call'
  const isTaken = target.said.slice(saidBefore).some(isConnected)
  return isTaken ? 'it takes its own words for its peer’s' : undefined
}

export const relayedResumption: Attack = {
  name: 'resumption relayed',
  only: 'yes',
  async run({ target, connected, attacker: open }) {
    const victim = await connected()
    await victim.isAlive()
    const relay = await open()
    const begun = await endedWithTicket(victim)
    if (begun === undefined) return { fault: 'a session left no ticket', seen: '' }
    const saidBefore = target.said.length
    const hello = encodeControl(begun.hello, crc32)
    for (let count = 0; count < 20; count++) relay.send(hello)
    await sleep(1_000)
    const isLetIn = target.said.slice(saidBefore).some(({ event }) => event === 'connected')
    const isWorse = relay.answeredBytes > relay.sentBytes
    // Whoever it was taken from has lost a ticket and no more.
    const isVictimIn = (await victim.connect(5_000)) && (await victim.isAlive())
    return {
      fault: isLetIn
        ? 'a session began at the address of the relay'
        : isWorse
          ? 'the relay got more than it sent'
          : isVictimIn
            ? undefined
            : 'the peer whose hello it was did not get in any more',
      seen: '20 times a hello of another address',
    }
  },
}

export const replayedResumption: Attack = {
  name: 'resumption replayed',
  only: 'yes',
  async run({ target, connected }) {
    const attacker = await connected()
    await attacker.isAlive()
    const begun = await endedWithTicket(attacker)
    if (begun === undefined) return { fault: 'a session left no ticket', seen: '' }
    if (!(await attacker.initiator.resumes(2_000, begun)))
      return { fault: 'a ticket was of no use', seen: '' }
    const hello = encodeControl(begun.hello, crc32)
    const accepts = new Set<string>()
    const replay = async () => {
      attacker.came.length = 0
      for (let count = 0; count < 10; count++) attacker.send(hello)
      await sleep(300)
      for (const bytes of attacker.came)
        if (bytes[0] === DatagramType.accept) accepts.add(Buffer.from(bytes).toString('hex'))
    }
    await replay()
    const answersBefore = accepts.size
    await target.restart()
    accepts.clear()
    await replay()
    return {
      fault:
        answersBefore > 1
          ? `one ticket was answered in ${answersBefore} ways`
          : accepts.size > 0
            ? 'a ticket of before a restart is honoured'
            : undefined,
      seen: 'a hello that was answered, 10 times again, and 10 times after a restart of the target',
    }
  },
}

/** The session is over on both sides; answers the hello that would resume it. */
async function endedWithTicket(attacker: Attacker) {
  attacker.control({ type: 'bye', session: attacker.session!.remote })
  attacker.session = undefined
  await sleep(100)
  return attacker.initiator.resumption()
}
