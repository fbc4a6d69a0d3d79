// Waiting that ends: each wait has a limit and says what it was for.

import { setTimeout as sleep } from 'node:timers/promises'

export { sleep }

const POLL_MS = 20

/** Throws `waited 30 s for …` when the time is over. */
export async function waitUntil(
  what: string,
  isDone: () => boolean | Promise<boolean>,
  { timeoutMs, pollMs = POLL_MS }: { timeoutMs: number; pollMs?: number },
): Promise<void> {
  const endMs = performance.now() + timeoutMs
  while (!(await isDone())) {
    if (performance.now() >= endMs) throw new Error(`waited ${timeoutMs / 1_000} s for ${what}`)
    await sleep(pollMs)
  }
}
