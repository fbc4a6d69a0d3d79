// Replays everything that was sent once: in the session that it belongs to, after its end, and with its own handshake.

import { DatagramType } from '../../rdt/wire/control.js'
import { type Attack, sleep } from '../attack.js'
import { contentOf } from '../content.js'

export const replay: Attack = {
  name: 'replay',
  mayWrite: (path) => path === 'replayed',
  async run({ target, connected, attacker: open }) {
    const first = await connected()
    const { items } = first
    const root = items.addTree([items.addFile('replayed', contentOf('replayed', 100))])
    await first.have(root)
    if (!(await target.says(({ event, path }) => event === 'received' && path === 'replayed', 5_000)))
      return { fault: 'an honest file did not arrive', seen: '' }
    await first.have(items.addTree([]))
    await sleep(200)
    first.asked.clear()

    // In the same session: each message is answered from memory and acted upon once.
    const recorded = [...first.sent]
    const before = first.answeredDatagrams
    for (let round = 0; round < 20; round++) for (const bytes of recorded) first.send(bytes)
    await sleep(300)
    const repeats = first.answeredDatagrams - before
    if (first.asked.size > 0) return { fault: 'a message that was replayed was acted upon', seen: '' }
    if (repeats > 20 * recorded.length + 20)
      return { fault: `${20 * recorded.length} datagrams were answered by ${repeats}`, seen: '' }

    // The handshake, in the session that it made: that one goes on.
    for (let round = 0; round < 20; round++) for (const bytes of first.initiator.shaken) first.send(bytes)
    if (!(await first.isAlive(3_000)))
      return { fault: 'a handshake that was replayed ended its session', seen: '' }

    // From elsewhere, and in a session that has ended.
    const all = [...first.initiator.shaken, ...recorded]
    const elsewhere = await open()
    for (const bytes of all) elsewhere.send(bytes)
    const { port } = first
    await first.close()
    const later = await open()
    const inItsPlace = await open({ port })
    for (const replayer of [later, inItsPlace]) for (const bytes of all) replayer.send(bytes)
    await sleep(300)
    const answers = [...elsewhere.came, ...later.came, ...inItsPlace.came].filter(
      ([type]) =>
        type === DatagramType.reply || type === DatagramType.segment || type === DatagramType.request,
    )
    return {
      fault: answers.length === 0 ? undefined : `${answers.length} replayed datagrams were answered`,
      seen: `a handshake and ${recorded.length} datagrams, 20 times, then from elsewhere and after the end`,
    }
  },
}
