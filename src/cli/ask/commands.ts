// Commands of a person about a share, a row each: how it is called, what it takes, and how its result reads. program.ts makes the command
// line of them, ask.ts carries each out.

import type { AskCommand } from './ask-command.js'
import { conflictsCommand, conflictsKeepCommand } from './conflicts.js'
import { doctorCommand } from './doctor.js'
import { logCommand } from './log.js'
import { pageCommand } from './page.js'
import { peersCommand } from './peers.js'
import { confirmCommand, undoCommand } from './release.js'
import { statusCommand } from './status.js'
import { pauseCommand, rescanCommand, resumeCommand } from './steer.js'
import { trashEmptyCommand, trashListCommand, trashRestoreCommand } from './trash.js'
import { whyCommand } from './why.js'

export const ASK_COMMANDS: readonly AskCommand[] = [
  statusCommand,
  whyCommand,
  doctorCommand,
  peersCommand,
  pageCommand,
  pauseCommand,
  resumeCommand,
  rescanCommand,
  logCommand,
  confirmCommand,
  undoCommand,
  conflictsCommand,
  conflictsKeepCommand,
  trashListCommand,
  trashRestoreCommand,
  trashEmptyCommand,
]

/** Help texts of command groups, by the first word of the commands that have two. */
export const ASK_GROUPS: Readonly<Record<string, string>> = {
  trash: 'list, give back or remove what peers deleted or replaced here',
}
