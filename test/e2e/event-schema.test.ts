import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { EVENT_FIELDS, faultOf } from './event-schema.js'

const README = fileURLToPath(new URL('../../src/app/README.md', import.meta.url))

/** Event to what the last column of its row says. */
function documentedEvents(): Map<string, string> {
  const rows = new Map<string, string>()
  for (const line of readFileSync(README, 'utf8').split('\n')) {
    const row = /^\| `([a-z-]+)` .*\|([^|]*)\|$/.exec(line)
    if (row !== null) rows.set(row[1]!, row[2]!)
  }
  return rows
}

describe('the checks of these tests', () => {
  test('know the events that are documented, and no others', () => {
    expect(Object.keys(EVENT_FIELDS).sort()).toEqual([...documentedEvents().keys()].sort())
  })

  test('know the fields that are documented', () => {
    for (const [event, documented] of documentedEvents()) {
      for (const field of Object.keys(EVENT_FIELDS[event]!)) expect(documented).toContain(`\`${field}\``)
    }
  })

  test('pass the documented session', () => {
    const lines = readFileSync(README, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{"time"'))
    expect(lines.length).toBeGreaterThan(5)
    for (const line of lines) expect(faultOf(JSON.parse(line))).toBeUndefined()
  })

  test('fail what is not documented', () => {
    const time = '2024-05-14T12:02:11.004Z'
    expect(faultOf({ time, event: 'resumed' })).toBeUndefined()
    expect(faultOf({ event: 'resumed' })).toContain('time')
    expect(faultOf({ time, event: 'changed', path: '/etc/passwd', kind: 'file', bytes: 1 })).toContain('path')
    expect(faultOf({ time, event: 'note', message: 'hello', level: 3 })).toContain('level')
    expect(faultOf({ time, event: 'exploded' })).toContain('no such event')
  })
})
