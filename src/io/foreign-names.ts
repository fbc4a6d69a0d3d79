// Names that Linux takes and another system reads as something else: a device, another drive, another stream of a
// file, our own folder in disguise. Refused where the disk is touched, because only there is it known which system it
// is; what a share may hold (src/share/path.ts) is the same everywhere. Disk and block reader ask before they open.

import { OWN_FOLDER } from '../base/own-folder.js'
import { DiskError } from '../base/ports.js'

/** Throws a DiskError where this system would not take the path as it is meant. */
export function refuseForeignName(path: string): void {
  const fault = faultHere?.(path)
  if (fault !== undefined) throw new DiskError('bad-name', `${path}: ${fault}`)
}

/** Devices answer by these names in every folder, whatever follows a dot. Microsoft, "Naming Files, Paths, and
 *  Namespaces"; the superscripts are digits to it. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:[. ].*)?$/i
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const NOT_IN_WINDOWS = /[\u0000-\u001f<>:"|?*\\]/
/** NTFS makes a second, short name for a folder that does not fit 8.3: `.left` is also `LEFT~1`. */
const SHORT_NAME_OF_OURS = /^left~[0-9]+$/i

export function windowsFault(path: string): string | undefined {
  for (const name of path.split('/')) {
    if (NOT_IN_WINDOWS.test(name)) return 'Windows takes no such character in a name'
    if (/[. ]$/.test(name)) return 'Windows drops a dot or a blank at the end of a name'
    if (DEVICE.test(name)) return 'Windows keeps this name for a device'
    if (SHORT_NAME_OF_OURS.test(name)) return "this may be the short name of left's own folder"
  }
  return undefined
}

/** Characters that HFS+ leaves out when it compares names. Apple, Technical Note TN1150. */
const IGNORED = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g

export function macFault(path: string): string | undefined {
  const top = path.split('/', 1)[0]!
  const meant = top.replace(IGNORED, '').normalize('NFC').toLowerCase()
  return meant === OWN_FOLDER && top !== OWN_FOLDER
    ? "this is another spelling of left's own folder"
    : undefined
}

const faultHere =
  process.platform === 'win32' ? windowsFault : process.platform === 'darwin' ? macFault : undefined
