// Ignore rules of a share: those of `.leftignore` in each folder, which travel, and this machine's own in `.left/ignore`. Says which
// paths they leave out. A file of rules is read when its folder is listed, and again when it has changed and come to rest. The
// scanner owns it.
//
// As with git, a path in a folder that is left out is left out whatever else is said of it, and of two files with a line that
// matches the one in the deeper folder decides. This machine's own file has the last word.

import { textOf } from '../../base/bytes.js'
import { OWN_RULES_PATH } from '../../base/own-folder.js'
import { type Disk, DiskError } from '../../base/ports.js'
import { causeOf } from '../../base/reason.js'
import type { Entry } from '../../share/entry.js'
import { type DecidingLine, IGNORE_FILE, IgnoreRules } from '../../share/ignore-rules.js'
import { MATCH_STEPS_MAX } from '../../share/limits.js'
import { joinPath, nameOf, parentOf } from '../../share/path.js'
import { DueQueue } from '../due-queue.js'
import { type Signature, sameSignature, signatureOf } from '../index/signature.js'
import { SETTLE_MS } from '../limits.js'
import type { Findings } from './findings.js'
import { FOLDER_VERDICTS_MAX, RULES_BYTES_MAX, RULES_TOTAL_BYTES_MAX } from './limits.js'

interface Loaded {
  readonly rules: IgnoreRules
  readonly signature: Signature
}

/** A line that leaves a path out, or the folder that it is in. */
export interface IgnoringLine {
  readonly line: DecidingLine
  /** Path of the file of rules. */
  readonly file: string
  /** The path that the line names. */
  readonly path: string
}

export interface IgnoringOptions {
  readonly disk: Disk
  readonly findings: Findings
}

export class Ignoring {
  private readonly options: IgnoringOptions
  /** By the path of the file. */
  private readonly files = new Map<string, Loaded>()
  /** By path, the signature that was seen of a file of rules that is not at rest; undefined where none was there. */
  private readonly unsettled = new Map<string, Signature | undefined>()
  private readonly due = new DueQueue()
  private heldBytes = 0
  /** By path, whether a folder is left out. */
  private readonly folders = new Map<string, boolean>()

  constructor(options: IgnoringOptions) {
    this.options = options
    this.load(OWN_RULES_PATH, this.signatureAt(OWN_RULES_PATH))
  }

  pollTimeout(): number | undefined {
    return this.due.nextDueMs()
  }

  /** Whether there are no rules at all. */
  get isEmpty(): boolean {
    return this.files.size === 0
  }

  /** Whether rules leave this path out, by itself or with a folder that it is in. */
  isIgnored(path: string, isFolder: boolean): boolean {
    return this.files.size > 0 && (this.isFolderIgnored(parentOf(path)) || this.isNamed(path, isFolder))
  }

  /** The line that leaves this path out; undefined where none does. */
  lineFor(path: string, isFolder: boolean): IgnoringLine | undefined {
    if (path === '' || this.files.size === 0) return undefined
    const above = this.lineFor(parentOf(path), true)
    if (above !== undefined) return above
    const found = this.deciding(path, isFolder)
    return found?.line.verdict === 'ignored' ? { ...found, path } : undefined
  }

  leavesOut({ path, kind, deletedKind }: Entry): boolean {
    return this.isIgnored(path, kind === 'folder' || deletedKind === 'folder')
  }

  private isFolderIgnored(folder: string): boolean {
    if (folder === '') return false
    const known = this.folders.get(folder)
    if (known !== undefined) return known
    const isIgnored = this.isFolderIgnored(parentOf(folder)) || this.isNamed(folder, true)
    if (this.folders.size >= FOLDER_VERDICTS_MAX) this.folders.clear()
    this.folders.set(folder, isIgnored)
    return isIgnored
  }

  private isNamed(path: string, isFolder: boolean): boolean {
    return this.deciding(path, isFolder)?.line.verdict === 'ignored'
  }

  /** By the first file with a line that matches: the own one, then from the deepest folder up. */
  private deciding(
    path: string,
    isFolder: boolean,
  ): { readonly line: DecidingLine; readonly file: string } | undefined {
    const own = this.files.get(OWN_RULES_PATH)?.rules.deciding(path, isFolder)
    if (own !== undefined) return { line: own, file: OWN_RULES_PATH }
    const budget = { steps: MATCH_STEPS_MAX }
    for (let folder = parentOf(path); ; folder = parentOf(folder)) {
      const file = joinPath(folder, IGNORE_FILE)
      const within = folder === '' ? path : path.slice(folder.length + 1)
      const found = this.files.get(file)?.rules.deciding(within, isFolder, budget)
      if (found !== undefined) return { line: found, file }
      if (folder === '') return undefined
    }
  }

