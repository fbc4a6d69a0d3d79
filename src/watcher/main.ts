// The watcher process: what is slow and not network. It keeps the share for the engine, whose child it is: watches and
// scans it, hashes, compares, plans, keeps the index and the log. RSA is done here too. It ends with its parent.

import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { getHeapStatistics } from 'node:v8'
import { LeftError } from '../base/errors.js'
import { INDEX_PATH, OWN_FOLDER, OWN_RULES_PATH } from '../base/own-folder.js'
import { DiskError } from '../base/ports.js'
import { bootIdOrMinute } from '../io/boot.js'
import { nowMs, systemWallClock } from '../io/clock.js'
import { RealDisk } from '../io/disk.js'
import { FolderWatch } from '../io/folder-watch.js'
import { crc32, hash, loadHash } from '../io/hash.js'
import { HeapGrowth } from '../io/heap-growth.js'
import { LEAN_GROWTH } from '../io/limits.js'
import { PrivateFiles } from '../io/private-files.js'
import { takeOverFromStaleWatcher } from '../io/stale-watcher-takeover.js'
import { stateFolder, WitnessFolder } from '../io/witness.js'
import { FULL_DISK_REASON } from '../keeper/intake/full-disk.js'
import { Keeper } from '../keeper/keeper.js'
import { FULL_DISK_RETRY_MS } from '../keeper/limits.js'
import { openShare, type Recovered } from '../keeper/recover/recovery.js'
import type { ShareResult } from '../pipe/commands.js'
import type { KeeperNotice } from '../pipe/messages.js'
import { FOLLOWING } from '../pipe/settings.js'
import type { FromWatcher, ToWatcher, WatcherStart } from '../pipe/watcher-protocol.js'
import { ThreadedSearch } from './block-search.js'
import { SHARE_CHECK_MS, WATCHER_GROWTHS } from './limits.js'
import { looksOf } from './looks.js'
import { loadLmdb, type OpenIndex, openIndex } from './open-index.js'
import { RsaKeeper } from './rsa-keeper.js'
import { SharePlaces } from './share-places.js'

const wallMs = systemWallClock.wallMs
const random = (below: number) => randomInt(below)
const lmdb = await loadLmdb()
await loadHash()

class Watcher {
  private readonly keeper: Keeper
  private readonly index: OpenIndex
  private readonly folders: FolderWatch
  private readonly leave: () => void
  private readonly privateFiles: PrivateFiles
  private readonly share: string
  private readonly places: SharePlaces
  private readonly checking: NodeJS.Timeout
  /** Undefined where V8 does not know the option, which the parent has seen. */
  private readonly growth: HeapGrowth | undefined
  /** How the file of this machine's ignore rules looked last. */
  private ownRules: string | undefined
  /** Commands that are being carried out. */
  private readonly works: { readonly number: number; readonly work: Generator<undefined, ShareResult> }[] = []
  private immediate: NodeJS.Immediate | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(start: WatcherStart) {
    this.share = start.share
    this.places = new SharePlaces(start.share)
    // Before the keeper reads it.
    this.ownRules = looksOf(join(start.share, OWN_RULES_PATH))
    this.leave = takeOverFromStaleWatcher(join(start.share, OWN_FOLDER))
    this.privateFiles = new PrivateFiles(start.privatePlaces)
    const { privateFiles } = this
    const disk = new RealDisk(start.share, { following: FOLLOWING[start.links], privateFiles })
    this.index = openIndex(join(start.share, INDEX_PATH), lmdb)
    const { edits, authors, catalogue, journal, notes } = this.openShare(start, disk)
    this.folders = new FolderWatch({
      root: start.share,
      onHint: (folder, name) => {
        this.keeper.handleHint(name === undefined ? folder : folder === '' ? name : `${folder}/${name}`)
        this.wake()
      },
      onDegraded: (message) => tell({ event: 'note', message }),
    })
    this.keeper = new Keeper(
      {
        disk,
        hash,
        journal,
        catalogue,
        edits,
        authors,
        links: start.links,
        minFree: start.minFree,
        trash: start.trash,
        search: new ThreadedSearch(disk, () => this.wake()),
        maxDelete: start.maxDelete,
        direction: start.direction,
        wallMs,
        unwatchedCount: () => this.folders.refusedCount,
        onFolder: (path, present) => {
          if (present) this.folders.add(path)
          else this.folders.remove(path)
        },
      },
      nowMs(),
    )
    for (const message of notes) tell({ event: 'note', message })
    this.checking = setInterval(() => this.checkShare(), SHARE_CHECK_MS)
    // Once the index is read, whose garbage is nothing to make room for.
    this.growth = process.execArgv.includes(LEAN_GROWTH) ? new HeapGrowth(WATCHER_GROWTHS) : undefined
    this.wake()
  }

  handle(messages: (ToWatcher & { type: 'keeper' })['messages']): void {
    for (const message of messages) this.keeper.handle(message, nowMs())
    this.flush()
    this.wake()
  }

  command({ number, command }: ToWatcher & { type: 'command' }): void {
    const work = this.keeper.commands.carryOut(command, nowMs())
    if ('next' in work) this.works.push({ number, work })
    else this.answer(number, work)
    this.wake()
  }

  private answer(number: number, result: ShareResult): void {
    this.flush()
    send({ type: 'command-done', number, result })
  }

  /** A bounded piece of the oldest command that is not done. */
  private stepWork(): void {
    const [first] = this.works
    if (first === undefined) return
    const next = first.work.next()
    if (next.done !== true) return
    this.works.shift()
    this.answer(first.number, next.value)
  }

