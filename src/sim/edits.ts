// The edits of people to a share, and the simulated person who makes them: with the disk as any program has it, in
// steps, each written into the history.

import type { Access } from '../base/access.js'
import { OWN_FOLDER } from '../base/own-folder.js'
import { type Disk, DiskError } from '../base/ports.js'
import { joinPath, parentOf } from '../share/path.js'
import type { SimDisk } from './disk/disk.js'
import type { History } from './history.js'
import { SeededRandom } from './random.js'
import type { Scheduler } from './scheduler.js'

/** As a person says it with chmod(1), whatever the umask. */
export type ToldAccess = Exclude<Access, 'none'>

/** An edit; sizes in bytes. One that is impossible as things stand (append to a folder) is left undone. */
export type Edit =
  /** A whole new content: truncated and written in place in so many steps. `ageMs` dates it back; `access` is given to it
   *  while it is empty. */
  | {
      readonly type: 'write'
      readonly path: string
      readonly content: number
      readonly sizeBytes: number
      readonly steps: number
      readonly stepMs: number
      readonly ageMs?: number
      readonly access?: ToldAccess | undefined
    }
  /** A whole new content, written beside and renamed, as careful editors do. */
  | {
      readonly type: 'replace'
      readonly path: string
      readonly content: number
      readonly sizeBytes: number
      readonly stepMs: number
      readonly access?: ToldAccess | undefined
    }
  /** Bytes in the middle, from `from` (a part of the size) on. */
  | {
      readonly type: 'overwrite'
      readonly path: string
      readonly content: number
      readonly sizeBytes: number
      readonly from: number
    }
  /** Bytes put in between: what is behind `from` moves on. */
  | {
      readonly type: 'insert'
      readonly path: string
      readonly content: number
      readonly sizeBytes: number
      readonly from: number
    }
  | {
      readonly type: 'append'
      readonly path: string
      readonly content: number
      readonly sizeBytes: number
      readonly steps: number
      readonly stepMs: number
    }
  /** Cut to this part of its size. */
  | { readonly type: 'truncate'; readonly path: string; readonly part: number }
  | { readonly type: 'touch'; readonly path: string; readonly ageMs: number }
  | { readonly type: 'executable'; readonly path: string }
  | { readonly type: 'chmod'; readonly path: string; readonly access: ToldAccess }
  | { readonly type: 'folder'; readonly path: string }
  | { readonly type: 'remove'; readonly path: string }
  | { readonly type: 'rename'; readonly path: string; readonly to: string }
  | { readonly type: 'copy'; readonly path: string; readonly to: string }
  /** A file becomes a folder with a file in it, a folder becomes a file. */
  | { readonly type: 'swap'; readonly path: string; readonly content: number; readonly sizeBytes: number }
  /** A link to a file of this name beside the share. */
  | { readonly type: 'link'; readonly path: string; readonly outside: string }
  /** A link with this text, which leads to a place of the share or nowhere. */
  | { readonly type: 'inner-link'; readonly path: string; readonly target: string }

export interface EditorOptions {
  readonly peer: number
  readonly disk: SimDisk
  readonly scheduler: Scheduler
  readonly history: History
  readonly wallMs: () => number
  /** Whether what is written is synced at once. */
  readonly syncs: boolean
  /** Whether the machine is on. */
  readonly powered: () => boolean
  /** Something changed at this path: the platform may tell the watcher. */
  readonly onChanged: (path: string) => void
  /** A content that stood at this path was replaced or removed. */
  readonly onReplaced: (path: string, digest: string) => void
}

interface Standing {
  readonly kind: 'file' | 'folder' | 'nothing'
  readonly digest: string | undefined
  /** Both, since a coarse ctime may be the same after a touch. */
  readonly times: string | undefined
}

export class Editor {
  private readonly options: EditorOptions
  /** Files that a person's programs have written into. */
  readonly inodes = new Set<number>()

  constructor(options: EditorOptions) {
    this.options = options
  }

  perform(edit: Edit): void {
    if (!this.options.powered()) return
    switch (edit.type) {
      case 'write':
        this.write(edit)
        break
      case 'replace':
        this.replace(edit)
        break
      case 'overwrite':
        this.overwrite(edit)
        break
      case 'insert':
        this.insert(edit)
        break
      case 'append':
        this.append(edit, edit.steps)
        break
      case 'truncate':
        this.inFile(edit.path, (disk, handle, sizeBytes) =>
          disk.truncate(handle, Math.floor(sizeBytes * edit.part)),
        )
        break
      case 'touch':
        this.change([edit.path], (disk) => disk.setTimes(edit.path, this.options.wallMs() - edit.ageMs))
        break
      case 'executable':
        this.toggleExecutable(edit.path)
        break
      case 'chmod':
        this.change([edit.path], () => this.chmod(edit.path, edit.access))
        break
      case 'folder':
        this.makeFolders(edit.path)
        break
      case 'remove':
        this.remove(edit.path)
        break
      case 'rename':
        this.rename(edit.path, edit.to)
        break
      case 'copy':
        this.copy(edit.path, edit.to)
        break
      case 'swap':
        this.swap(edit)
        break
      case 'link':
        // From the top of the simulated machine, so that it leads there from wherever it is renamed to.
        this.link(edit.path, `/${edit.outside}`)
        break
      case 'inner-link':
        this.link(edit.path, edit.target)
        break
    }
  }

