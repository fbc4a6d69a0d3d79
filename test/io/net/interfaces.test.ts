import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { datagramBytesMax, isOwnAddress, resolveHost } from '../../../src/io/net/interfaces.js'

const onLinux = process.platform === 'linux'

describe('the largest datagram', () => {
  it.runIf(onLinux)('fills what UDP can say on loopback', () => {
    expect(datagramBytesMax('127.0.0.1:7', undefined)).toBe(65_507)
    expect(datagramBytesMax('127.0.0.2:7', '127.0.0.1')).toBe(65_507)
    expect(datagramBytesMax('[::1]:7', undefined)).toBe(65_536 - 48)
  })

  it.runIf(onLinux)(
    'fits the MTU of the interface of an own address, or of loopback, which carries it',
    () => {
      for (const [name, addresses] of Object.entries(networkInterfaces())) {
        const mtuBytes = Number(readFileSync(`/sys/class/net/${name}/mtu`, 'utf8'))
        for (const { family, address, internal } of addresses ?? []) {
          if (family !== 'IPv4' || internal) continue
          expect(datagramBytesMax(`${address}:7`, undefined)).toBe(65_507)
          const neighbour = address.replace(/\d+$/, (last) => String((Number(last) + 3) % 254))
          expect(datagramBytesMax(`${neighbour}:7`, address)).toBe(Math.min(65_507, mtuBytes - 28))
        }
      }
    },
  )

  it('is what Ethernet carries where nothing is known', () => {
    expect(datagramBytesMax('nonsense', undefined)).toBe(1_472)
    expect(datagramBytesMax('203.0.113.1:7', '198.51.100.1')).toBe(1_472)
    expect(datagramBytesMax('[2001:db8::1]:7', '2001:db8::2')).toBe(1_452)
  })
})

describe('an address of our own', () => {
  it.each([
    { host: '127.0.0.1', port: 7, bind: undefined, own: true },
    { host: '127.0.0.9', port: 7, bind: undefined, own: true },
    { host: '::1', port: 7, bind: undefined, own: true },
    { host: '0:0:0:0:0:0:0:1', port: 7, bind: '0.0.0.0', own: true },
    { host: '::ffff:127.0.0.1', port: 7, bind: '127.0.0.1', own: true },
    { host: '127.0.0.1', port: 8, bind: undefined, own: false },
    { host: '127.0.0.2', port: 7, bind: '127.0.0.1', own: false },
    { host: '127.0.0.2', port: 7, bind: '127.0.0.2', own: true },
    { host: '203.0.113.1', port: 7, bind: undefined, own: false },
    { host: 'localhost', port: 7, bind: undefined, own: false },
  ])('is $host:$port, bound to $bind: $own', ({ host, port, bind, own }) => {
    expect(isOwnAddress({ host, port }, { bind, port: 7 })).toBe(own)
  })

  it('is every address of every interface, unless bound to one', () => {
    for (const { address } of Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])) {
      expect(isOwnAddress({ host: address, port: 7 }, { bind: undefined, port: 7 })).toBe(true)
      expect(isOwnAddress({ host: address, port: 7 }, { bind: '127.0.0.3', port: 7 })).toBe(false)
    }
  })
})

describe('resolving', () => {
  it('answers a literal address with its one spelling', async () => {
    expect(await resolveHost('0:0:0:0:0:0:0:1')).toEqual(['::1'])
    expect(await resolveHost('192.0.2.1')).toEqual(['192.0.2.1'])
  })

  it('finds a name of this machine', async () => {
    const found = await resolveHost('localhost')
    expect(found.every((host) => host === '127.0.0.1' || host === '::1')).toBe(true)
    expect(found.length).toBeGreaterThan(0)
  })

  it('answers nothing for what is no name', async () => {
    expect(await resolveHost('no such name')).toEqual([])
  })
})
