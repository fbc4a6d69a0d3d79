// `left tracker`: tells the peers of each group where the others are, until it is stopped.

import { startTracker, type TrackerEvent } from '../app/tracker.js'
import { LeftError } from '../base/errors.js'
import { TRACKER_PORT } from '../base/limits.js'
import { parseBind, parsePort, quoted } from './addresses.js'
import { EXIT_STOPPED } from './failure.js'
import { formatCount } from './format.js'
import { PORT_MAX } from './limits.js'
import { printable } from './names.js'
import { printLine } from './printing.js'

/** The options of `left tracker` as texts. */
export interface RawTrackerArguments {
  readonly port?: string
  readonly bind?: string
  readonly json?: boolean
}

/** Answers the exit code, once somebody has stopped it.
 *  @throws LeftError 'usage', 'port-in-use'. */
export async function runTracker(
  raw: RawTrackerArguments,
  print: (line: string) => void = printLine,
): Promise<number> {
  const port = raw.port === undefined ? TRACKER_PORT : parsePort(raw.port)
  if (port === undefined)
    throw new LeftError(
      'usage',
      `--port ${quoted(raw.port!)} is not a number from 1 to ${PORT_MAX}, for example --port ${TRACKER_PORT}`,
    )
  const bind = raw.bind === undefined ? undefined : parseBind(raw.bind)
  const tell = (event: TrackerEvent): void => {
    const time = new Date().toISOString()
    if (raw.json) print(JSON.stringify({ time, ...event }))
    else for (const line of linesOf(event)) print(printable(`${time.slice(0, 19)}Z  ${line}`))
  }
  const tracker = await startTracker({ port, bind }, tell)
  await asked()
  await tracker.stop()
  return EXIT_STOPPED
}

function asked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
  })
}

function linesOf(event: TrackerEvent): string[] {
  switch (event.event) {
    case 'started':
      return [
        `left ${event.version} tracks on ${event.listening}; start peers with --tracker and the name of this machine`,
      ]
    case 'members':
      return [`${counted(event.members, 'peer')} in ${counted(event.groups, 'group')}`]
    case 'summary':
      return [
        `answered ${formatCount(event.answered)} heartbeats; asked ${formatCount(event.challenged)} to prove their address, ` +
          `dropped ${formatCount(event.dropped)}, had no room for ${formatCount(event.refused)}`,
      ]
    case 'stopped':
      return ['stopped']
  }
}

function counted(count: number, thing: string): string {
  return `${formatCount(count)} ${thing}${count === 1 ? '' : 's'}`
}
