import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { COUNT_MAX, type DottedVersion, dotOf, encodeVersion, SEEN_PEERS_MAX } from '../../src/share/dots.js'
import { TABLE_PEERS_MAX } from '../../src/share/limits.js'
import { VersionTable } from '../../src/share/version-table.js'
import { arbitraryVersion, PEERS, versionOf } from './entries.js'

const [A, B, C] = PEERS
const peerAt = (at: number) => at.toString(16).padStart(16, '0')

function tableOf(line: string): VersionTable {
  const table = VersionTable.parse(line)
  if (!table.ok) throw new Error(table.reason)
  return table.value
}

describe('the table of a listing', () => {
  test('has the peers of all versions, each with its smallest count', () => {
    const clock = 117_309_440_000_000
    const versions: DottedVersion[] = [
      {
        content: dotOf(B, clock + 40),
        attributes: dotOf(B, clock + 40),
        seen: `${A}:${clock},${B}:${clock + 40}`,
      },
      { content: dotOf(B, clock + 3), attributes: dotOf(B, 7), seen: `${B}:${clock + 3}` },
    ]
    const table = VersionTable.of(versions)
    expect(table.text).toBe(`V ${A}:${clock} ${B}:${clock + 3}`)
    expect(versions.map((version) => table.encode(version))).toEqual(['0:0,1:11/1', '1:0/0/0.7'])
  })

  test('is a mark alone where there are no versions', () => {
    expect(VersionTable.of([]).text).toBe('V')
    expect(tableOf('V').text).toBe('V')
    expect(tableOf('V').isExact).toBe(true)
  })

  test('gives every version back, and is exact once all are decoded', () => {
    fc.assert(
      fc.property(fc.array(arbitraryVersion, { maxLength: 8 }), (versions) => {
        const table = VersionTable.of(versions)
        const read = tableOf(table.text)
        for (const version of versions)
          expect(read.decode(table.encode(version))).toEqual({ ok: true, value: version })
        expect(read.isExact).toBe(true)
      }),
    )
  })

  test('is not exact before each smallest count was named', () => {
    const table = tableOf(`V ${A}:5 ${B}:5`)
    table.decode('0:0,1:1/1')
    expect(table.isExact).toBe(false)
    table.decode('1:0/0')
    expect(table.isExact).toBe(true)
  })

  test('names places and distances up to the largest', () => {
    const versions = [1, COUNT_MAX].map((count) => {
      const seen = Array.from({ length: SEEN_PEERS_MAX }, (_, at) => dotOf(peerAt(at), count)).join(',')
      return { content: dotOf(peerAt(63), count), attributes: dotOf(peerAt(63), count), seen }
    })
    const table = VersionTable.of(versions)
    expect(table.encode(versions[1]!)).toMatch(/,1r:2gosa7pa2gu\/63$/)
    for (const version of versions)
      expect(tableOf(table.text).decode(table.encode(version))).toEqual({ ok: true, value: version })
  })

  test('has room for so many peers and no more', () => {
    const dots = Array.from({ length: TABLE_PEERS_MAX + 1 }, (_, at) => dotOf(peerAt(at), 1))
    const most = tableOf(['V', ...dots.slice(1)].join(' '))
    expect(most.decode(`${(TABLE_PEERS_MAX - 1).toString(36)}:0/0`)).toMatchObject({ ok: true })
    expect(most.decode(`${TABLE_PEERS_MAX.toString(36)}:0/0`)).toEqual({ ok: false, reason: 'bad-field' })
    expect(VersionTable.parse(['V', ...dots].join(' '))).toEqual({ ok: false, reason: 'too-long' })
  })

  test.each([
    ['', 'unknown-kind'],
    ['v', 'unknown-kind'],
    [`${A}:1`, 'unknown-kind'],
    ['V ', 'bad-field'],
    [`V  ${A}:1`, 'bad-field'],
    [`V ${A}:1 `, 'bad-field'],
    [`V ${A}`, 'bad-field'],
    [`V ${A}:`, 'bad-field'],
    [`V ${A}:0`, 'bad-field'],
    [`V ${A}:01`, 'bad-field'],
    [`V ${A}:1e3`, 'bad-field'],
    [`V ${A}:${2 ** 53}`, 'bad-field'],
    [`V ${A.slice(1)}:1`, 'bad-field'],
    [`V ${A.toUpperCase()}:1`, 'bad-field'],
    [`V ${B}:1 ${A}:1`, 'bad-field'],
    [`V ${A}:1 ${A}:2`, 'bad-field'],
    [`V ${A}:1\n`, 'bad-field'],
  ])('%j is refused: %s', (line, reason) => {
    expect(VersionTable.parse(line)).toEqual({ ok: false, reason })
  })
})

describe('a short version', () => {
  const table = tableOf(`V ${A}:5 ${B}:${COUNT_MAX - 1} ${C}:1`)

  test('is read by places and distances', () => {
    expect(table.decode('0:z,1:1/0.4/1')).toEqual({
      ok: true,
      value: { content: dotOf(A, 4), attributes: dotOf(B, COUNT_MAX), seen: `${A}:40,${B}:${COUNT_MAX}` },
    })
  })

  test.each([
    ['', 'truncated'],
    ['0:0', 'truncated'],
    ['/0', 'bad-field'],
    ['0:0/', 'bad-field'],
    ['0:0/1', 'bad-field'],
    ['0:0/0/0', 'bad-field'],
    ['0:0/0/0.1/0', 'trailing-bytes'],
    ['0/0', 'bad-field'],
    ['0:/0', 'bad-field'],
    ['00:0/0', 'bad-field'],
    ['0:00/0', 'bad-field'],
    ['0:Z/0', 'bad-field'],
    ['0:-1/0', 'bad-field'],
    ['0:0,/0', 'bad-field'],
    ['2:0,0:0/0', 'bad-field'],
    ['0:0,0:1/0', 'bad-field'],
    ['3:0/0', 'bad-field'],
    ['1:2/0', 'bad-field'],
    ['2:2gosa7pa2gv/0', 'bad-field'],
    ['2:zzzzzzzzzzz/0', 'bad-field'],
    ['2:100000000000/0', 'bad-field'],
    [encodeVersion(versionOf(0)), 'bad-field'],
  ])('%j is refused: %s', (text, reason) => {
    expect(table.decode(text)).toEqual({ ok: false, reason })
  })

  test('has one spelling', () => {
    const alphabet = fc.constantFrom('0:0', '1:0', '1:1', '2:0', '2:5', ',', '/', '0', '1', '.1', '.40', 'z')
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 8 }), (parts) => {
        const version = table.decode(parts.join(''))
        if (version.ok) expect(table.encode(version.value)).toBe(parts.join(''))
      }),
      { numRuns: 2_000 },
    )
  })

  test('has seen at most 64 peers', () => {
    const dots = Array.from({ length: SEEN_PEERS_MAX + 1 }, (_, at) => dotOf(peerAt(at), 1))
    const wide = tableOf(['V', ...dots].join(' '))
    const shorts = dots.map((_, at) => `${at.toString(36)}:0`)
    expect(wide.decode(`${shorts.slice(1).join(',')}/63`)).toMatchObject({ ok: true })
    expect(wide.decode(`${shorts.join(',')}/63`)).toEqual({ ok: false, reason: 'bad-field' })
  })
})
