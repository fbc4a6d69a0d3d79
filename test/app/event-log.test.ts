// The log of events on a real disk: what is kept, for how long, and what is read of it.

import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { EventLog, readEventLog } from '../../src/app/event-log.js'
import type { PeerEvent } from '../../src/app/events.js'
import { LOG_BUFFER_CHARACTERS_MAX, LOG_FILE_BYTES_MAX } from '../../src/app/limits.js'
import { EVENT_LOG_PATH, OLD_EVENT_LOG_PATH } from '../../src/base/own-folder.js'
import { temporaryFolder } from '../io/temporary-folder.js'

const TIME_MS = Date.parse('2026-11-30T08:00:00.000Z')

function shareWithLog() {
  const share = temporaryFolder()
  mkdirSync(join(share, '.left'), { mode: 0o700 })
  const clock = { ms: TIME_MS }
  return { share, clock, log: new EventLog(share, () => new Date(clock.ms)) }
}

const note = (message: string): PeerEvent => ({ event: 'note', message })
const messages = async (share: string, sinceMs = 0) =>
  (await readEventLog(share, sinceMs)).map((event) => (event.event === 'note' ? event.message : event.event))

describe('the log of events', () => {
  test('has what a person was told since a time, for the user alone, and no progress', async () => {
    const { share, clock, log } = shareWithLog()
    log.handle(note('one'))
    log.handle({ event: 'totals', files: 0, filesWanted: 1, bytes: 0, bytesWanted: 1, bytesPerS: 0 })
    clock.ms += 60_000
    log.handle({ event: 'stopped' })
    await log.flush()
    expect(await messages(share)).toEqual(['one', 'stopped'])
    expect(await messages(share, TIME_MS + 1)).toEqual(['stopped'])
    expect(statSync(join(share, EVENT_LOG_PATH)).mode & 0o777).toBe(0o600)
  })

  test('has one line for each event, in plain characters, whatever the names of files are', async () => {
    const { share, log } = shareWithLog()
    const names = [
      'a\n{"event":"stopped"}',
      'b\r',
      'c\u001b[2J',
      'd\u009b2J',
      'e\u202egpj',
      'f\u2028g',
      'h\ud800',
    ]
    for (const path of names) log.handle({ event: 'problem', path, reason: 'none' })
    await log.flush()
    const text = readFileSync(join(share, EVENT_LOG_PATH), 'utf8')
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\ufffd]/u)
    expect(text.trimEnd().split('\n')).toHaveLength(names.length)
    const paths = (await readEventLog(share, 0)).map((event) => event.event === 'problem' && event.path)
    expect(paths).toEqual(names)
  })

  test('is none where nothing was written, and passes over a line that was cut', async () => {
    const { share, log } = shareWithLog()
    expect(await messages(share)).toEqual([])
    writeFileSync(join(share, EVENT_LOG_PATH), '{"time":"2026-11-30T08:00:00.000Z","event":"no\n[]\n7\n')
    log.handle(note('one'))
    await log.flush()
    expect(await messages(share)).toEqual(['one'])
  })

  test.each([
    [LOG_FILE_BYTES_MAX - 1, ['one'], ['two']],
    [LOG_FILE_BYTES_MAX, [], ['one', 'two']],
  ])('goes on in the next file where it has %s bytes', async (sizeBytes, inOld, inNew) => {
    const { share, log } = shareWithLog()
    writeFileSync(join(share, EVENT_LOG_PATH), `${'x'.repeat(sizeBytes - 1)}\n`)
    for (const message of ['one', 'two']) {
      log.handle(note(message))
      await log.flush()
    }
    expect(await messages(share)).toEqual(['one', 'two'])
    for (const [path, expected] of [
      [OLD_EVENT_LOG_PATH, inOld],
      [EVENT_LOG_PATH, inNew],
    ] as const) {
      const text = readFileSync(join(share, path), 'utf8')
      expect(['one', 'two'].filter((message) => text.includes(`"${message}"`))).toEqual(expected)
    }
  })

  test('counts what it could not take, and what could not be written', async () => {
    const { share, log } = shareWithLog()
    mkdirSync(join(share, EVENT_LOG_PATH))
    log.handle(note('lost'))
    await log.flush()
    chmodSync(join(share, EVENT_LOG_PATH), 0o700)
    const { share: other, log: full } = shareWithLog()
    for (let index = 0; index < 3; index++) full.handle(note('x'.repeat(LOG_BUFFER_CHARACTERS_MAX / 2)))
    await full.flush()
    expect((await messages(other)).at(-1)).toContain('2 events are missing here')
  })

  test('follows no link', async () => {
    const { share, log } = shareWithLog()
    writeFileSync(join(share, 'theirs'), '')
    symlinkSync('../theirs', join(share, EVENT_LOG_PATH))
    log.handle(note('one'))
    await log.flush()
    expect(readFileSync(join(share, 'theirs'), 'utf8')).toBe('')
  })
})
