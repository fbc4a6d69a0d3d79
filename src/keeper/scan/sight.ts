// Looks at a path of the share, under the link policy: what is shared, what never is, and what cannot be. The scanner
// asks it for each path; problems go to the findings.

import { FILE_BYTES_MAX } from '../../base/limits.js'
import type { Disk, FileStat } from '../../base/ports.js'
import type { LinkPolicy } from '../../pipe/settings.js'
import { checkPath, joinPath, ownFoldersWithin, parentOf, SHARE_MARK } from '../../share/path.js'
import type { Catalogue } from '../index/catalogue.js'
import type { Findings } from './findings.js'
import { FOLDER_DEPTH_MAX } from './limits.js'

export type Sight =
  | { readonly type: 'nothing' }
  /** Something that cannot be shared now is there, or a link that is left out: what the catalogue knows of it stands. */
  | { readonly type: 'unshared' }
  /** Something never shared is there: what the catalogue knows of it stands, and its content is not given. */
  | { readonly type: 'withheld' }
  | { readonly type: 'folder'; readonly stat: FileStat }
  | { readonly type: 'file'; readonly stat: FileStat }
  | { readonly type: 'link'; readonly target: string }

export class Sighting {
  private readonly options: SightingOptions

  constructor(options: SightingOptions) {
    this.options = options
  }

  at(path: string): Sight {
    const { disk, links, findings } = this.options
    const fault = checkPath(path)
    if (fault !== undefined) {
      findings.addProblem(path, `its path cannot be shared (${fault})`)
      return { type: 'nothing' }
    }
    if (this.isInOtherShare(path)) {
      findings.addProblem(path, OTHER_SHARE_REASON)
      return { type: 'withheld' }
    }
    const own = disk.statLink(path)
    if (own === undefined) {
      findings.forgetProblem(path)
      return { type: 'nothing' }
    }
    if (own.kind !== 'link') return this.atContent(path, own)
    if (links === 'skip') return { type: 'unshared' }
    const target = disk.readLink(path)
    if (links === 'keep') return { type: 'link', target }
    // A link that a peer made stays one: followed, it would share whatever file of ours the peer names.
    const known = this.options.catalogue.live(path)
    if (known?.kind === 'link' && known.target === target) return { type: 'link', target }
    const pointed = disk.stat(path)
    if (pointed === undefined) {
      findings.addProblem(path, 'it is a link to nothing')
      return { type: 'unshared' }
    }
    if (pointed.kind === 'folder' && this.isCycle(path, pointed)) {
      findings.addProblem(path, 'it is a link to a folder that holds it')
      return { type: 'unshared' }
    }
    return this.atContent(path, pointed)
  }

  /** Whether something is there that is not shared. */
  isUnshared(path: string): boolean {
    const { type } = this.at(path)
    return type === 'unshared' || type === 'withheld'
  }

  private isInOtherShare(path: string): boolean {
    return ownFoldersWithin(path).some((folder) => {
      const mark = this.options.disk.statLink(joinPath(folder, SHARE_MARK))
      return mark?.kind === 'file'
    })
  }

  private atContent(path: string, stat: FileStat): Sight {
    if (stat.kind === 'folder') return { type: 'folder', stat }
    if (stat.kind === 'private') {
      this.options.findings.addProblem(path, PRIVATE_REASON)
      return { type: 'withheld' }
    }
    if (stat.kind === 'file') {
      if (stat.sizeBytes <= FILE_BYTES_MAX) return { type: 'file', stat }
      this.options.findings.addProblem(
        path,
        `it is larger than ${FILE_BYTES_MAX} bytes, the most that one file may have`,
      )
    } else {
      this.options.findings.addProblem(path, 'it is neither a file nor a folder')
    }
    return { type: 'unshared' }
  }

  /** Whether a folder that a link points at is one of those that the link is in, or the share itself. */
  private isCycle(path: string, pointed: FileStat): boolean {
    let folder = parentOf(path)
    for (let depth = 0; depth < FOLDER_DEPTH_MAX; depth++) {
      const stat = this.options.disk.stat(folder)
      if (stat !== undefined && stat.inode === pointed.inode && stat.device === pointed.device) return true
      if (folder === '') return false
      folder = parentOf(folder)
    }
    return true
  }
}

export interface SightingOptions {
  readonly disk: Disk
  readonly catalogue: Catalogue
  readonly links: LinkPolicy
  readonly findings: Findings
}

export const PRIVATE_REASON =
  'it is or holds your identity, the peers that you trust or your secret: that is never shared, and no peer writes it'

export const OTHER_SHARE_REASON = "it is left's own folder of another share: that is never shared"
