import fc from 'fast-check'
import { expect, test } from 'vitest'
import { broadcastOf, isOnLink } from '../../src/beacons/own-address.js'

const own = (host: string, prefixBits: number, link = 'eth0') => ({ link, host, prefixBits })

test.each([
  ['192.168.56.7', own('192.168.56.118', 24), true],
  ['192.168.57.7', own('192.168.56.118', 24), false],
  ['10.0.3.255', own('10.0.0.1', 22), true],
  ['10.0.4.0', own('10.0.0.1', 22), false],
  ['255.0.0.1', own('10.0.0.1', 0), true],
  ['10.0.0.2', own('10.0.0.1', 32), false],
  ['10.0.0.1', own('10.0.0.1', 32), true],
  ['127.0.0.9', own('127.5.6.7', 8, 'lo'), true],
  ['8.8.8.8', own('192.168.56.118', 24), false],
  ['fe80::1%eth0', own('fe80::2%eth0', 64), true],
  ['fe80::1%eth1', own('fe80::2%eth0', 64), false],
  ['2001:db8::1', own('fe80::2%eth0', 64), false],
  ['fe80::1%eth0', own('192.168.56.118', 24), false],
  ['192.168.56.7', own('fe80::2%eth0', 64), false],
  ['999.1.1.1', own('10.0.0.1', 0), false],
  ['', own('10.0.0.1', 0), false],
])('whether %s is on the link of %o: %s', (host, address, expected) => {
  expect(isOnLink(host, [address])).toBe(expected)
})

test.each([
  [own('192.168.56.118', 24), '192.168.56.255'],
  [own('10.0.0.1', 22), '10.0.3.255'],
  [own('127.5.6.7', 8), '127.255.255.255'],
  [own('10.0.0.1', 30), '10.0.0.3'],
  [own('10.0.0.1', 31), undefined],
  [own('10.0.0.1', 32), undefined],
  [own('fe80::2%eth0', 64), undefined],
])('the broadcast address of %o is %s', (address, expected) => {
  expect(broadcastOf(address)).toBe(expected)
})

test('whoever broadcasts to a network is on its link', () => {
  const byte = fc.nat(255)
  const property = fc.property(fc.tuple(byte, byte, byte, byte), fc.nat(30), (bytes, prefixBits) => {
    const address = own(bytes.join('.'), prefixBits)
    expect(isOnLink(broadcastOf(address)!, [address])).toBe(true)
  })
  fc.assert(property)
})
