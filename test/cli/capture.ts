// A pipe for tests, and a clock that stands still until it is told.

import { Writable } from 'node:stream'
import type { PeerEvent } from '../../src/app/events.js'
import type { ViewClock } from '../../src/cli/view.js'

export class Capture extends Writable {
  text = ''
  /** A reader that has stopped: nothing written is ever taken. */
  stuck = false
  private readonly waiting: (() => void)[] = []

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const take = () => {
      this.text += chunk.toString()
      done()
    }
    if (this.stuck) this.waiting.push(take)
    else take()
  }

  /** The reader goes on. */
  release(): void {
    this.stuck = false
    for (const take of this.waiting.splice(0)) take()
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1)
  }
}

export class HandClock implements ViewClock {
  nowMs = 1_000_000

  monotonicMs(): number {
    return this.nowMs
  }

  wall(): Date {
    return new Date(Date.UTC(2024, 0, 2, 3, 4, 5) + this.nowMs - 1_000_000)
  }
}

export const PEER = 'b2b2b2b2b2b2b2b2'
export const KEY = 'c0ffee12'.repeat(8)
export const ADDRESS = '192.168.56.119:22001'

/** One of each event, in an order that a session may have. The type makes a missing one fail to compile. */
export const ONE_OF_EACH: { [Name in PeerEvent['event']]: Extract<PeerEvent, { event: Name }> } = {
  started: {
    event: 'started',
    version: '0.1.0',
    share: '/home/lab/share',
    listening: '0.0.0.0:22001',
    peer: 'a1a1a1a1a1a1a1a1',
    window: 'auto',
    encryption: 'yes',
    fingerprint: '5f3a91c0'.repeat(8),
    peers: ['192.168.56.119', '192.168.56.120'],
    trackers: [],
  },
  page: { event: 'page', link: `http://127.0.0.1:22080/?token=${'t'.repeat(43)}` },
  note: { event: 'note', message: '192.168.56.118 is this machine; ignored' },
  scanning: { event: 'scanning' },
  reading: {
    event: 'reading',
    files: 12_040,
    bytes: 2_100_000_000,
    bytesPerS: 450_000_000,
    file: { path: 'big.iso', bytes: 618_000_000, doneBytes: 309_000_000 },
    isOver: false,
  },
  scanned: { event: 'scanned', files: 78_500, folders: 5_012, bytes: 1_300_000_000, durationMs: 2_140 },
  changed: { event: 'changed', path: 'notes.txt', kind: 'file', bytes: 1_024 },
  problem: { event: 'problem', path: 'secret.key', reason: 'permission denied' },
  waiting: { event: 'waiting', address: ADDRESS, reason: 'no answer yet', code: 'not-reached' },
  connected: { event: 'connected', peer: PEER, address: ADDRESS, fingerprint: KEY },
  pinned: { event: 'pinned', address: ADDRESS, fingerprint: KEY, how: 'first-use' },
  'key-changed': { event: 'key-changed', address: ADDRESS, fingerprint: '0badcafe'.repeat(8), pinned: KEY },
  disconnected: { event: 'disconnected', peer: PEER, address: ADDRESS, reason: 'no answer for 10 s' },
  refused: { event: 'refused', address: ADDRESS, reason: 'it speaks version 2, this is version 1' },
  fetching: {
    event: 'fetching',
    path: 'big.iso',
    bytes: 618_000_000,
    resumedBytes: 265_740_000,
    reusedBytes: 0,
    peer: PEER,
  },
  progress: {
    event: 'progress',
    path: 'big.iso',
    bytes: 618_000_000,
    doneBytes: 309_000_000,
    bytesPerS: 12_100_000,
    etaMs: 25_500,
  },
  received: {
    event: 'received',
    path: 'big.iso',
    bytes: 618_000_000,
    crossedBytes: 352_260_000,
    savedBytes: 0,
    durationMs: 29_100,
    peer: PEER,
    sources: [{ peer: PEER, bytes: 352_260_000 }],
  },
  removed: { event: 'removed', path: 'old/notes.txt', kind: 'file', bytes: 12_000, peer: PEER },
  moved: { event: 'moved', from: 'old/album', path: 'album', things: 1_001, peer: PEER },
  abandoned: { event: 'abandoned', path: 'video.mkv', reason: 'it changed while it was sent' },
  conflict: { event: 'conflict', path: 'plan.txt', kept: 'plan.conflict-b2b2.txt' },
  paused: { event: 'paused', reason: 'the disk is full' },
  resumed: { event: 'resumed' },
  sending: {
    event: 'sending',
    peer: PEER,
    address: ADDRESS,
    files: 3,
    bytes: 341_000_000,
    bytesPerS: 31_000_000,
    file: { path: 'big.iso', bytes: 618_000_000, doneBytes: 309_000_000 },
  },
  sent: { event: 'sent', peer: PEER, address: ADDRESS, files: 3, bytes: 650_000_000, durationMs: 21_000 },
  totals: {
    event: 'totals',
    files: 1_204,
    filesWanted: 78_500,
    bytes: 310_000_000,
    bytesWanted: 1_300_000_000,
    bytesPerS: 31_000_000,
  },
  receipt: {
    event: 'receipt',
    files: 78_500,
    bytes: 1_300_000_000,
    crossedBytes: 1_200_000_000,
    reusedBytes: 100_000_000,
    savedBytes: 30_000_000,
    durationMs: 11_000,
    bytesPerS: 109_000_000,
    linkBytesPerS: 119_000_000,
    efficiency: 0.894,
    redundancy: 0.0008,
    askedAgain: 0.0109,
    loss: 0.0101,
    rttMs: 20.412,
    minRttMs: 20.108,
    peers: 2,
  },
  'in-step': {
    event: 'in-step',
    peer: PEER,
    address: ADDRESS,
    equal: true,
    files: 78_500,
    notHeldHere: 0,
    notHeldThere: 0,
  },
  summary: {
    event: 'summary',
    receivedBytes: 1_300_000_000,
    sentBytes: 12_000_000,
    savedBytes: 0,
    receivedDatagrams: 900_000,
    sentDatagrams: 41_000,
    droppedDatagrams: 3,
    strangers: 1,
  },
  debug: { event: 'debug', message: 'path MTU is 1500' },
  stopped: { event: 'stopped' },
}

/** A small file has arrived. */
export function arrival(path: string, bytes = 1_000): PeerEvent {
  return {
    event: 'received',
    path,
    bytes,
    crossedBytes: bytes,
    savedBytes: 0,
    durationMs: 3,
    peer: PEER,
    sources: [],
  }
}
