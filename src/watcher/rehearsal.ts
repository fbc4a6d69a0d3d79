// Looks at a share as a watcher process does, and changes nothing in it: a copy of its index and log in a folder of its own, the real scan
// over a disk that is only read, and what would become of entries of peers (src/keeper/rehearsing.ts). Used by src/app/dry-run.ts,
// in its own process.

import { randomBytes, randomInt } from 'node:crypto'
import { constants, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { FORMAT_PATH, INDEX_PATH, JOURNAL_PATH, OWN_FOLDER, OWN_RULES_PATH } from '../base/own-folder.js'
import type { Witness } from '../base/witness-port.js'
import { bootIdOrMinute } from '../io/boot.js'
import { nowMs, systemWallClock } from '../io/clock.js'
import { RealDisk } from '../io/disk.js'
import { crc32, hash, loadHash } from '../io/hash.js'
import { PrivateFiles } from '../io/private-files.js'
import { peerAt } from '../io/share-mark.js'
import { stateFolder, WitnessFolder } from '../io/witness.js'
import { Breaker } from '../keeper/breaker/breaker.js'
import { openShare } from '../keeper/recover/recovery.js'
import { Rehearsing } from '../keeper/rehearsing.js'
import { ScanSchedule } from '../keeper/scan/scan-schedule.js'
import { Scanner } from '../keeper/scan/scanner.js'
import type { ForetoldDeed } from '../pipe/deeds.js'
import { FOLLOWING } from '../pipe/settings.js'
import type { WatcherStart } from '../pipe/watcher-protocol.js'
import type { Entry } from '../share/entry.js'
import type { Manifest } from '../share/manifest.js'
import { REHEARSAL_SETTLE_MS_MAX } from './limits.js'
import { loadLmdb, type OpenIndex, openIndex } from './open-index.js'
import { ReadingDisk } from './reading-disk.js'

export type RehearsalStart = Pick<
  WatcherStart,
  'share' | 'links' | 'privatePlaces' | 'maxDelete' | 'direction'
>

/** Of LEFT's own folder, what says how the share was left. */
const COPIED = [FORMAT_PATH, INDEX_PATH, JOURNAL_PATH, OWN_RULES_PATH]

/** The share need not be there. Nobody may run on it. Throws a LeftError or a DiskError where it cannot be read. */
export async function openRehearsal(start: RehearsalStart): Promise<Rehearsal> {
  await loadHash()
  const lmdb = await loadLmdb()
  const folder = mkdtempSync(join(tmpdir(), 'left-dry-run-'))
  try {
    copyOwn(start.share, folder)
    return new Rehearsal(start, folder, openIndex(join(folder, INDEX_PATH), lmdb))
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

export class Rehearsal {
  private readonly folder: string
  private readonly index: OpenIndex
  private readonly disks: readonly RealDisk[]
  private readonly privateFiles: PrivateFiles
  private readonly scanner: Scanner
  private readonly rehearsing: Rehearsing
  private readonly closeLog: () => void
  readonly manifest: Manifest
  private isClosed = false

  constructor(
    { share, links, privatePlaces, maxDelete, direction }: RehearsalStart,
    folder: string,
    index: OpenIndex,
  ) {
    this.folder = folder
    this.index = index
    this.privateFiles = new PrivateFiles(privatePlaces)
    const { privateFiles } = this
    const place = isFolder(share) ? share : emptyFolder(folder)
    const real = new RealDisk(place, { following: FOLLOWING[links], privateFiles })
    const own = new RealDisk(folder)
    this.disks = [real, own]
    const disk = new ReadingDisk(real, own)
    const wallMs = systemWallClock.wallMs
    const { edits, catalogue, journal } = openShare({
      disk,
      peer: peerAt(share) ?? randomBytes(8).toString('hex'),
      hash,
      crc32,
      index,
      boot: bootIdOrMinute(),
      wallMs,
      random: (below) => randomInt(below),
      witness: readOnly(new WitnessFolder(stateFolder(), place)),
    })
    this.closeLog = () => journal.close()
    this.manifest = catalogue.manifest
    const files = () => catalogue.filesHeldMin + catalogue.aside.size
    const breaker = new Breaker({ index: catalogue.meta, wallMs, maxDelete, files })
    const onFolder = () => {}
    this.scanner = new Scanner({ disk, hash, catalogue, edits, breaker, links, direction, wallMs, onFolder })
    this.rehearsing = new Rehearsing({ catalogue, scanner: this.scanner, breaker, links, direction })
  }

  /** Reads the share, as at each start of a peer. Between its steps other work of the process is done. */
  async scan(): Promise<void> {
    const { scanner } = this
    const schedule = new ScanSchedule()
    schedule.start(nowMs())
    scanner.scanAll()
    let readyMs: number | undefined
    while (!this.isClosed) {
      const more = scanner.step(nowMs())
      scanner.takeFindings()
      if (!scanner.busy) schedule.handleIdle(scanner.pollTimeout(), nowMs())
      if (schedule.ready) readyMs ??= nowMs()
      // Deletions and moves are told once the rest has settled; what never settles is not waited for.
      if (readyMs !== undefined && (scanner.idle || nowMs() - readyMs > REHEARSAL_SETTLE_MS_MAX)) return
      const dueMs = scanner.pollTimeout()
      if (more || dueMs === undefined) await setImmediate()
      else await sleep(Math.max(0, Math.min(SCAN_LOOK_MS, dueMs - nowMs())))
    }
  }

  /** Once the share has been read: what a peer knows otherwise. */
  handleListed(entries: readonly Entry[], peer: { readonly peer: string; readonly name: string }): void {
    this.rehearsing.handleListed(entries, peer)
  }

  deeds(): readonly ForetoldDeed[] {
    return this.rehearsing.deeds()
  }

  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    this.closeLog()
    await this.index.close()
    for (const disk of this.disks) disk.dispose()
    this.privateFiles.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

const SCAN_LOOK_MS = 50

function copyOwn(share: string, folder: string): void {
  mkdirSync(join(folder, OWN_FOLDER), { mode: 0o700 })
  for (const path of COPIED) {
    const from = join(share, path)
    if (existsSync(from))
      cpSync(from, join(folder, path), { recursive: true, mode: constants.COPYFILE_FICLONE })
  }
}

function emptyFolder(folder: string): string {
  const empty = join(folder, 'empty')
  mkdirSync(empty)
  return empty
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** The share was not opened. */
function readOnly(witness: Witness): Witness {
  return { read: (author) => witness.read(author), write: () => {} }
}
