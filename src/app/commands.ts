// Commands that a running peer carries out for whoever asks at its control socket: a row each. Those that are about the share are
// handed to the keeper (src/pipe/commands.ts); the command line has a row for each too (src/cli/ask).

import { type CarryOut, type CommandTable, ControlError } from '../control/server.js'
import type { Status } from '../control/status.js'
import type { ReleasedCounts } from '../pipe/commands.js'

/** The parts of a peer that commands need. */
export interface CommandHost {
  status(): Promise<Status | undefined>
  /** Undefined where the watcher process does not answer. */
  release(name: 'confirm' | 'undo'): Promise<ReleasedCounts | undefined>
}

export function commandsOf(host: CommandHost): CommandTable {
  return new Map<string, CarryOut>([
    [
      'status',
      async () => {
        const status = await host.status()
        if (status === undefined) throw new ControlError('not-now', 'it is starting: try again')
        return status
      },
    ],
    ['confirm', () => released(host, 'confirm')],
    ['undo', () => released(host, 'undo')],
  ])
}

async function released(host: CommandHost, name: 'confirm' | 'undo'): Promise<ReleasedCounts> {
  const counts = await host.release(name)
  if (counts === undefined) throw new ControlError('not-now', 'the share is not open yet: try again')
  return counts
}
