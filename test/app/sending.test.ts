import { describe, expect, test } from 'vitest'
import { SENDING_MS } from '../../src/app/limits.js'
import { Sending } from '../../src/app/sending.js'
import { SentFiles } from '../../src/engine/serve/sent-files.js'

const LARGE = { path: 'big.iso', sizeBytes: 1_000_000 }

/** What a peer of one session pulls, looked at by hand. */
function serving() {
  const sent = new SentFiles()
  const sending = new Sending()
  const peers = [{ peer: 'b2', address: '10.0.0.2:22001', session: 7 }]
  return {
    read: (bytes: number, digest = 'd') => sent.handleRead({ session: 7, digest }, LARGE, bytes),
    small: (...lengths: number[]) => sent.handleSmall(7, lengths),
    leave: () => void peers.pop(),
    look: (nowMs: number) =>
      sending.look({ peers, sent: sent.bySession(), nameOf: () => 'nas:22001' }, nowMs),
  }
}

describe('what a peer pulls', () => {
  test('is told with how far the large file is, and how fast it goes', () => {
    const { read, small, look } = serving()
    expect(look(1_000)).toEqual([])
    small(10, 20)
    read(400_000)
    expect(look(2_000)).toEqual([
      {
        event: 'sending',
        peer: 'b2',
        address: 'nas:22001',
        files: 3,
        bytes: 400_030,
        bytesPerS: 400_030,
        file: { path: 'big.iso', bytes: 1_000_000, doneBytes: 400_000 },
      },
    ])
    read(600_000)
    expect(look(3_000)).toMatchObject([{ event: 'sending', files: 3, bytes: 1_000_030, file: null }])
  })

  test('counts no byte twice that it asks for again', () => {
    const { read, look } = serving()
    look(0)
    read(900_000)
    read(900_000)
    expect(look(1_000)).toMatchObject([{ files: 1, bytes: 1_000_000 }])
  })

  test('is over when it has pulled nothing for a while, and what comes then is told anew', () => {
    const { read, look } = serving()
    look(0)
    read(500_000)
    look(1_000)
    expect(look(1_000 + SENDING_MS - 1)).toEqual([])
    expect(look(1_000 + SENDING_MS)).toEqual([
      { event: 'sent', peer: 'b2', address: 'nas:22001', files: 1, bytes: 500_000, durationMs: 1_000 },
    ])
    expect(look(10_000)).toEqual([])
    read(100_000, 'other')
    expect(look(11_000)).toMatchObject([{ event: 'sending', files: 1, bytes: 100_000 }])
  })

  test('is over when it leaves', () => {
    const { read, leave, look } = serving()
    look(0)
    read(500_000)
    look(1_000)
    leave()
    expect(look(1_400)).toMatchObject([{ event: 'sent', bytes: 500_000 }])
    expect(look(1_800)).toEqual([])
  })
})
