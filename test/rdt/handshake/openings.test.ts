import { describe, expect, it } from 'vitest'
import { OpenAllowances } from '../../../src/rdt/handshake/allowance.js'
import {
  ANSWERS_NAMED_MAX,
  ANSWERS_PER_ADDRESS_MAX,
  ANSWERS_PER_HOST_MAX,
  ANSWERS_PER_S_MAX,
  ANSWERS_STRANGERS_MAX,
  OPENS_PER_ADDRESS_BURST,
  OPENS_PER_HOST_BURST,
} from '../../../src/rdt/handshake/limits.js'
import { PendingHandshakes } from '../../../src/rdt/handshake/pending-handshakes.js'
import { hostOf } from '../../../src/rdt/host.js'
import type { AnsweringAttempt, Opening } from '../../../src/rdt/protection.js'
import { RateLimits } from '../../../src/rdt/rate-limit.js'

const times = <Value>(count: number, make: (index: number) => Value) =>
  Array.from({ length: count }, (_, index) => make(index))
const countOf = (answers: readonly boolean[]) => answers.filter((answer) => answer).length

describe('the host of an address', () => {
  it.each([
    ['10.0.0.1:22001', '10.0.0.1'],
    ['10.0.0.1:1', '10.0.0.1'],
    ['[2001:db8:1:2:3:4:5:6]:1', '2001:db8:1:2'],
    ['[2001:db8:1:2::6]:9', '2001:db8:1:2'],
    ['[2001:db8::6]:9', '2001:db8:0:0'],
    ['[::1]:9', '0:0:0:0'],
    ['[fe80::1%eth0]:9', 'fe80:0:0:0'],
  ])('%s is %s', (address, host) => {
    expect(hostOf(address)).toBe(host)
  })
})

describe('handshakes that may begin', () => {
  it('are few of one address that we call, and others have theirs all the same', () => {
    const opens = new OpenAllowances()
    expect(countOf(times(2_000, () => opens.take('10.0.0.1:1', true, 0)))).toBe(OPENS_PER_ADDRESS_BURST)
    expect(opens.take('10.0.0.1:2', true, 0)).toBe(true)
    expect([opens.take('10.0.0.1:1', true, 999), opens.take('10.0.0.1:1', true, 1_001)]).toEqual([
      false,
      true,
    ])
  })

  it('are few of all ports of a host that we do not call, and of all such hosts together', () => {
    const opens = new OpenAllowances()
    const ports = times(200, (port) => opens.take(`10.0.0.1:${port}`, false, 0))
    expect(countOf(ports)).toBe(OPENS_PER_HOST_BURST)
    const hosts = times(500, (host) => opens.take(`10.1.${host >> 8}.${host & 255}:1`, false, 0))
    expect(countOf(hosts)).toBe(ANSWERS_PER_S_MAX - OPENS_PER_HOST_BURST)
    expect(opens.take('10.9.9.9:1', true, 0)).toBe(true)
  })

  it('are remembered of a bounded number', () => {
    const allowances = new RateLimits({ perSecond: 1, burst: 1, keysMax: 2 })
    expect(['a', 'a', 'b', 'c', 'a'].map((key) => allowances.take(key, 0))).toEqual([
      true,
      false,
      true,
      true,
      true,
    ])
  })
})

describe('handshakes that are pending', () => {
  function fill(answers: PendingHandshakes, addresses: readonly string[], isExpected = false): void {
    for (const [index, address] of addresses.entries()) {
      answers.makeRoom(address, isExpected)
      const nonce = Uint8Array.of(index >> 8, index & 255)
      answers.add(
        { address, nonce } as unknown as Opening,
        {} as AnsweringAttempt,
        { isExpected, isProved: true },
        0,
      )
    }
  }
  const sizeAfter = (addresses: readonly string[], isExpected = false) => {
    const answers = new PendingHandshakes()
    fill(answers, addresses, isExpected)
    return answers.size
  }

  it('are few of one address, few of one host, and bounded', () => {
    expect(sizeAfter(times(9, () => '10.0.0.1:1'))).toBe(ANSWERS_PER_ADDRESS_MAX)
    expect(sizeAfter(times(512, (index) => `10.0.0.1:${1 + (index & 127)}`))).toBe(ANSWERS_PER_HOST_MAX)
    expect(sizeAfter(times(900, (index) => `10.0.${index >> 8}.${index & 255}:1`))).toBe(
      ANSWERS_STRANGERS_MAX,
    )
    expect(
      sizeAfter(
        times(900, (index) => `10.0.0.1:${index}`),
        true,
      ),
    ).toBe(ANSWERS_NAMED_MAX)
  })

  it('of one host make no room at the cost of another, and strangers none at the cost of those that we call', () => {
    const answers = new PendingHandshakes()
    fill(answers, ['10.7.7.7:1'])
    fill(answers, ['10.8.8.8:1'], true)
    fill(
      answers,
      times(512, (index) => `10.0.0.1:${index}`),
    )
    expect(answers.find('10.7.7.7:1', Uint8Array.of(0, 0))).toBeDefined()
    fill(
      answers,
      times(900, (index) => `10.0.${index >> 8}.${index & 255}:1`),
    )
    expect(answers.find('10.8.8.8:1', Uint8Array.of(0, 0))).toBeDefined()
  })
})
