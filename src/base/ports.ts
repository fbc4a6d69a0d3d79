// The ports: what a machine may ask of the world. Each has a real body (src/io) and a simulated one
// (src/sim), and one conformance suite runs against both.

import type { Access, ModeChange } from './access.js'

/** Randomness. The simulator's comes from a seed. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Fresh bytes that a stranger cannot guess (in the real body). */
  bytes(count: number): Uint8Array
}

/** Milliseconds since the Unix epoch, as this machine believes. May jump; never used to measure time. */
export interface WallClock {
  wallMs(): number
}

/** 'private' is whatever holds the user's own secrets (its identity, whom it trusts): no share has that. */
export type FileKind = 'file' | 'folder' | 'link' | 'private' | 'other'

/** The answer of stat(2). Two equal answers for one path mean unchanged content, except within one timestamp tick. */
export interface FileStat {
  readonly kind: FileKind
  readonly sizeBytes: number
  /** With the fraction that the file system keeps. */
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly inode: number
  readonly device: number
  /** False too on a disk that keeps no modes. */
  readonly executable: boolean
  /** By the mode; 'none' on a disk that keeps no modes. */
  readonly access: Access
  /** Permissions to read, write and run the file: the nine bits of chmod(2). */
  readonly mode: number
}

export type DiskErrorCode =
  | 'missing'
  | 'exists'
  | 'not-empty'
  | 'denied'
  | 'no-space'
  | 'link' // a component of the path is a symbolic link, and links are not followed there
  | 'changed-kind' // a file where a folder was expected, or the reverse
  | 'same-name' // what stands there has another name, which this disk takes for the same
  | 'private' // one of the user's own secrets, or the place of one
  | 'name-too-long' // for this disk; a share may hold it
  | 'bad-name' // this disk, or this system, takes no such name
  | 'io'

/** Thrown by every disk operation that fails. */
export class DiskError extends Error {
  readonly code: DiskErrorCode

  constructor(code: DiskErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'DiskError'
    this.code = code
  }
}

/** A file to be made, whole. */
export interface NewFile {
  readonly bytes: Uint8Array
  readonly mtimeMs: number
  /** Whether its content must be on stable storage before the call returns. */
  readonly sync: boolean
}

/** Permissions of a file that is about to be put in place. */
export interface FileAccess extends ModeChange {
  /** The file that it takes the place of, whose permissions are changed: whoever could not read that one cannot read this
   *  one, unless it widens. Undefined where there is none, and then it is as this user's new files are, within the access. */
  readonly replaces: string | undefined
}

/** Where the folder of a path is need not be asked for each of its names: it was listed just now, or a digest proves what is read. */
export type FolderTrust = 'trusted'

/** An open file. Numbers are only meaningful to the disk that gave them. */
export type FileHandle = number

/** Names of a folder; `unreadable` holds those that are not UTF-8, made printable. */
export interface FolderListing {
  readonly names: readonly string[]
  readonly unreadable: readonly string[]
}

export interface DiskRoom {
  /** For this user's files. */
  readonly freeBytes: number
  readonly totalBytes: number
}

/** The disk of one share, synchronous: the watcher process may wait for it, the engine never does.
 *
 *  The user's own secrets are private, wherever they lie: `stat` and `statLink` say so, `open` and every operation that
 *  writes refuse them, their places and the folder that they are in with code 'private'.
 *
 *  Paths are relative to the share, joined by '/', '' being the share itself. Every operation but `room` throws a
 *  `DiskError`. Operations that write (`create`, `writeNew`, `rename`, `linkFile`, `moveNew`, `makeFolder`, `makeLink`,
 *  `remove*`, `setTimes`, `setMode`, `setAccess`) refuse with code 'link' when a folder on the way is a symbolic link; reading follows
 *  links. */
export interface Disk {
  /** The thing itself, links not followed; undefined where there is nothing. */
  statLink(path: string, trust?: FolderTrust): FileStat | undefined
  /** Follows links; undefined where there is nothing or the link dangles. */
  stat(path: string, trust?: FolderTrust): FileStat | undefined
  list(path: string): FolderListing
  readLink(path: string): string
  /** Opens an existing file for reading. */
  open(path: string, trust?: FolderTrust): FileHandle
  /** Opens for reading and writing, making the file if it is missing, for this user alone; nothing is truncated. */
  create(path: string): FileHandle
  /** Makes a file for this user alone, in one go: thousands of small ones are made so. Throws 'exists' where something is
   *  there; where it fails otherwise it may leave a part. Answers how the file looks. */
  writeNew(path: string, file: NewFile): FileStat
  stateOf(handle: FileHandle): FileStat
  /** Reads into the whole of `target` from `position`; answers bytes read, short only at the end of the file. */
  read(handle: FileHandle, target: Uint8Array, position: number): number
  /** Writes all of `source` at `position`. */
  write(handle: FileHandle, source: Uint8Array, position: number): void
  truncate(handle: FileHandle, sizeBytes: number): void
  /** Returns when the content is on stable storage. */
  sync(handle: FileHandle): void
  close(handle: FileHandle): void
  /** Atomically puts `from` in the place of `to`, replacing a file there. */
  rename(from: string, to: string): void
  /** Gives the file `from` a second name `to` (a hard link): a version is kept without a moment in which its
   *  path is empty, and a new file appears without overwriting one that was just made. Throws 'exists' where
   *  something is at `to`. */
  linkFile(from: string, to: string): void
  /** Gives the file `from` the name `to` instead of its own, which it keeps until it has the other. Throws 'exists' where
   *  something is at `to`. Answers how the file looks then. */
  moveNew(from: string, to: string): FileStat
  /** Makes one folder; its parent exists. Throws 'exists' where something is there. A private one is this user's alone. */
  makeFolder(path: string, access?: 'usual' | 'private'): void
  makeLink(path: string, target: string): void
  removeFile(path: string): void
  removeFolder(path: string): void
  setTimes(path: string, mtimeMs: number): void
  /** Changes who may read the file or the folder that stands there, and run the file. A disk that keeps no modes leaves it
   *  as it is. */
  setMode(path: string, change: ModeChange): void
  /** Opens a file that this user alone could use to whoever may use it in its place. A disk that keeps no modes leaves
   *  it as it is. Answers how the file looks. */
  setAccess(path: string, access: FileAccess): FileStat
  /** Finds out whether this disk keeps modes and takes names that differ in case or Unicode form for one, by a file that it makes in
   *  this folder and removes again. Until then it is taken to keep them, and names to be different. */
  probe(folder: string): void
  /** Whether names that differ in case or Unicode form alone may be one. */
  foldsNames(): boolean
  /** Who may read this user's new files, as the umask has it. */
  usualAccess(): Access
  /** Free space of the file system that the share is on; undefined where the system does not tell, whatever the reason: this is
   *  asked in passing, and never throws. */
  room(): DiskRoom | undefined
  /** Makes the names in a folder durable, where the platform can. */
  syncFolder(path: string): void
}

/** Files and folders that no share may hold. Absolute paths; nothing need be there yet, and what is there may be replaced. */
export interface PrivatePlaces {
  readonly files: readonly string[]
  /** With everything in them. */
  readonly folders: readonly string[]
}

export const NO_PRIVATE_PLACES: PrivatePlaces = { files: [], folders: [] }
