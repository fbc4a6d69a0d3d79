// The files that `left init` writes, as text. Pure.

/** How machines come to know where the others are. */
export type Meeting =
  | { readonly by: 'discover' }
  | { readonly by: 'ip' | 'tracker'; readonly addresses: readonly string[] }

export interface Chosen {
  /** As the person wrote it; relative ones are in the folder of the file. */
  readonly share: string
  readonly meeting: Meeting
  /** Undefined: keys are trusted when they are first met. */
  readonly secretFile: string | undefined
}

export function configText({ share, meeting, secretFile }: Chosen): string {
  return `# Options of left, read where left is started in this folder, or with --config and the name of this file.
# Every option of left --help may stand here by its long name; one on the command line wins.
# Keep this file out of the folder that is shared: peers could write it there.

# The folder to keep the same.
share = ${tomlText(share)}

# The other machines: by their addresses, found on the local network, or told by a left tracker.
${meetingLines(meeting).join('\n')}

# A secret that all machines hold (left secret makes one): only who has it is trusted.
${secretFile === undefined ? '# secret-file = "left-secret"' : `secret-file = ${tomlText(secretFile)}`}

# port = 22001
# limit = "10M"
# trash = "30d"

# For several folders, begin a part like this one for each, and leave share = "..." above out:
#
# [[share]]
# name = "photos"
# folder = "~/photos"
# port = 22002
`
}

/** Those that were not chosen stand there as comments. */
function meetingLines(meeting: Meeting): string[] {
  const list = (by: 'ip' | 'tracker', example: string) =>
    meeting.by === by ? `${by} = [${meeting.addresses.map(tomlText).join(', ')}]` : `# ${by} = ["${example}"]`
  return [
    list('ip', '192.168.56.119'),
    meeting.by === 'discover' ? 'discover = true' : '# discover = true',
    list('tracker', '192.168.56.118'),
  ]
}

/** Rules that every machine may like; what is a matter of taste is commented out. */
export const IGNORE_TEXT = `# What left leaves out of this folder, on all machines, in git's syntax. This file travels like any other.
# What only this machine is to leave out stands in .left/ignore.

# Written by file managers and file systems
.DS_Store
._*
Thumbs.db
desktop.ini
.directory
lost+found/
.Trash-*/

# Written by editors and office programs while something is open
*.swp
.#*
~$*
.~lock.*#

# Downloads that are not finished
*.part
*.crdownload

# Take the # away for what can be made again
# node_modules/
# target/
# dist/
# __pycache__/
# .venv/
# *.o
# *.tmp
`

/** A basic string: TOML 1.0, "String". JSON's escapes are TOML's, but for DEL. */
export function tomlText(text: string): string {
  return JSON.stringify(text).replace(/\u007f/g, '\\u007f')
}