  async stop(): Promise<void> {
    clearInterval(this.checking)
    this.folders.close()
    try {
      this.keeper.stop()
    } catch (error) {
      // Uncommitted changes are found again by the next start: nobody was told of them.
      if (!(error instanceof DiskError)) throw error
    }
    await this.index.close()
    this.privateFiles.close()
    this.leave()
  }

  /** A share that was moved, removed or unmounted goes on being served from the folder that is held open, and nobody who
   *  looks at its place would know. No watch tells of all of these. */
  private checkShare(): void {
    // Secrets that were replaced since, so that they are known when their folder is renamed.
    this.privateFiles.look()
    this.checkOwnRules()
    const failure = this.placesFailure()
    if (failure === undefined) return
    clearInterval(this.checking)
    fail(failure)
  }

  /** Where the share or LEFT's own folder is not what it was when it was opened. */
  placesFailure(): LeftError | undefined {
    return this.places.failure()
  }

  /** No watch is on LEFT's own folder, where much goes on. */
  private checkOwnRules(): void {
    const looks = looksOf(join(this.share, OWN_RULES_PATH), this.ownRules)
    if (looks === this.ownRules) return
    this.ownRules = looks
    this.keeper.handleHint(OWN_RULES_PATH)
    this.wake()
  }

  private openShare({ share, peer }: WatcherStart, disk: RealDisk): Recovered {
    const { index } = this
    const witness = new WitnessFolder(stateFolder(), share)
    try {
      return openShare({ disk, peer, hash, crc32, index, boot: bootIdOrMinute(), wallMs, random, witness })
    } catch (error) {
      void index.close()
      throw error
    }
  }

  /** One step a turn of the event loop, so that messages and hints come in between. */
  private readonly turn = (): void => {
    this.immediate = undefined
    this.growth?.handleSize(getHeapStatistics().used_heap_size)
    this.stepWork()
    const more = this.keeper.step(nowMs())
    this.flush()
    if (more || this.works.length > 0) this.wake()
    else this.sleep()
  }

  private wake(): void {
    if (this.timer !== undefined) clearTimeout(this.timer)
    this.timer = undefined
    this.immediate ??= setImmediate(this.turn)
  }

  private sleep(): void {
    const dueMs = this.keeper.pollTimeout()
    if (dueMs === undefined || this.immediate !== undefined) return
    this.timer = setTimeout(() => this.wake(), Math.max(0, Math.ceil(dueMs - nowMs())))
  }

  private flush(): void {
    this.tell(this.keeper.takeMessages())
  }

  private tell(messages: (FromWatcher & { type: 'keeper' })['messages']): void {
    if (messages.length > 0) send({ type: 'keeper', messages })
  }
}

function send(message: FromWatcher): void {
  // The parent is gone where this fails, and 'disconnect' ends us.
  process.send?.(message, undefined, undefined, () => {})
}

function tell(notice: KeeperNotice): void {
  send({ type: 'keeper', messages: [{ type: 'notice', notice }] })
}

const rsa = new RsaKeeper({ send, note: (message) => tell({ event: 'note', message }), fail })
let watcher: Watcher | undefined
let isDiskFull = false
/** Messages of the engine that came while there was no room to open the share. */
const early: (ToWatcher & { type: 'keeper' | 'command' })[] = []

/** On a full disk it waits, as a transfer does: whoever frees some space need not start anything again. */
function open(start: WatcherStart): void {
  try {
    watcher = new Watcher(start)
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'no-space') throw error
    if (!isDiskFull) tell({ event: 'paused', reason: FULL_DISK_REASON })
    isDiskFull = true
    setTimeout(() => guarded(() => open(start)), FULL_DISK_RETRY_MS)
    return
  }
  send({ type: 'ready' })
  if (isDiskFull) tell({ event: 'resumed' })
  for (const message of early.splice(0)) handTo(watcher, message)
}

process.on('message', (message: ToWatcher) =>
  guarded(() => {
    if (message.type === 'start') open(message.start)
    else if (message.type === 'identity') rsa.handleIdentity(message)
    else if (message.type === 'rsa') rsa.handleStep(message)
    else if (message.type === 'stop') void end()
    else if (watcher === undefined) early.push(message)
    else handTo(watcher, message)
  }),
)
process.on('uncaughtException', fail)
process.on('disconnect', () => void end())
// The parent decides when we stop: a Ctrl-C in the terminal reaches the whole group.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})

function handTo(open: Watcher, message: ToWatcher & { type: 'keeper' | 'command' }): void {
  if (message.type === 'command') open.command(message)
  else open.handle(message.messages)
}

function guarded(work: () => void): void {
  try {
    work()
  } catch (error) {
    fail(error)
  }
}

async function end(): Promise<void> {
  await watcher?.stop()
  process.exit(0)
}

function fail(cause: unknown): void {
  // The reason for most of what fails then.
  const error = watcher?.placesFailure() ?? cause
  if (
    error instanceof LeftError &&
    (error.code === 'state-newer' ||
      error.code === 'share-unusable' ||
      error.code === 'share-in-use' ||
      error.code === 'identity-unusable')
  ) {
    send({ type: 'failed', code: error.code, message: error.message })
  } else if (error instanceof DiskError && watcher === undefined) {
    send({ type: 'failed', code: 'disk-failed', message: `the share cannot be opened: ${error.message}` })
  } else {
    console.error(error)
  }
  // Once what was said is out; whatever else happens, this process is over.
  setTimeout(() => process.exit(1), 50)
}
