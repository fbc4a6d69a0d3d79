// Looks at a path of the share, under the link policy: what is shared, what never is, and what cannot be. The scanner
// asks it for each path; problems go to the findings.

import { FILE_BYTES_MAX, PATH_DEPTH_MAX } from '../../base/limits.js'
import type { Disk, DiskError, FileStat, FolderTrust } from '../../base/ports.js'
import { type Cause, causeOf } from '../../base/reason.js'
import type { LinkPolicy } from '../../pipe/settings.js'
import {
  checkPath,
  joinPath,
  nameOf,
  ownFoldersWithin,
  type PathFault,
  parentOf,
  SHARE_MARK,
} from '../../share/path.js'
import type { Catalogue } from '../index/catalogue.js'
import { sameAccess, sameSignature, signatureOf } from '../index/signature.js'
import type { Findings } from './findings.js'
import type { Ignoring } from './ignoring.js'

export type Sight =
  | { readonly type: 'nothing' }
  /** Something that cannot be shared now is there, or a link that is left out: what the catalogue knows of it stands. */
  | { readonly type: 'unshared' }
  /** Something never shared is there: what the catalogue knows of it stands, and its content is not given. */
  | { readonly type: 'withheld' }
  /** Rules leave the path out, whatever is there: the same. */
  | { readonly type: 'ignored' }
  /** `stat`: of what a followed link leads to, where `own`, which stands at the path itself, is one. */
  | { readonly type: 'folder' | 'file'; readonly stat: FileStat; readonly own: FileStat }
  | { readonly type: 'link'; readonly target: string; readonly own: FileStat }

/** Result of comparing what stands at a path with what the catalogue says. `own`: the state of the thing at the path itself. */
export type Comparison =
  | { readonly type: 'unshared' | 'differs' }
  | { readonly type: 'same'; readonly own: FileStat }

export class Sighting {
  private readonly options: SightingOptions

  constructor(options: SightingOptions) {
    this.options = options
  }

  at(path: string, trust?: FolderTrust): Sight {
    const { disk, links, findings, ignoring } = this.options
    const fault = checkPath(path)
    if (fault !== undefined) {
      findings.addProblem(path, reasonOf(fault), causeOf(FAULT_CODES[fault]))
      return { type: 'nothing' }
    }
    if (this.isInOtherShare(path)) {
      findings.addProblem(path, OTHER_SHARE_REASON, causeOf('other-share'))
      return { type: 'withheld' }
    }
    const own = this.clashAt(path) === undefined ? disk.statLink(path, trust) : undefined
    if (own === undefined) {
      findings.forgetProblem(path)
      const known = this.options.catalogue.live(path)
      return { type: known !== undefined && ignoring.leavesOut(known) ? 'ignored' : 'nothing' }
    }
    const isFollowed = own.kind === 'link' && (links === 'follow' || links === 'auto')
    const pointed = isFollowed ? disk.stat(path) : own
    if (ignoring.isIgnored(path, pointed?.kind === 'folder')) {
      findings.forgetProblem(path)
      return { type: 'ignored' }
    }
    if (own.kind !== 'link') return this.atContent(path, own, own)
    if (links === 'skip') return { type: 'unshared' }
    const target = disk.readLink(path)
    // With `auto` the disk follows some links and others not: it answers these themselves.
    if (links === 'keep' || pointed?.kind === 'link') return { type: 'link', target, own }
    // A link that a peer made stays one: followed, it would share whatever file of ours the peer names.
    const known = this.options.catalogue.live(path)
    if (known?.kind === 'link' && known.target === target) return { type: 'link', target, own }
    if (pointed === undefined) {
      findings.addProblem(path, 'it is a link to nothing', causeOf('link-to-nothing'))
      return { type: 'unshared' }
    }
    if (pointed.kind === 'folder' && this.isCycle(path, pointed)) {
      findings.addProblem(path, 'it is a link to a folder that holds it', causeOf('link-cycle'))
      return { type: 'unshared' }
    }
    return this.atContent(path, pointed, own)
  }

  /** Whether what stands at `path` is what the catalogue says, so that it may be replaced. */
  matches(path: string): boolean {
    return this.isKnown(path, this.at(path))
  }

  /** One look at a path of which something is known that can be held. */
  compare(path: string): Comparison {
    const sight = this.at(path)
    if (isUnshared(sight)) return { type: 'unshared' }
    return 'own' in sight && this.isKnown(path, sight)
      ? { type: 'same', own: sight.own }
      : { type: 'differs' }
  }

