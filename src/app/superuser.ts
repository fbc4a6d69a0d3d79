// The word to a person who runs left as root. It needs no such rights: the port is above 1,024.

/** Once at the start. */
export const SUPERUSER_NOTE =
  'left runs as root: it can read every file of this machine that the share or a link in it leads to, and files from peers belong to root; give it a user of its own'

export function isSuperuser(): boolean {
  return process.geteuid?.() === 0
}
