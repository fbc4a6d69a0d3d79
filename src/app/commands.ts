// Commands that a running peer carries out for whoever asks at its control socket: a row each. Those that are about the share are
// handed to the keeper (src/pipe/commands.ts); the command line has a row for each too (src/cli/ask).

import { type CarryOut, type CommandTable, ControlError } from '../control/server.js'
import type { Status } from '../control/status.js'

/** The parts of a peer that commands need. */
export interface CommandHost {
  status(): Promise<Status | undefined>
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
  ])
}
