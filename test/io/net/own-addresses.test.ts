import { expect, test } from 'vitest'
import { localAddresses } from '../../../src/io/net/own-addresses.js'

const facts = { netmask: '', mac: '', internal: false, scopeid: 0 }
const interfaces = {
  lo: [
    { ...facts, address: '127.0.0.1', family: 'IPv4' as const, cidr: '127.0.0.1/8' },
    { ...facts, address: '::1', family: 'IPv6' as const, cidr: '::1/128' },
  ],
  eth0: [
    { ...facts, address: '192.168.56.118', family: 'IPv4' as const, cidr: '192.168.56.118/24' },
    { ...facts, address: 'fe80::1', family: 'IPv6' as const, cidr: 'fe80::1/64' },
    { ...facts, address: '2001:db8::1', family: 'IPv6' as const, cidr: '2001:db8::1/64' },
    { ...facts, address: '10.0.0.1', family: 'IPv4' as const, cidr: null },
  ],
}
const hostsOf = (bind: string | undefined) => localAddresses(bind, interfaces).map(({ host }) => host)

test('beacons go out from the IPv4 addresses and the link-local ones of IPv6', () => {
  expect(localAddresses(undefined, interfaces)).toEqual([
    { link: 'lo', host: '127.0.0.1', prefixBits: 8 },
    { link: 'eth0', host: '192.168.56.118', prefixBits: 24 },
    { link: 'eth0', host: 'fe80::1%eth0', prefixBits: 64 },
  ])
})

test.each([
  ['0.0.0.0', ['127.0.0.1', '192.168.56.118', 'fe80::1%eth0']],
  ['::', ['127.0.0.1', '192.168.56.118', 'fe80::1%eth0']],
  ['192.168.56.118', ['192.168.56.118']],
  ['127.5.6.7', ['127.5.6.7']],
  ['192.168.56.119', []],
])('with --bind %s they go out from %o', (bind, hosts) => {
  expect(hostsOf(bind)).toEqual(hosts)
})
