// Everything that the target sends is sent back to it. Nothing of that may be taken for a peer's, and it must not
// answer itself for ever.

import { type Attack, sleep } from '../attack.js'
import { contentOf } from '../content.js'
import { ANSWER_RATIO_MAX } from '../limits.js'

export const reflection: Attack = {
  name: 'reflection',
  mayWrite: (path) => path === 'reflected',
  async run({ connected, attacker: open }) {
    const attacker = await connected()
    const { items } = attacker
    await attacker.have(items.addTree([items.addFile('reflected', contentOf('reflected', 100_000))]))
    await sleep(200)
    const recorded = attacker.came.splice(0)
    const sentBefore = attacker.sentBytes
    const answeredBefore = attacker.answeredBytes
    const stopMs = performance.now() + 500
    let reflected = 0
    for (const bytes of recorded) attacker.send(bytes)
    while (performance.now() < stopMs) {
      // The answers to that go back as well.
      for (const bytes of attacker.came.splice(0)) {
        attacker.send(bytes)
        reflected++
      }
      await sleep(5)
    }
    const ratio = (attacker.answeredBytes - answeredBefore) / (attacker.sentBytes - sentBefore)
    const stranger = await open()
    for (const bytes of recorded) stranger.send(bytes)
    await sleep(200)
    const strangerRatio = stranger.answeredBytes / Math.max(1, stranger.sentBytes)
    const isLoop = reflected > 2_000
    return {
      fault: isLoop
        ? `it answers itself: ${reflected} datagrams in half a second`
        : strangerRatio > ANSWER_RATIO_MAX || ratio > 50
          ? `answers ${Math.max(ratio, strangerRatio).toFixed(1)} times what it is sent`
          : undefined,
      seen: `${recorded.length} datagrams of its own, and ${reflected} that came of them`,
    }
  },
}
