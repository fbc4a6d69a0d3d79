import type { PeerId } from '../../src/share/dots.js'

/** All fields of a state message but its type and its root, where its author tells nothing else. */
export function bareState(author: PeerId) {
  return { author, knows: undefined, scope: { type: 'some' }, notHeldCount: 0, lines: [] } as const
}
