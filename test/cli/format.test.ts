import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatEta,
  formatFiles,
  formatRate,
  percentOf,
} from '../../src/cli/format.js'

describe('numbers for people', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1 KB'],
    [1250, '1.25 KB'],
    [319_000, '319 KB'],
    [999_499, '999 KB'],
    [999_500, '1 MB'],
    [18_400_000, '18.4 MB'],
    [248_000_000, '248 MB'],
    [1_300_000_000, '1.3 GB'],
    [68e9, '68 GB'],
    [1e18, '1000 PB'],
    [-5, '0 bytes'],
    [Number.NaN, '0 bytes'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  it('bytes lose at most half a percent in being told', () => {
    fc.assert(
      fc.property(fc.double({ min: 1000, max: 1e17, noNaN: true }), (bytes) => {
        const [amount, unit] = formatBytes(bytes).split(' ')
        const told = Number(amount) * 1000 ** ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB'].indexOf(unit!)
        expect(Math.abs(told - bytes) / bytes).toBeLessThanOrEqual(0.0051)
      }),
    )
  })

  it.each([
    [0, '0 B/s'],
    [999, '999 B/s'],
    [12_100_000, '12.1 MB/s'],
    [Number.NaN, '0 B/s'],
  ])('%d bytes per second are %s', (rate, text) => {
    expect(formatRate(rate)).toBe(text)
  })

  it.each([
    [0, '0 ms'],
    [34.4, '34 ms'],
    [999, '999 ms'],
    [999.6, '1.0 s'],
    [2_140, '2.1 s'],
    [9_960, '10 s'],
    [59_499, '59 s'],
    [59_500, '1 min 0 s'],
    [200_000, '3 min 20 s'],
    [3_599_600, '1 h 0 min'],
    [7_500_000, '2 h 5 min'],
  ])('%d ms are %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  it.each([
    [null, '--:--'],
    [Number.POSITIVE_INFINITY, '--:--'],
    [0, '0:00'],
    [31_001, '0:32'],
    [59_001, '1:00'],
    [3_723_000, '1:02:03'],
    [360_000_000, '>99 h'],
  ])('%d ms to go are %s', (ms, text) => {
    expect(formatEta(ms)).toBe(text)
  })

  it('counts are grouped, percentages are whole and 100 only at the end', () => {
    expect(formatCount(78_500)).toBe('78,500')
    expect(formatFiles(1)).toBe('1 file')
    expect(formatFiles(1_204)).toBe('1,204 files')
    expect(percentOf(999, 1000)).toBe(99)
    expect(percentOf(1000, 1000)).toBe(100)
    expect(percentOf(0, 0)).toBe(100)
    expect(percentOf(2000, 1000)).toBe(100)
  })
})
