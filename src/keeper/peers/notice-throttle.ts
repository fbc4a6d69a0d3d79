// Notices to the person about a peer whose entries or listings are refused: the first few of each peer by name, the
// rest in numbers, less and less often. A peer can name millions of paths, and a log must not be its to fill. Used by
// the keeper.

import { earliest } from '../../base/earliest.js'
import type { KeeperNotice } from '../../pipe/messages.js'
import type { PeerId } from '../../share/dots.js'
import { COUNT_TOLD_MS, COUNT_TOLD_MS_MAX, NOTICES_NAMED_MAX, NOTICES_PEERS_MAX } from './limits.js'

export type ThrottledKind = keyof typeof REFUSED

interface NoticeAccount {
  readonly peer: PeerId
  readonly kind: ThrottledKind
  namedCount: number
  /** Since the last number that was told. */
  moreCount: number
  tellAtMs: number | undefined
  delayMs: number
}

export class NoticeThrottle {
  private readonly byPeer = new Map<string, NoticeAccount>()

  /** `notice` names it. Answers it where it is to be told, undefined where it is only counted. */
  handle(peer: PeerId, kind: ThrottledKind, notice: KeeperNotice, nowMs: number): KeeperNotice | undefined {
    const account = this.of(peer, kind)
    if (account.namedCount < NOTICES_NAMED_MAX) {
      account.namedCount++
      return notice
    }
    account.moreCount++
    account.tellAtMs ??= nowMs + account.delayMs
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
    for (const account of this.byPeer.values()) {
      if (account.tellAtMs === undefined || nowMs < account.tellAtMs) continue
      const { peer, kind, moreCount } = account
      account.moreCount = 0
      account.tellAtMs = undefined
      account.delayMs = Math.min(2 * account.delayMs, COUNT_TOLD_MS_MAX)
      const whose = peer === OTHERS ? 'of other peers' : `of peer ${peer}`
      notices.push({ event: 'note', message: `${moreCount} more ${REFUSED[kind]} ${whose}` })
    }
    return notices
  }

  /** Peers that come under ever new names share one account. */
  private of(peer: PeerId, kind: ThrottledKind): NoticeAccount {
    const isKnown = this.byPeer.has(`${kind} ${peer}`)
    const counted = isKnown || this.byPeer.size < NOTICES_PEERS_MAX ? peer : OTHERS
    const key = `${kind} ${counted}`
    let account = this.byPeer.get(key)
    if (account === undefined) {
      account = {
        peer: counted,
        kind,
        namedCount: 0,
        moreCount: 0,
        tellAtMs: undefined,
        delayMs: COUNT_TOLD_MS,
      }
      this.byPeer.set(key, account)
    }
    return account
  }
}

const OTHERS = ''

const REFUSED = {
  path: 'paths were refused',
  fetch: 'files could not be fetched',
  listing: 'listings could not be read',
} as const
