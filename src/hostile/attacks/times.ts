// Times that no clock shows: the far future, so as to win every conflict, long before 1970, and beyond what can be
// written down. What stood in the share is still there afterwards, under whatever name, and it comes to rest.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Attack, sleep } from '../attack.js'
import { byName, contentOf, line } from '../content.js'

const YEAR_9999 = '253402300799000'
const IMPOSSIBLE = ['8640000000000001', '-8640000000000001', '99999999999999999999', '1.5', 'NaN', '']

export const times: Attack = {
  name: 'times of other ages',
  mayWrite: (path) => /^(?:victim|time-)/.test(path),
  async run({ target, connected }) {
    const attacker = await connected()
    const { items } = attacker
    const impossible: string[] = []
    for (const [index, mtime] of IMPOSSIBLE.entries()) {
      const content = contentOf(`impossible ${index}`, 50)
      impossible.push(items.addContent(content))
      const entry = items.addFile(`impossible-${index}`, content, { mtime })
      await attacker.have(items.addTree([entry]), [entry])
    }
    const lines = [
      items.addFile('time-0', contentOf('time 0', 50), { mtime: YEAR_9999 }),
      items.addFile('time-1', contentOf('time 1', 50), { mtime: '8640000000000000' }),
      items.addFile('time-2', contentOf('time 2', 50), { mtime: '-8640000000000000' }),
      items.addFile('time-3', contentOf('time 3', 50), { mtime: '-62135596800000' }),
      // Deleted in the year 9999, and replaced by something newer than anything.
      line({ path: 'large.bin', letter: 't', mtime: YEAR_9999 }),
      items.addFile('victim.txt', contentOf('future', 50), { mtime: YEAR_9999 }),
    ].sort(byName)
    await attacker.have(items.addTree(lines))
    await sleep(1_200)
    const cameBefore = attacker.answeredDatagrams
    await sleep(700)
    const chatter = attacker.answeredDatagrams - cameBefore
    const isKept = readdirSync(target.share).some((name) => {
      if (!name.startsWith('victim')) return false
      return readFileSync(join(target.share, name), 'utf8') === 'what stood here before\n'
    })
    const asked = impossible.filter((digest) => attacker.asked.has(digest))
    const isThere = readFileSync(join(target.share, 'large.bin')).equals(contentOf('large.bin', 400_000))
    return {
      fault: !isKept
        ? 'what stood there is lost'
        : !isThere
          ? 'a file was deleted'
          : asked.length > 0
            ? 'a time that cannot be written was taken'
            : chatter > 60
              ? `it does not come to rest: ${chatter} datagrams in 0.7 s`
              : undefined,
      seen: 'the year 9999, the ends of the calendar, a deletion in the future; the old version is kept',
    }
  },
}
