// From what the system says to what the core decides on.

import { DiskError, type DiskErrorCode } from '../base/ports.js'

/** `operation` and `path` name what failed, for the person: 'open photos/a.jpg: no space left on device'. */
export function diskError(error: unknown, operation: string, path: string): DiskError {
  if (error instanceof DiskError) return error
  const { code = 'unknown', message = String(error) } = error as NodeJS.ErrnoException
  // Node's message is 'ENOSPC: no space left on device, open …': the middle says it best.
  const said = /^[A-Z0-9_]+: ([^,]+)/.exec(message)?.[1] ?? message
  return new DiskError(codeOf(code, operation), `${operation} ${path || '.'}: ${said}`, error)
}

/** Does `act`; what a system call says is thrown as a DiskError. */
export function attempt<T>(operation: string, path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (error instanceof DiskError) throw error
    // An error of no system call is a mistake of ours, and stays as it is.
    if ((error as NodeJS.ErrnoException).errno === undefined) throw error
    throw diskError(error, operation, path)
  }
}

/** Operations that give something a name. EINVAL of any other says nothing about that. */
const NAMING: ReadonlySet<string> = new Set([
  'create',
  'make',
  'rename',
  'link',
  'move',
  'make the folder',
  'make the link',
])

function codeOf(errno: string, operation: string): DiskErrorCode {
  switch (errno) {
    case 'ENAMETOOLONG':
      return 'name-too-long'
    case 'EILSEQ':
      return 'bad-name'
    case 'EINVAL':
      return NAMING.has(operation) ? 'bad-name' : 'io'
    case 'ENOSPC':
    case 'EDQUOT':
      return 'no-space'
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'denied'
    case 'ENOENT':
      return 'missing'
    case 'ELOOP':
      return 'link'
    case 'ENOTDIR':
    case 'EISDIR':
      return 'changed-kind'
    case 'EEXIST':
      return 'exists'
    case 'ENOTEMPTY':
      return 'not-empty'
    default:
      return 'io'
  }
}
