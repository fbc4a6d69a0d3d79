// Questions of a person, put to all peers at once. Each is waited for, but not for long: a peer may be older, or busy. Used by Steering.

import type { PeerAnswer } from '../engine/engine.js'
import { PEER_ANSWER_MS_MAX } from './limits.js'

type Answer = NonNullable<PeerAnswer['answer']>
export type AnswerOf<Type extends Answer['type']> = Extract<Answer, { readonly type: Type }>

export class PeerAsking {
  private readonly waiting = new Map<number, (answer: PeerAnswer['answer']) => void>()
  private nextId = 1

  /** `ask` puts the question with this id to the peer. Answers by peer; of those that did not say there is none. */
  async ask<Type extends Answer['type']>(
    type: Type,
    peers: readonly string[],
    ask: (id: number, peer: string) => void,
  ): Promise<ReadonlyMap<string, AnswerOf<Type>>> {
    const answers = new Map<string, AnswerOf<Type>>()
    await Promise.all(
      peers.map(async (peer) => {
        const answer = await this.askOne(type, (id) => ask(id, peer))
        if (answer !== undefined) answers.set(peer, answer)
      }),
    )
    return answers
  }

  /** Undefined where the peer did not say. */
  async askOne<Type extends Answer['type']>(
    type: Type,
    ask: (id: number) => void,
  ): Promise<AnswerOf<Type> | undefined> {
    const answer = await this.one(ask)
    return answer?.type === type ? (answer as AnswerOf<Type>) : undefined
  }

  handle({ id, answer }: PeerAnswer): void {
    this.waiting.get(id)?.(answer)
  }

  private one(ask: (id: number) => void): Promise<PeerAnswer['answer']> {
    const id = this.nextId++
    return new Promise((resolve) => {
      const done = (answer: PeerAnswer['answer']) => {
        this.waiting.delete(id)
        clearTimeout(timer)
        resolve(answer)
      }
      const timer = setTimeout(() => done(undefined), PEER_ANSWER_MS_MAX)
      this.waiting.set(id, done)
      ask(id)
    })
  }
}
