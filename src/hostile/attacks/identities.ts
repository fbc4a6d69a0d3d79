// Peers that were let in and misuse their key: one that shows another's peer id, one that shows very many, and one whose
// key is removed while it has a session.

import { DatagramType } from '../../rdt/wire/control.js'
import { type Attack, sleep } from '../attack.js'
import type { Attacker } from '../attacker.js'
import { contentOf } from '../content.js'
import { IDS_COUNT, IDS_COUNT_QUICK, IDS_PER_HOST, REVOKED_MS_MAX, SESSIONS_OF_KEY_MAX } from '../limits.js'

export const stolenId: Attack = {
  name: "another peer's id",
  only: 'yes',
  async run({ target, connected, attacker: open }) {
    const owner = await connected()
    const [thief] = target.guises.trusted
    const { guise, fingerprint } = thief!
    const saidBefore = target.said.length
    const other = await open({ host: target.stranger, guise, peerId: owner.peerId })
    const isLetIn = await other.connect(2_000)
    const isAlive = await owner.isAlive(2_000)
    const isTold = target.said
      .slice(saidBefore)
      .some(({ event, reason }) => event === 'refused' && String(reason).includes(owner.peerId))
    // With an id of its own the same key is welcome.
    const itself = await open({ host: target.stranger, guise })
    const isWelcome = await itself.connect(5_000)
    return {
      fault: isLetIn
        ? `a trusted key was let in with the peer id of another${isAlive ? '' : ', whose session it closed'}`
        : !isAlive
          ? "the owner's session was closed"
          : !isTold
            ? 'it does not say whom it refuses'
            : isWelcome
              ? undefined
              : 'the same key is not let in with its own id',
      seen: `key ${fingerprint.slice(0, 8)} with the id of a connected peer of another key`,
    }
  },
}

export const manyIds: Attack = {
  name: 'many ids under one key',
  only: 'yes',
  async run({ target, quick, attacker: open }) {
    const { guise } = target.guises.trusted[0]!
    const count = quick ? IDS_COUNT_QUICK : IDS_COUNT
    const first = await open({ host: target.elsewhere(0), guise })
    if (!(await first.connect())) return { fault: 'not one was let in', seen: '' }
    const all: Attacker[] = [first]
    while (all.length < count) {
      const some = await Promise.all(
        Array.from({ length: Math.min(IDS_COUNT_QUICK, count - all.length) }, (_, index) =>
          open({ host: target.elsewhere(Math.floor((all.length + index) / IDS_PER_HOST)), guise }),
        ),
      )
      await Promise.all(some.map(async (one) => (await one.connect(2_000)) && one.isAlive(1_000)))
      all.push(...some)
    }
    const areAlive = await Promise.all(all.map((attacker) => attacker.isAlive(2_000)))
    const aliveCount = areAlive.filter((isAlive) => isAlive).length
    return {
      fault: aliveCount > SESSIONS_OF_KEY_MAX ? `${aliveCount} sessions of one key at once` : undefined,
      seen: `${count} peer ids of one key: ${aliveCount} had a session`,
    }
  },
}

export const removedKey: Attack = {
  name: 'a removed key',
  only: 'yes',
  async run({ target, attacker: open }) {
    const { guise, fingerprint } = target.guises.trusted[1]!
    const leaver = await open({ guise })
    if (!(await leaver.connect())) return { fault: 'a trusted peer did not get in', seen: '' }
    // The peer gives nothing that it claims to hold, and the target asks again and again.
    leaver.onRequest = () => {}
    await leaver.have(
      leaver.items.addTree([leaver.items.addFile('removed', contentOf('removed', 3_000_000))]),
    )
    const isRequest = ({ bytes }: { bytes: Uint8Array }) => bytes[0] === DatagramType.request
    if ((await leaver.replies.waitFor(isRequest, 5_000)) === undefined)
      return { fault: 'it was not asked for what it said it holds', seen: '' }
    await target.pins.remove(fingerprint)
    await sleep(REVOKED_MS_MAX)
    leaver.came.length = 0
    const isAlive = await leaver.isAlive(2_500)
    const isAsked = leaver.came.some((bytes) => bytes[0] === DatagramType.request)
    const isResumed = await leaver.initiator.resumes(1_000)
    // At an address of --ip whoever is unknown would be trusted.
    const isLetIn = await leaver.connect(2_000)
    return {
      fault: isAlive
        ? 'the session goes on'
        : isAsked
          ? 'the target goes on asking'
          : isResumed
            ? 'its ticket is honoured'
            : isLetIn
              ? 'it is let in again'
              : undefined,
      seen: `looked at ${REVOKED_MS_MAX / 1_000} s after left trust --remove`,
    }
  },
}
