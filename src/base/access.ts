// Who may read a file or a folder, by the nine bits of chmod(2), and the bits that a disk gives it. For both bodies of the
// disk port.

/** Who may read it, from the most private: the owner, its group, everybody. 'none': a disk that keeps no modes tells none,
 *  and links and tombstones have none. */
export type Access = 'owner' | 'group' | 'all' | 'none'

/** The larger, the fewer may read. */
export const PRIVACY: Readonly<Record<Access, number>> = { owner: 3, group: 2, all: 1, none: 0 }

export function morePrivate(left: Access, right: Access): Access {
  return PRIVACY[left] > PRIVACY[right] ? left : right
}

/** The mode that something is to have. */
export interface ModeChange {
  /** With 'none' whoever could read it still can. */
  readonly access: Access
  /** Of a file; whoever may list a folder may enter it. */
  readonly executable: boolean
  /** Whether it is opened to more than before, as far as the umask allows, where the access says so. */
  readonly widens: boolean
}

/** Others who may read it count without its group: a file of mode 0604 is everybody's. */
export function accessOf(bits: number): Access {
  if ((bits & 0o004) !== 0) return 'all'
  return (bits & 0o040) !== 0 ? 'group' : 'owner'
}

/** The bits of a file of mode `bits` after the change; `usualBits` are those that its user's new files get. */
export function fileBits(bits: number, change: ModeChange, usualBits: number): number {
  const wanted = changed(bits, change, usualBits)
  const isAsBefore = ((bits & 0o100) !== 0) === change.executable
  return isAsBefore && wanted === bits ? bits : executableBits(wanted, change.executable)
}

/** The same of a folder. */
export function folderBits(bits: number, change: ModeChange, usualBits: number): number {
  return changed(bits, change, usualBits)
}

/** Readers may run; nobody else. */
function executableBits(bits: number, executable: boolean): number {
  return executable ? bits | ((bits & 0o444) >> 2) : bits & ~0o111
}

function changed(bits: number, { access, widens }: ModeChange, usualBits: number): number {
  return (widens ? bits | usualBits : bits) & 0o777 & ALLOWED[access]
}

const ALLOWED: Readonly<Record<Access, number>> = { owner: 0o700, group: 0o770, all: 0o777, none: 0o777 }