  private write(edit: Edit & { type: 'write' }): void {
    const bytes = contentOf(edit.content, edit.sizeBytes)
    this.makeFolders(parentOf(edit.path))
    const pieceBytes = Math.ceil(bytes.length / edit.steps)
    this.inSteps(edit.steps, edit.stepMs, (step) => {
      this.change([edit.path], (disk) => {
        const handle = disk.create(edit.path)
        try {
          if (step === 0) disk.truncate(handle, 0)
          if (step === 0 && edit.access !== undefined) this.chmod(edit.path, edit.access)
          const start = step * pieceBytes
          disk.write(handle, bytes.subarray(start, start + pieceBytes), start)
          if (this.options.syncs) disk.sync(handle)
        } finally {
          disk.close(handle)
        }
        if (edit.ageMs !== undefined) disk.setTimes(edit.path, this.options.wallMs() - edit.ageMs)
        if (this.options.syncs) disk.syncFolder(parentOf(edit.path))
      })
    })
  }

  private replace(edit: Edit & { type: 'replace' }): void {
    const beside = joinPath(parentOf(edit.path), `${edit.content}.draft`)
    this.write({ ...edit, type: 'write', path: beside, steps: 1 })
    this.inSteps(2, edit.stepMs, (step) => {
      if (step === 1) this.change([beside, edit.path], (disk) => disk.rename(beside, edit.path))
    })
  }

  private overwrite(edit: Edit & { type: 'overwrite' }): void {
    this.inFile(edit.path, (disk, handle, sizeBytes) => {
      const position = Math.floor(sizeBytes * edit.from)
      const bytes = contentOf(edit.content, Math.min(edit.sizeBytes, sizeBytes - position))
      disk.write(handle, bytes, position)
    })
  }

  private insert(edit: Edit & { type: 'insert' }): void {
    this.inFile(edit.path, (disk, handle, sizeBytes) => {
      const position = Math.floor(sizeBytes * edit.from)
      const behind = new Uint8Array(sizeBytes - position)
      disk.read(handle, behind, position)
      disk.write(handle, contentOf(edit.content, edit.sizeBytes), position)
      disk.write(handle, behind, position + edit.sizeBytes)
    })
  }

  private append(edit: Edit & { type: 'append' }, steps: number): void {
    this.inSteps(steps, edit.stepMs, (step) => {
      this.inFile(edit.path, (disk, handle, sizeBytes) =>
        disk.write(handle, contentOf(edit.content + step, edit.sizeBytes), sizeBytes),
      )
    })
  }

  private toggleExecutable(path: string): void {
    const executable = this.options.disk.unharmed((disk) => disk.statLink(path)?.executable) ?? false
    const change = { access: 'none', executable: !executable, widens: false } as const
    this.change([path], (disk) => disk.setMode(path, change))
  }

  private chmod(path: string, access: ToldAccess): void {
    const { disk } = this.options
    const stat = disk.stat(path)
    const isEntered = stat?.kind === 'folder' || stat?.executable === true
    disk.chmod(path, isEntered ? MODES[access] | ((MODES[access] & 0o444) >> 2) : MODES[access])
  }

  private makeFolders(path: string): void {
    if (path === '') return
    this.makeFolders(parentOf(path))
    if (this.kindOf(path) === 'nothing') this.change([path], (disk) => disk.makeFolder(path))
  }

  private remove(path: string): void {
    const { disk } = this.options
    if (disk.unharmed(() => disk.statLink(path))?.kind === 'folder') {
      for (const name of disk.unharmed(() => disk.list(path)).names) this.remove(joinPath(path, name))
      this.change([path], () => disk.removeFolder(path))
    } else {
      this.change([path], () => disk.removeFile(path))
    }
  }

  private rename(path: string, to: string): void {
    if (`${to}/`.startsWith(`${path}/`) || this.kindOf(to) === 'folder') return
    this.makeFolders(parentOf(to))
    const below = this.below(path)
    const paths = [...below, ...below.map((inside) => to + inside.slice(path.length))]
    this.change(paths, (disk) => disk.rename(path, to))
  }

