import { expect, test } from 'vitest'
import { parseArp, parseIpNeigh, parseProcArp } from '../../../src/io/net/neighbours.js'

test('the neighbours that ip tells are those that have answered', () => {
  const text = `192.168.56.119 dev eth0 lladdr 52:54:00:12:34:56 REACHABLE
192.168.56.120 dev eth0 lladdr 52:54:00:12:34:57 extern_learn STALE 
192.168.56.121 dev eth0 FAILED
192.168.56.122 dev eth0  INCOMPLETE
192.168.56.123 dev eth0 lladdr 52:54:00:12:34:58 FAILED
192.168.56.124 dev eth0 lladdr 52:54:00:12:34:59 PERMANENT
fe80::5054:ff:fe12:3456 dev wlan0 lladdr 52:54:00:12:34:56 router STALE
2001:db8::1 dev eth0 lladdr 52:54:00:12:34:56 DELAY
239.255.76.69 dev eth0 lladdr 01:00:5e:7f:4c:45 NOARP
ff02::1 dev eth0 lladdr 33:33:00:00:00:01 PERMANENT
255.255.255.255 dev eth0 lladdr ff:ff:ff:ff:ff:ff PERMANENT
nonsense
`
  expect(parseIpNeigh(text)).toEqual([
    '192.168.56.119',
    '192.168.56.120',
    '192.168.56.124',
    'fe80::5054:ff:fe12:3456%wlan0',
    '2001:db8::1',
  ])
})

test('the neighbours of /proc/net/arp are those with an address', () => {
  const text = `IP address       HW type     Flags       HW address            Mask     Device
10.88.0.3        0x1         0x2         0a:8b:0e:bb:b9:6e     *        eth0
10.88.0.4        0x1         0x0         00:00:00:00:00:00     *        eth0
10.88.0.5        0x1         0x6         0a:8b:0e:bb:b9:6f     *        eth0
`
  expect(parseProcArp(text)).toEqual(['10.88.0.3', '10.88.0.5'])
})

test('the neighbours that arp tells are those with an address', () => {
  const text = `? (192.168.1.1) at 52:54:0:12:34:56 on en0 ifscope [ethernet]
? (192.168.1.7) at (incomplete) on en0 ifscope [ethernet]
? (192.168.1.9) at 0:1:2:3:4:5 on en0 ifscope permanent [ethernet]
? (224.0.0.251) at 1:0:5e:0:0:fb on en0 ifscope permanent [ethernet]
`
  expect(parseArp(text)).toEqual(['192.168.1.1', '192.168.1.9'])
})

test.each([parseIpNeigh, parseProcArp, parseArp])('%o makes nothing of nothing', (parse) => {
  expect([parse(''), parse('\n\n'), parse('x'.repeat(100_000))]).toEqual([[], [], []])
})
