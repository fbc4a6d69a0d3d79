import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalHost, formatAddress, mapped, parseAddress, unmapped } from '../../../src/io/net/address.js'

describe('the one spelling of an address', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['FE80:0:0:0:0::1', 'fe80::1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['::', '::'],
    ['localhost', undefined],
    ['127.1', undefined],
    ['', undefined],
    ['[::1]', undefined],
  ])('of %s is %s', (text, canonical) => {
    expect(canonicalHost(text)).toBe(canonical)
  })

  it('survives being written and read', () => {
    const host = fc.oneof(fc.ipV4(), fc.ipV6()).map((text) => canonicalHost(text)!)
    fc.assert(
      fc.property(host, fc.integer({ min: 0, max: 65_535 }), (text, port) => {
        expect(parseAddress(formatAddress(text, port))).toEqual({ host: text, port })
        expect(unmapped(mapped(text))).toBe(text)
      }),
    )
  })

  it.each([
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:7x',
    '::1:7',
    '[::1]',
    '[localhost]:7',
    ':7',
    '',
  ])('is not read from "%s"', (text) => {
    expect(parseAddress(text)).toBeUndefined()
  })
})
