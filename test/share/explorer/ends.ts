// Every order in which a few entries of one path, each held by a peer, reach the others.

import { decide } from '../../../src/share/decide.js'
import type { Entry } from '../../../src/share/entry.js'
import { textOfDotted } from './rules.js'

/** The modes in which the peers are at rest, each once: 'group', or 'group and all' where they are not equal. Messages of the start
 *  may come at any time. */
export function endsOf(start: readonly Entry[]): string[] {
  const ends = new Set<string>()
  const seen = new Set<string>()
  const stack = [start]
  for (let held = stack.pop(); held !== undefined; held = stack.pop()) {
    const key = held.map(textOfDotted).join()
    if (seen.has(key)) continue
    seen.add(key)
    const next = (messages: readonly Entry[]) =>
      held!.flatMap((local, at) => messages.flatMap((message) => holding(held!, at, after(local, message))))
    const fresh = next(held)
    if (fresh.length === 0) ends.add([...new Set(held.map(({ access }) => access))].join(' and '))
    stack.push(...fresh, ...next(start))
  }
  return [...ends]
}

function after(local: Entry, message: Entry): Entry {
  const decision = decide(local, message, { folderHasLiveChildren: false })
  return 'entry' in decision ? decision.entry : local
}

function holding(held: readonly Entry[], at: number, entry: Entry): Entry[][] {
  if (textOfDotted(held[at]!) === textOfDotted(entry)) return []
  return [held.map((other, peer) => (peer === at ? entry : other))]
}
