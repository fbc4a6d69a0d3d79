// Messages from the engine to the keeper, in the order in which they were caused. Every part of the engine pushes here, the
// engine polls.

import type { EngineToKeeper } from '../pipe/messages.js'

export class Outbox {
  private messages: EngineToKeeper[] = []

  push(message: EngineToKeeper): void {
    this.messages.push(message)
  }

  /** Neighbours of one type that list things leave as one message: the order stays, and the pipe carries fewer. */
  poll(): EngineToKeeper | undefined {
    const first = this.messages.shift()
    if (first?.type === 'contents')
      return { type: 'contents', files: [first, ...this.takeAll('contents')].flatMap(({ files }) => files) }
    if (first?.type === 'locate')
      return { type: 'locate', items: [first, ...this.takeAll('locate')].flatMap(({ items }) => items) }
    return first
  }

  /** Takes back what a peer told and the keeper has not got yet. Answers the questions, which it will not answer. */
  withdrawClaims(peer: string): number[] {
    const withdrawn: number[] = []
    this.messages = this.messages.filter((message) => {
      if (message.type !== 'claim' || message.claim.peer !== peer) return true
      withdrawn.push(message.question)
      return false
    })
    return withdrawn
  }

  /** The next watcher process starts from the index and the log, which do not know where the disk was found wrong. */
  handleKeeperLost(): void {
    this.messages = this.messages.filter(({ type }) => type === 'suspect')
  }

  /** The messages of this type that come before the first one of another. */
  private takeAll<T extends EngineToKeeper['type']>(type: T): (EngineToKeeper & { readonly type: T })[] {
    const taken: (EngineToKeeper & { readonly type: T })[] = []
    for (let next = this.messages[0]; next !== undefined && isOf(next, type); next = this.messages[0]) {
      taken.push(next)
      this.messages.shift()
    }
    return taken
  }
}

function isOf<T extends EngineToKeeper['type']>(
  message: EngineToKeeper,
  type: T,
): message is EngineToKeeper & { readonly type: T } {
  return message.type === type
}