  private isKnown(path: string, sight: Sight): boolean {
    const entry = this.options.catalogue.live(path)
    if (entry === undefined) {
      if (sight.type === 'folder') return this.options.catalogue.isRemaining(path)
      return sight.type === 'nothing'
    }
    if (entry.kind === 'file' && sight.type === 'file') {
      return sameSignature(this.options.catalogue.signature(path), signatureOf(sight.stat))
    }
    if (entry.kind === 'folder' && sight.type === 'folder')
      return sameAccess(this.options.catalogue.mode(path), sight.stat)
    return entry.kind === sight.type && (sight.type !== 'link' || sight.target === entry.target)
  }

  /** The path at which what stands at `path`, or in a folder on its way, has its name, where this disk takes the two for one. */
  clashAt(path: string): string | undefined {
    const { disk, catalogue } = this.options
    const twin = catalogue.twins.find(path, (other) => catalogue.live(other) !== undefined)
    if (twin === undefined || disk.statLink(twin.path) === undefined) return undefined
    const { names } = disk.list(parentOf(twin.path))
    return names.includes(nameOf(twin.path)) ? undefined : twin.other
  }

  /** Whether something is there that is not shared. */
  isUnshared(path: string): boolean {
    return isUnshared(this.at(path))
  }

  private isInOtherShare(path: string): boolean {
    return ownFoldersWithin(path).some((folder) => {
      const mark = this.options.disk.statLink(joinPath(folder, SHARE_MARK))
      return mark?.kind === 'file'
    })
  }

  private atContent(path: string, stat: FileStat, own: FileStat): Sight {
    if (stat.kind === 'folder') return { type: 'folder', stat, own }
    if (stat.kind === 'private') {
      this.options.findings.addProblem(path, PRIVATE_REASON, causeOf('private'))
      return { type: 'withheld' }
    }
    if (stat.kind === 'file') {
      if (stat.sizeBytes <= FILE_BYTES_MAX) return { type: 'file', stat, own }
      this.options.findings.addProblem(
        path,
        `it is larger than ${FILE_BYTES_MAX} bytes, the most that one file may have`,
        causeOf('too-large'),
      )
    } else {
      this.options.findings.addProblem(path, 'it is neither a file nor a folder', causeOf('not-a-file'))
    }
    return { type: 'unshared' }
  }

  /** Whether a folder that a link points at is one of those that the link is in, or the share itself. */
  private isCycle(path: string, pointed: FileStat): boolean {
    let folder = parentOf(path)
    for (let depth = 0; depth < PATH_DEPTH_MAX; depth++) {
      const stat = this.options.disk.stat(folder)
      if (stat !== undefined && stat.inode === pointed.inode && stat.device === pointed.device) return true
      if (folder === '') return false
      folder = parentOf(folder)
    }
    return true
  }
}

function isUnshared({ type }: Sight): boolean {
  return type === 'unshared' || type === 'withheld' || type === 'ignored'
}

export const FAULT_CODES = {
  empty: 'name-not-allowed',
  absolute: 'name-not-allowed',
  'empty-component': 'name-not-allowed',
  'dot-component': 'name-not-allowed',
  nul: 'name-not-allowed',
  'not-utf8': 'name-not-utf8',
  'path-too-long': 'name-too-long',
  'name-too-long': 'name-too-long',
  'too-deep': 'too-deep',
  'own-folder': 'own-folder',
} as const

function reasonOf(fault: PathFault): string {
  if (fault !== 'too-deep') return `its path cannot be shared (${fault})`
  return `it is skipped: it lies too deep, a path may have ${PATH_DEPTH_MAX} names at most`
}

export interface SightingOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly links: LinkPolicy
  readonly findings: Findings
  readonly ignoring: Ignoring
}

/** Why something is not held at a path that this disk takes for another one. */
export function sameNameReason(other: string): string {
  return `its name is the same as that of ${other} on this disk, which takes them for one`
}

/** The same by code: names that are one but for their Unicode form, or but for their case. */
export function sameNameCause(path: string, other: string): Cause {
  const isEncoding = path.normalize('NFC') === other.normalize('NFC')
  return causeOf(isEncoding ? 'other-encoding' : 'same-name', other)
}

export const PRIVATE_REASON =
  'it is or holds your identity, the peers that you trust or your secret: that is never shared, and no peer writes it'

export const OTHER_SHARE_REASON = "it is left's own folder of another share: that is never shared"

export function unreadableCause({ code, message }: DiskError): Cause {
  if (code === 'private') return causeOf('private')
  return code === 'denied' ? causeOf('no-right-to-read') : causeOf('unreadable', message)
}

export function unreadableReason(error: DiskError): string {
  if (error.code === 'private') return PRIVATE_REASON
  if (error.code === 'denied') return 'it cannot be read (permission denied)'
  return `it cannot be read (${error.message})`
}
