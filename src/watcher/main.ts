// The watcher process: what is slow and not network. It keeps the share for the engine, whose child it is: watches and
// scans it, hashes, compares, plans, keeps the index and the log. It ends with its parent.

import { join } from 'node:path'
import { LeftError } from '../base/errors.js'
import { DiskError } from '../base/ports.js'
import { bootIdOrMinute } from '../io/boot.js'
import { nowMs, systemWallClock } from '../io/clock.js'
import { RealDisk } from '../io/disk.js'
import { FolderWatch } from '../io/folder-watch.js'
import { crc32, hash } from '../io/hash.js'
import { Keeper } from '../sync/keeper.js'
import { openShare } from '../sync/recovery.js'
import { IndexStore } from './index-store.js'
import type { FromWatcher, ToWatcher, WatcherStart } from './protocol.js'

const wallMs = systemWallClock.wallMs

class Watcher {
  private readonly keeper: Keeper
  private readonly index: IndexStore
  private readonly folders: FolderWatch
  private immediate: NodeJS.Immediate | undefined
  private timer: NodeJS.Timeout | undefined

  constructor(start: WatcherStart) {
    const disk = new RealDisk(start.share, { followLinks: start.links === 'follow' })
    this.index = new IndexStore(join(start.share, '.left', 'index'))
    const { catalogue, journal, notes } = openShare({
      disk,
      peer: start.peer,
      hash,
      crc32,
      index: this.index,
      boot: bootIdOrMinute(),
      wallMs,
    })
    this.folders = new FolderWatch({
      root: start.share,
      onHint: (folder, name) => {
        this.keeper.handleHint(
          name === undefined ? folder : folder === '' ? name : `${folder}/${name}`,
          nowMs(),
        )
        this.wake()
      },
      onDegraded: (reason) => this.tell([{ type: 'notice', notice: { event: 'note', message: reason } }]),
    })
    this.keeper = new Keeper(
      {
        disk,
        hash,
        journal,
        catalogue,
        peer: start.peer,
        links: start.links,
        wallMs,
        onFolder: (path, present) => {
          if (present) this.folders.add(path)
          else this.folders.remove(path)
        },
      },
      nowMs(),
    )
    this.tell(notes.map((message) => ({ type: 'notice', notice: { event: 'note', message } })))
    this.wake()
  }

  handle(messages: (ToWatcher & { type: 'keeper' })['messages']): void {
    for (const message of messages) this.keeper.handle(message, nowMs())
    this.flush()
    this.wake()
  }

  async stop(): Promise<void> {
    this.folders.close()
    this.index.commit()
    await this.index.close()
  }

  /** One step a turn of the event loop, so that messages and hints come in between. */
  private readonly turn = (): void => {
    this.immediate = undefined
    const more = this.keeper.step(nowMs())
    this.flush()
    if (more) this.wake()
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

let watcher: Watcher | undefined

process.on('message', (message: ToWatcher) => {
  try {
    if (message.type === 'start') watcher = new Watcher(message.start)
    else if (message.type === 'keeper') watcher?.handle(message.messages)
    else void end()
  } catch (error) {
    fail(error)
  }
})
process.on('uncaughtException', fail)
process.on('disconnect', () => void end())
// The parent decides when we stop: a Ctrl-C in the terminal reaches the whole group.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})

async function end(): Promise<void> {
  await watcher?.stop()
  process.exit(0)
}

function fail(error: unknown): void {
  if (error instanceof LeftError && (error.code === 'state-newer' || error.code === 'share-unusable')) {
    send({ type: 'failed', code: error.code, message: error.message })
  } else if (error instanceof DiskError && watcher === undefined) {
    send({ type: 'failed', code: 'disk-failed', message: `the share cannot be opened: ${error.message}` })
  } else {
    console.error(error)
  }
  // Once what was said is out; whatever else happens, this process is over.
  setTimeout(() => process.exit(1), 50)
}
