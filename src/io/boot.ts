import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'

/** Names this machine's run since it was switched on; '' where the system does not tell. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}

/** The same for the log, never empty: else the minute in which the machine was switched on. When that is off by one,
 *  recovery only reads a few files more than it must. */
export function bootIdOrMinute(): string {
  return bootId() || `minute-${Math.round((Date.now() / 1000 - uptime()) / 60)}`
}
