// Questions of a person about one path, put to all peers at once. Each is waited for, but not for long: a peer may be older, or busy.
// Used by Steering.

import type { PathAnswer } from '../engine/engine.js'
import { PATH_ANSWER_MS_MAX } from './limits.js'

export class PathAsking {
  private readonly waiting = new Map<number, (answer: PathAnswer['answer']) => void>()
  private nextId = 1

  /** `ask` puts the question with this id to the peer. Answers by peer; of those that did not say there is none. */
  async ask(
    peers: readonly string[],
    ask: (id: number, peer: string) => void,
  ): Promise<ReadonlyMap<string, PathAnswer['answer']>> {
    const answers = new Map<string, PathAnswer['answer']>()
    await Promise.all(
      peers.map(async (peer) => {
        const answer = await this.one((id) => ask(id, peer))
        if (answer !== undefined) answers.set(peer, answer)
      }),
    )
    return answers
  }

  handle({ id, answer }: PathAnswer): void {
    this.waiting.get(id)?.(answer)
  }

  private one(ask: (id: number) => void): Promise<PathAnswer['answer']> {
    const id = this.nextId++
    return new Promise((resolve) => {
      const done = (answer: PathAnswer['answer']) => {
        this.waiting.delete(id)
        clearTimeout(timer)
        resolve(answer)
      }
      const timer = setTimeout(() => done(undefined), PATH_ANSWER_MS_MAX)
      this.waiting.set(id, done)
      ask(id)
    })
  }
}
