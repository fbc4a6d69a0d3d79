// The slow steps of the handshakes under way: asked for by their attempts, carried out by whoever owns the protection
// (the watcher process in a running peer, by src/seal/rsa.ts), and answered. A bounded number of them.

import type { SlowStep } from '../../rdt/protection.js'
import { STEPS_MAX } from '../limits.js'

type WithoutId<Step> = Step extends SlowStep ? Omit<Step, 'id'> : never

export class Steps {
  private readonly queue: SlowStep[] = []
  private readonly waiting = new Map<number, (result: Uint8Array | undefined) => void>()
  private nextId = 1

  get hasRoom(): boolean {
    return this.waiting.size < STEPS_MAX
  }

  request(step: WithoutId<SlowStep>, handleResult: (result: Uint8Array | undefined) => void): void {
    const id = this.nextId++
    this.queue.push({ id, ...step })
    this.waiting.set(id, handleResult)
  }

  poll(): SlowStep | undefined {
    return this.queue.shift()
  }

  handle(id: number, result: Uint8Array | undefined): void {
    const handleResult = this.waiting.get(id)
    this.waiting.delete(id)
    handleResult?.(result)
  }
}