  private copy(path: string, to: string): void {
    const bytes = this.options.disk.contentOf(path)
    if (bytes === undefined || path === to || this.kindOf(path) !== 'file') return
    this.makeFolders(parentOf(to))
    this.change([to], (disk) => {
      const handle = disk.create(to)
      try {
        disk.truncate(handle, 0)
        disk.write(handle, bytes, 0)
      } finally {
        disk.close(handle)
      }
    })
  }

  private swap(edit: Edit & { type: 'swap' }): void {
    const { path, content, sizeBytes } = edit
    const kind = this.kindOf(path)
    if (kind === 'nothing') return
    this.remove(path)
    const target = kind === 'file' ? `${path}/inside` : path
    this.write({ type: 'write', path: target, content, sizeBytes, steps: 1, stepMs: 0 })
  }

  private link(path: string, target: string): void {
    if (this.kindOf(path) === 'folder') return
    this.makeFolders(parentOf(path))
    this.change([path], (disk) => {
      if (disk.statLink(path) !== undefined) disk.removeFile(path)
      disk.makeLink(path, target)
    })
  }

  /** Works on an open file that is there. */
  private inFile(path: string, work: (disk: Disk, handle: number, sizeBytes: number) => void): void {
    if (this.kindOf(path) !== 'file') return
    this.change([path], (disk) => {
      const handle = disk.create(path)
      try {
        work(disk, handle, disk.stateOf(handle).sizeBytes)
        if (this.options.syncs) disk.sync(handle)
      } finally {
        disk.close(handle)
      }
    })
  }

  /** Does the first step now and the others later, while the machine is on. */
  private inSteps(steps: number, stepMs: number, act: (step: number) => void): void {
    const { scheduler, powered } = this.options
    act(0)
    for (let step = 1; step < steps; step++) {
      scheduler.at(scheduler.nowMs + step * stepMs, () => {
        if (powered()) act(step)
      })
    }
  }

  /** Changes what is at these paths and writes into the history what became of each. */
  private change(paths: readonly string[], act: (disk: Disk) => void): void {
    const { disk, history, peer, scheduler, onChanged, onReplaced } = this.options
    const before = paths.map((path) => this.standingAt(path))
    try {
      disk.unharmed(act)
    } catch (error) {
      // There is no file there to append to, the disk is full: what was done until then stands.
      if (!(error instanceof DiskError)) throw error
    }
    paths.forEach((path, index) => {
      const was = before[index]!
      const { kind, bytes, times } = this.seen(path)
      if (kind === 'folder' ? was.kind === 'file' : kind === 'file' || was.kind !== 'nothing') {
        const same = bytes !== undefined && was.digest === history.digestOf(bytes)
        if (!same || times !== was.times) history.edited(peer, path, was.digest, bytes, scheduler.nowMs)
        if (!same && was.digest !== undefined) onReplaced(path, was.digest)
      }
      if (kind === 'folder' && was.kind === 'folder') history.touchedFolder(peer, path, scheduler.nowMs)
      else if (kind === 'folder') history.madeFolder(peer, path, scheduler.nowMs)
      const inode = disk.unharmed(() => disk.stat(path))?.inode
      if (inode !== undefined) this.inodes.add(inode)
      onChanged(path)
    })
  }

  private standingAt(path: string): Standing {
    const { kind, bytes, times } = this.seen(path)
    return { kind, digest: bytes === undefined ? undefined : this.options.history.digestOf(bytes), times }
  }

  private seen(path: string): Omit<Standing, 'digest'> & { readonly bytes: Uint8Array | undefined } {
    const { disk } = this.options
    const bytes = disk.contentOf(path)
    const stat = disk.unharmed(() => disk.stat(path))
    const times = stat === undefined ? undefined : `${stat.mtimeMs} ${stat.ctimeMs}`
    return { kind: bytes === undefined ? this.kindOf(path) : 'file', bytes, times }
  }

  private kindOf(path: string): Standing['kind'] {
    const { disk } = this.options
    const stat = disk.unharmed(() => disk.stat(path))
    return stat?.kind === 'file' || stat?.kind === 'folder' ? stat.kind : 'nothing'
  }

  /** The path and everything below it. */
  private below(path: string): string[] {
    if (path === OWN_FOLDER) return []
    const { disk } = this.options
    if (disk.unharmed(() => disk.statLink(path))?.kind !== 'folder') return [path]
    const names = disk.unharmed(() => disk.list(path)).names
    return [path, ...names.flatMap((name) => this.below(joinPath(path, name)))]
  }
}

const MODES: Readonly<Record<ToldAccess, number>> = { owner: 0o600, group: 0o640, all: 0o644 }

/** The bytes that a number stands for: the same wherever it is drawn. */
export function contentOf(content: number, sizeBytes: number): Uint8Array {
  const random = new SeededRandom(content)
  const words = new Uint32Array(Math.ceil(sizeBytes / 4))
  for (let index = 0; index < words.length; index++) words[index] = random.uint32()
  return new Uint8Array(words.buffer, 0, sizeBytes)
}
