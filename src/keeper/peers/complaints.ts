// What the person is told of a peer whose entries or listings are refused: the first few of each peer by name, the rest
// in numbers, less and less often. A peer can name millions of paths, and a log must not be its to fill. Used by the
// keeper.

import { earliest } from '../../base/earliest.js'
import type { KeeperNotice } from '../../pipe/messages.js'
import type { PeerId } from '../../share/version.js'
import { COMPLAINTS_NAMED_MAX, COMPLAINTS_PEERS_MAX, COUNT_TOLD_MS, COUNT_TOLD_MS_MAX } from './limits.js'

export type ComplaintKind = keyof typeof REFUSED

interface Complained {
  readonly peer: PeerId
  readonly kind: ComplaintKind
  namedCount: number
  /** Since the last number that was told. */
  moreCount: number
  tellAtMs: number | undefined
  delayMs: number
}

export class Complaints {
  private readonly byPeer = new Map<string, Complained>()

  /** `notice` names it. Answers it where it is to be told, undefined where it is only counted. */
  handle(peer: PeerId, kind: ComplaintKind, notice: KeeperNotice, nowMs: number): KeeperNotice | undefined {
    const complained = this.of(peer, kind)
    if (complained.namedCount < COMPLAINTS_NAMED_MAX) {
      complained.namedCount++
      return notice
    }
    complained.moreCount++
    complained.tellAtMs ??= nowMs + complained.delayMs
    return undefined
  }

  pollTimeout(): number | undefined {
    let dueMs: number | undefined
    for (const { tellAtMs } of this.byPeer.values()) dueMs = earliest(dueMs, tellAtMs)
    return dueMs
  }

  /** The numbers that are to be told by now. */
  takeDue(nowMs: number): readonly KeeperNotice[] {
    const notices: KeeperNotice[] = []
    for (const complained of this.byPeer.values()) {
      if (complained.tellAtMs === undefined || nowMs < complained.tellAtMs) continue
      const { peer, kind, moreCount } = complained
      complained.moreCount = 0
      complained.tellAtMs = undefined
      complained.delayMs = Math.min(2 * complained.delayMs, COUNT_TOLD_MS_MAX)
      const whose = peer === OTHERS ? 'of other peers' : `of peer ${peer}`
      notices.push({ event: 'note', message: `${moreCount} more ${REFUSED[kind]} ${whose}` })
    }
    return notices
  }

  /** Who comes under ever new names shares one account with all who do. */
  private of(peer: PeerId, kind: ComplaintKind): Complained {
    const isKnown = this.byPeer.has(`${kind} ${peer}`)
    const counted = isKnown || this.byPeer.size < COMPLAINTS_PEERS_MAX ? peer : OTHERS
    const key = `${kind} ${counted}`
    let complained = this.byPeer.get(key)
    if (complained === undefined) {
      complained = {
        peer: counted,
        kind,
        namedCount: 0,
        moreCount: 0,
        tellAtMs: undefined,
        delayMs: COUNT_TOLD_MS,
      }
      this.byPeer.set(key, complained)
    }
    return complained
  }
}

const OTHERS = ''

const REFUSED = {
  path: 'paths were refused',
  fetch: 'files could not be fetched',
  listing: 'listings could not be read',
} as const
