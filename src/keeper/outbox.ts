// Messages of the keeper to the engine, in order, and among them what a person is told. What a peer causes is told so often
// and no more (peers/notice-throttle.ts). The keeper owns it.

import type { KeeperNotice, KeeperToEngine } from '../pipe/messages.js'
import type { PeerId } from '../share/dots.js'
import type { RefusalNotice } from './intake/outcomes.js'
import { NoticeThrottle } from './peers/notice-throttle.js'

export class Outbox {
  private readonly throttle = new NoticeThrottle()
  private messages: KeeperToEngine[] = []

  push(message: KeeperToEngine): void {
    this.messages.push(message)
  }

  notify(notice: KeeperNotice | undefined): void {
    if (notice !== undefined) this.push({ type: 'notice', notice })
  }

  /** A note about what a peer tells of its share. */
  notifyOf(peer: PeerId, message: string, nowMs: number): void {
    this.notify(this.throttle.handle(peer, 'listing', { event: 'note', message }, nowMs))
  }

  /** Something of a peer is not taken. */
  refuse(peer: PeerId, notice: RefusalNotice, nowMs: number): void {
    const kind = notice.event === 'problem' ? 'path' : 'fetch'
    this.notify(this.throttle.handle(peer, kind, notice, nowMs))
  }

  /** Tells how much was not told. */
  handleTimeout(nowMs: number): void {
    for (const notice of this.throttle.takeDue(nowMs)) this.notify(notice)
  }

  pollTimeout(): number | undefined {
    return this.throttle.pollTimeout()
  }

  take(): readonly KeeperToEngine[] {
    const { messages } = this
    this.messages = []
    return messages
  }
}
