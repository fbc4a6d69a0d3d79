// A peer that comes back with an old copy of its state: it lists what it had long ago, and makes edits anew under counts that
// it used before. What it had given in between is still there afterwards, and so is what it edits then.

import { hexOf } from '../../base/bytes.js'
import { hash } from '../../io/hash.js'
import { type Attack, sleep } from '../attack.js'
import { contentOf } from '../content.js'
import { OLD_COPY_MS, WAIT_MS_MAX } from '../limits.js'
import type { Target } from '../target.js'

const NAME = 'restored'
let rounds = 0

export const oldCopy: Attack = {
  name: "an old copy of a peer's state",
  mayWrite: (path) => path.startsWith(NAME),
  async run({ target, attacker: open }) {
    const name = `${NAME}-${++rounds}`
    const peerId = `${String(rounds).padStart(2, '0')}d`.padStart(16, 'e')
    const contentAt = (count: number, life: string) => contentOf(`${name} ${count} ${life}`, 100)
    const editOf = (count: number, life: string) => ({ content: contentAt(count, life), count })
    const before = await open({ peerId })
    if (!(await before.connect())) return { fault: 'a peer did not get in', seen: '' }
    for (const count of [1, 2, 3]) {
      const { content } = editOf(count, 'before')
      const line = before.items.addFile(name, content, {
        version: versionBy(peerId, count),
        mtime: `${count}`,
      })
      await before.have(before.items.addTree([line]), [line])
    }
    if (!(await holds(target, contentAt(3, 'before'), WAIT_MS_MAX)))
      return { fault: 'an honest file did not arrive', seen: '' }
    await before.close()

    // Another life of the same peer: as it was at the first of these edits, and with two of the others made anew.
    const restored = await open({ peerId })
    if (!(await restored.connect())) return { fault: 'a peer that was restored did not get in', seen: '' }
    const edits = [editOf(1, 'before'), editOf(2, 'after'), editOf(3, 'after')]
    for (const { content, count } of edits) {
      const version = versionBy(peerId, count)
      const line = restored.items.addFile(name, content, { version, mtime: `${10 + count}` })
      await restored.have(restored.items.addTree([line]), [line])
      await sleep(OLD_COPY_MS)
    }
    // An edit under a count of its own: it has seen the first one only, and the target holds the third.
    const fresh = contentAt(4, 'after')
    const line = restored.items.addFile(name, fresh, {
      version: `${peerId}:1,${freshPeer(peerId)}:1/1`,
      mtime: '99',
    })
    await restored.have(restored.items.addTree([line]), [line])
    const isFreshThere = await holds(target, fresh, WAIT_MS_MAX)
    const isKept = await holds(target, contentAt(3, 'before'), 0)
    return {
      fault: !isKept
        ? 'what it had given before is lost'
        : isFreshThere
          ? undefined
          : 'an edit under another id did not arrive',
      seen: 'the state of two edits ago, both made anew under the same counts, and one under another id',
    }
  },
}

/** An edit that has seen all earlier ones of this peer. */
function versionBy(peerId: string, count: number): string {
  return `${peerId}:${count}/0`
}

/** Behind the other in the order of ids. */
function freshPeer(peerId: string): string {
  return peerId.replace(/^e/, 'f')
}

/** Whether a file with this content is in the share, under whatever name. */
async function holds(target: Target, content: Uint8Array, forMs: number): Promise<boolean> {
  const digest = hexOf(hash(content))
  const deadlineMs = performance.now() + forMs
  for (;;) {
    if ([...target.inside().values()].includes(digest)) return true
    if (performance.now() >= deadlineMs) return false
    await sleep(50)
  }
}
