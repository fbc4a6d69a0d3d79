// Commands that ask a running peer, a row each: how it is called, what it takes, and how its result reads. main.ts makes the command
// line of them, ask.ts carries each out.

import type { AskCommand } from './ask-command.js'
import { confirmCommand, undoCommand } from './release.js'
import { statusCommand } from './status.js'

export const ASK_COMMANDS: readonly AskCommand[] = [statusCommand, confirmCommand, undoCommand]
