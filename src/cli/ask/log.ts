// `left log`: what happened to a share, from the log in its own folder: no peer need run.

import { type LoggedEvent, readEventLog } from '../../app/event-log.js'
import type { PeerEvent } from '../../app/events.js'
import { formatCount } from '../format.js'
import { LOG_LINES_DEFAULT } from '../limits.js'
import { printable } from '../names.js'
import { formatTime, parseTime } from '../times.js'
import { sentence } from '../wording.js'
import type { AskCommand } from './ask-command.js'

interface Logged {
  readonly count: number
  readonly events: readonly LoggedEvent[]
}

export const logCommand: AskCommand = {
  name: 'log',
  description: `show what happened to a share, also where no peer runs: the last ${LOG_LINES_DEFAULT} events, or all since a time`,
  words: '',
  options: [
    {
      flags: '--since <time>',
      description: 'a date, "2026-11-29 14:30", or so long ago as 90m, 2h, 3d',
    },
  ],
  asksPeer: false,
  given: (_words, _view, { since }) =>
    since === undefined ? {} : { since: parseTime('--since', since, Date.now()) },
  onFolder: async (share, { since }): Promise<Logged> => {
    const events = await readEventLog(share, (since as number | undefined) ?? 0)
    return { count: events.length, events: since === undefined ? events.slice(-LOG_LINES_DEFAULT) : events }
  },
  lines: (result) => logLines(result as Logged),
}

export function logLines({ count, events }: Logged): string[] {
  if (events.length === 0) return ['nothing is in the log']
  const addresses = new Map<string, string>()
  for (const event of events) if (event.event === 'connected') addresses.set(event.peer, event.address)
  const rest = count - events.length
  return [
    ...(rest > 0 ? [`${formatCount(rest)} earlier events; --since shows them`] : []),
    ...events.map((event) => `${formatTime(Date.parse(event.time))}  ${words(event, addresses)}`),
  ]
}

/** An earlier or later version may have told of an event that this program does not know. */
function words(event: PeerEvent, addresses: ReadonlyMap<string, string>): string {
  try {
    return sentence(event, (peer) => addresses.get(peer) ?? peer) ?? printable(event.event)
  } catch {
    return printable(event.event)
  }
}
