import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LeftError } from '../../src/base/errors.js'
import { parseBind, parsePeers } from '../../src/cli/addresses.js'
import { PEER_COUNT_MAX } from '../../src/cli/limits.js'

describe('--ip', () => {
  it.each([
    ['192.168.56.119', '192.168.56.119', 22001],
    ['192.168.56.119:1', '192.168.56.119', 1],
    ['192.168.56.119:65535', '192.168.56.119', 65535],
    ['[fd00::7]', 'fd00::7', 22001],
    ['[fd00::7]:9000', 'fd00::7', 9000],
    ['fd00::7', 'fd00::7', 22001],
    ['::1', '::1', 22001],
    ['FD00:0:0:0:0:0:0:7', 'fd00::7', 22001],
    ['[fe80::1%eth0]:9000', 'fe80::1%eth0', 9000],
    ['fe80::1%eth0', 'fe80::1%eth0', 22001],
    ['ff::1', 'ff::1', 22001],
    ['lab3', 'lab3', 22001],
    ['Lab3.Local:9000', 'lab3.local', 9000],
    ['lab3.local.', 'lab3.local', 22001],
    ['my_host-2', 'my_host-2', 22001],
    ['bücher.example', 'xn--bcher-kva.example', 22001],
    [`${'a'.repeat(63)}.b`, `${'a'.repeat(63)}.b`, 22001],
    [' 10.0.0.7 ', '10.0.0.7', 22001],
  ])('reads %s', (text, host, port) => {
    expect(parsePeers([text])).toEqual([{ host, port, text: text.trim() }])
  })

  it.each([
    ['', 'empty address'],
    [',', 'empty address'],
    ['10.0.0.7,', 'empty address'],
    ['10.0.0.7,,10.0.0.8', 'empty address'],
    ['10.0.0.7:', "'10.0.0.7:'"],
    ['10.0.0.7:0', 'from 1 to 65535'],
    ['10.0.0.7:65536', 'from 1 to 65535'],
    ['10.0.0.7:http', 'from 1 to 65535'],
    ['10.0.0.7:+80', 'from 1 to 65535'],
    ['10.0.0.7:8:9', 'needs brackets'],
    ['fd00:::7', 'needs brackets'],
    ['[fd00::7', "'[fd00::7'"],
    ['[fd00::7]x', 'port'],
    ['[fd00::7]:', 'port'],
    ['[]', 'between the brackets'],
    ['[10.0.0.7]', 'between the brackets'],
    ['10.0.0.256', 'looks like an IPv4 address'],
    ['10.0.0', 'looks like an IPv4 address'],
    ['12345', 'looks like an IPv4 address'],
    ['0.0.0.0', 'one machine'],
    ['[::]', 'one machine'],
    ['224.0.0.1', 'one machine'],
    ['255.255.255.255', 'one machine'],
    ['ff02::1', 'one machine'],
    ['-x', 'neither'],
    ['a..b', 'neither'],
    ['host name', 'neither'],
    ['http://lab3', "'http://lab3'"],
    [`${'a'.repeat(64)}.b`, 'neither'],
    [Array(5).fill('a'.repeat(60)).join('.'), 'neither'],
    ['bad\n\x1b[31mname', 'bad\\n\\x1b[31mname'],
  ])('refuses %j and says why', (text, words) => {
    const error = refusal(() => parsePeers([text]))
    expect(error.code).toBe('usage')
    expect(error.message).toContain(words)
    expect(error.message).toContain('example')
    expect(error.message).not.toMatch(/\p{Cc}/u)
  })

  it('joins every --ip in order and drops what is named twice', () => {
    const peers = parsePeers([
      '10.0.0.7,LAB',
      '10.0.0.7:22001,lab:22001',
      '[::1],0:0:0:0:0:0:0:1,10.0.0.7:22002',
    ])
    expect(peers.map((peer) => peer.text)).toEqual(['10.0.0.7', 'LAB', '[::1]', '10.0.0.7:22002'])
  })

  it('takes as many machines as the limit says and not one more', () => {
    const hosts = Array.from(
      { length: PEER_COUNT_MAX + 1 },
      (_, index) => `10.0.${index >> 8}.${index & 255}`,
    )
    expect(parsePeers([hosts.slice(1).join(',')])).toHaveLength(PEER_COUNT_MAX)
    expect(refusal(() => parsePeers([hosts.join(',')])).message).toContain(String(PEER_COUNT_MAX))
  })

  it('reads back every address that it could have been given', () => {
    const port = fc.integer({ min: 1, max: 65535 })
    const octets = fc.tuple(fc.integer({ min: 1, max: 223 }), fc.nat(255), fc.nat(255), fc.nat(255))
    fc.assert(
      fc.property(octets, fc.ipV6(), port, (v4, v6, port) => {
        const host = v4.join('.')
        expect(parsePeers([`${host}:${port}`])).toEqual([{ host, port, text: `${host}:${port}` }])
        fc.pre(!/^ff..:/i.test(v6))
        const text = `[${v6}]:${port}`
        const first = attempt(text)
        fc.pre(first !== undefined)
        expect(first![0]!.port).toBe(port)
        // The canonical host is the same address, so writing it again changes nothing.
        expect(parsePeers([`[${first![0]!.host}]:${port}`])[0]).toMatchObject({ host: first![0]!.host, port })
      }),
    )
  })

  it('never throws anything but a LeftError with one line', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('[', ']', ':', ',', '::', '1.2.3.4', '%', '65535'),
    )
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        attempt(pieces.join(''))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('--bind', () => {
  it.each([
    ['0.0.0.0', '0.0.0.0'],
    ['127.0.0.2', '127.0.0.2'],
    ['[::1]', '::1'],
    ['::', '::'],
  ])('reads %s', (text, address) => {
    expect(parseBind(text)).toBe(address)
  })

  it.each(['', 'localhost', '127.0.0.1:80', '[127.0.0.1', '300.1.1.1'])('refuses %j', (text) => {
    expect(refusal(() => parseBind(text)).code).toBe('usage')
  })
})

function attempt(text: string) {
  try {
    return parsePeers([text])
  } catch (error) {
    expect(error).toBeInstanceOf(LeftError)
    expect((error as LeftError).message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
    return undefined
  }
}

function refusal(attempt: () => unknown): LeftError {
  try {
    attempt()
  } catch (error) {
    expect(error).toBeInstanceOf(LeftError)
    return error as LeftError
  }
  throw new Error('it was not refused')
}
