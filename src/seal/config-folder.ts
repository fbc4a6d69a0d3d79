// Where the user's identity and pins live: beside the user's other configuration, never in a share.

import { homedir } from 'node:os'
import { join } from 'node:path'

/** `$XDG_CONFIG_HOME/left`, else `~/.config/left`; on Windows `%APPDATA%\left`. It may not be there yet. */
export function configFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { XDG_CONFIG_HOME, APPDATA } = environment
  if (process.platform === 'win32' && APPDATA) return join(APPDATA, 'left')
  return join(XDG_CONFIG_HOME || join(homedir(), '.config'), 'left')
}

export const IDENTITY_FILE = 'identity.pem'
export const PINS_FILE = 'trusted-peers'