  /** `folder` is listed, before anything in it is looked at. `isThere`: with a file of rules. */
  handleListed(folder: string, isThere: boolean, nowMs: number): void {
    const file = joinPath(folder, IGNORE_FILE)
    // Nothing that they leave out is to be told of meanwhile.
    if (isThere && !this.files.has(file)) this.load(file, this.signatureAt(file))
    else if (isThere || this.files.has(file)) this.look(file, nowMs)
  }

  /** A file of rules may have changed: it counts once it has stayed the same for a while. */
  look(file: string, nowMs: number): void {
    const signature = this.signatureAt(file)
    if (sameSignature(signature, this.files.get(file)?.signature)) {
      if (this.unsettled.delete(file)) this.due.delete(file)
    } else if (!this.unsettled.has(file) || !sameSignature(signature, this.unsettled.get(file))) {
      this.unsettled.set(file, signature)
      this.due.set(file, nowMs + SETTLE_MS)
    }
  }

  /** Reads what has come to rest. Answers the folders whose rules are others now. */
  takeChanged(nowMs: number): readonly string[] {
    const changed: string[] = []
    for (let file = this.due.take(nowMs); file !== undefined; file = this.due.take(nowMs)) {
      const seen = this.unsettled.get(file)
      this.unsettled.delete(file)
      if (!sameSignature(seen, this.signatureAt(file))) this.look(file, nowMs)
      else if (this.load(file, seen)) changed.push(file === OWN_RULES_PATH ? '' : parentOf(file))
    }
    return changed
  }

  /** The folder is there no more, or is left out itself. */
  forget(folder: string): void {
    const file = joinPath(folder, IGNORE_FILE)
    if (this.unsettled.delete(file)) this.due.delete(file)
    const loaded = this.files.get(file)
    if (loaded === undefined) return
    this.heldBytes -= loaded.signature.sizeBytes
    this.files.delete(file)
    this.folders.clear()
  }

  /** Answers whether rules were read, or are there no more. */
  private load(file: string, signature: Signature | undefined): boolean {
    const text = signature === undefined ? undefined : this.read(file, signature)
    const isThere = this.files.has(file)
    this.heldBytes -= this.files.get(file)?.signature.sizeBytes ?? 0
    this.heldBytes += text === undefined ? 0 : signature!.sizeBytes
    if (text === undefined || signature === undefined) this.files.delete(file)
    else this.files.set(file, { rules: new IgnoreRules(text), signature })
    this.folders.clear()
    return isThere || text !== undefined
  }

  /** A link is none: it could lead anywhere. */
  private signatureAt(file: string): Signature | undefined {
    const stat = this.guarded(file, () => this.options.disk.statLink(file))
    return stat?.kind === 'file' ? signatureOf(stat) : undefined
  }

  private read(file: string, { sizeBytes }: Signature): string | undefined {
    const otherBytes = this.heldBytes - (this.files.get(file)?.signature.sizeBytes ?? 0)
    if (sizeBytes > RULES_BYTES_MAX || otherBytes + sizeBytes > RULES_TOTAL_BYTES_MAX) {
      this.problem(
        file,
        `it is larger than ${RULES_BYTES_MAX} bytes, or all of them are larger than ${RULES_TOTAL_BYTES_MAX}`,
      )
      return undefined
    }
    const bytes = this.guarded(file, () => {
      const { disk } = this.options
      const handle = disk.open(file)
      try {
        const into = new Uint8Array(sizeBytes)
        return into.subarray(0, disk.read(handle, into, 0))
      } finally {
        disk.close(handle)
      }
    })
    const text = bytes && textOf(bytes)
    if (bytes !== undefined && text === undefined) this.problem(file, 'it is not UTF-8')
    return text
  }

  private guarded<T>(file: string, work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      if (error.code !== 'missing') this.problem(file, error.message)
      return undefined
    }
  }

  private problem(file: string, reason: string): void {
    this.options.findings.addProblem(
      file,
      `its rules are not followed: ${reason}`,
      causeOf('rules-unread', reason),
    )
  }
}

export function isRulesFile(path: string): boolean {
  return nameOf(path) === IGNORE_FILE || path === OWN_RULES_PATH
}
