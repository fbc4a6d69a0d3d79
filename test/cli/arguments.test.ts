import { describe, expect, it } from 'vitest'
import { LeftError } from '../../src/base/errors.js'
import {
  onceOf,
  parseLimit,
  parseMinFree,
  parseTimeout,
  peerOptions,
  type RawArguments,
} from '../../src/cli/arguments.js'
import { simOptions } from '../../src/cli/sim.js'

const ip = ['10.0.0.7']

describe('the options of a peer', () => {
  it('are the defaults where nothing is said', () => {
    expect(peerOptions({ ip }, '/home/lab')).toEqual({
      peers: [{ host: '10.0.0.7', port: 22001, text: '10.0.0.7' }],
      trackers: [],
      port: 22001,
      discover: false,
      bind: undefined,
      share: '/home/lab/share',
      encryption: 'yes',
      compression: 'auto',
      identity: undefined,
      passphraseFile: undefined,
      trust: 'first-use',
      secretFiles: [],
      window: 'auto',
      background: false,
      limitBytesPerS: undefined,
      limitSendBytesPerS: undefined,
      offload: 'auto',
      links: 'auto',
      direction: 'both',
      minFree: { percent: 1, bytes: 100_000_000 },
      trash: { days: 30, percent: 10 },
      maxDelete: { percent: 25, filesMin: 20, isStrict: false },
      yes: false,
      anew: false,
      verbose: false,
    })
  })

  it('are all taken over', () => {
    const raw: RawArguments = {
      ip,
      port: '9000',
      bind: '[::1]',
      share: '../data',
      identity: '/etc/left/id',
      passphraseFile: 'pass',
      trust: 'pinned',
      secretFile: ['../secret', 'new'],
      encryption: 'no',
      compression: 'no',
      window: '16',
      limit: '10M',
      limitSend: '512K',
      offload: 'no',
      links: 'keep',
      sendOnly: true,
      minFree: '2.5G',
      trash: '90d',
      trashSize: '2.5%',
      maxDelete: '12.5%',
      yes: true,
      anew: true,
      json: true,
      verbose: true,
    }
    expect(peerOptions(raw, '/home/lab')).toEqual({
      peers: [{ host: '10.0.0.7', port: 22001, text: '10.0.0.7' }],
      trackers: [],
      port: 9000,
      discover: false,
      bind: '::1',
      share: '/home/data',
      encryption: 'no',
      compression: 'no',
      identity: '/etc/left/id',
      passphraseFile: '/home/lab/pass',
      trust: 'pinned',
      secretFiles: ['/home/secret', '/home/lab/new'],
      window: 16,
      background: false,
      limitBytesPerS: 10_000_000,
      limitSendBytesPerS: 512_000,
      offload: 'no',
      links: 'keep',
      direction: 'send-only',
      minFree: { percent: 0, bytes: 2_500_000_000 },
      trash: { days: 90, percent: 2.5 },
      maxDelete: { percent: 12.5, filesMin: 20, isStrict: false },
      yes: true,
      anew: true,
      verbose: true,
    })
  })

  it('need no address with --discover, and take any port with auto', () => {
    const { peers, discover, port } = peerOptions({ discover: true, port: 'auto' }, '/')
    expect([peers, discover, port]).toEqual([[], true, 0])
    expect(peerOptions({ ip, discover: true }, '/').peers).toHaveLength(1)
  })

  it('take trackers with a secret, with --ip or without, and --ip without either', () => {
    const tracker = ['10.0.0.7', 'lab3.local:22101,[fd00::7]']
    const { peers, trackers } = peerOptions({ tracker, secretFile: ['s'] }, '/')
    expect(peers).toEqual([])
    expect(trackers).toEqual([
      { host: '10.0.0.7', port: 22100, text: '10.0.0.7' },
      { host: 'lab3.local', port: 22101, text: 'lab3.local:22101' },
      { host: 'fd00::7', port: 22100, text: '[fd00::7]' },
    ])
    expect(peerOptions({ ip, tracker, secretFile: ['s'] }, '/').peers).toHaveLength(1)
    const eight = Array.from({ length: 8 }, (_, index) => `10.0.0.${index}`)
    expect(peerOptions({ tracker: eight, secretFile: ['s'] }, '/').trackers).toHaveLength(8)
  })

  it.each<[RawArguments, string]>([
    [{ tracker: ['10.0.0.7'] }, 'left secret left-secret'],
    [{ ip, tracker: ['10.0.0.7'], secretFile: ['s'], encryption: 'no' }, '--tracker needs encryption'],
    [{ tracker: ['10.0.0.256'], secretFile: ['s'] }, "--tracker '10.0.0.256' is not usable"],
    [{ tracker: [''], secretFile: ['s'] }, '--tracker'],
    [
      { tracker: Array.from({ length: 9 }, (_, index) => `10.0.0.${index}`), secretFile: ['s'] },
      'more than 8',
    ],
  ])('refuse %j', (raw, text) => {
    expect(() => peerOptions(raw, '/')).toThrow(text)
  })

  it('take --background with the window that can give way, named or not', () => {
    expect(peerOptions({ ip, background: true }, '/').background).toBe(true)
    expect(peerOptions({ ip, background: true, window: 'auto' }, '/').background).toBe(true)
  })

  it.each<[RawArguments]>([
    [{ ip, port: '1' }],
    [{ ip, port: '65535' }],
    [{ ip, window: '1' }],
    [{ ip, window: '512' }],
    [{ ip, window: 'auto' }],
    [{ ip, limit: '10K' }],
    [{ ip, limit: '1000G' }],
    [{ ip, links: 'skip' }],
    [{ ip, receiveOnly: true }],
    [{ ip, share: '-odd name' }],
  ])('accept %j', (raw) => {
    expect(() => peerOptions(raw, '/')).not.toThrow()
  })

  it.each<[RawArguments, string]>([
    [{}, '--ip is missing'],
    [{ ip: [''] }, 'empty address'],
    [{ discover: true, encryption: 'no' }, '--discover needs encryption'],
    [{ ip, port: 'any' }, "--port 'any' is neither auto nor a number"],
    [{ ip, port: '0' }, "--port '0'"],
    [{ ip, port: '65536' }, "--port '65536'"],
    [{ ip, port: '22001x' }, "--port '22001x'"],
    [{ ip, port: '' }, "--port ''"],
    [{ ip, bind: 'lab' }, "'lab'"],
    [{ ip, share: '' }, '--share is empty'],
    [{ ip, identity: '' }, '--identity is empty'],
    [{ ip, secretFile: [''] }, '--secret-file is empty'],
    [{ ip, passphraseFile: '' }, '--passphrase-file is empty'],
    [{ ip, trust: 'always' }, 'first-use, pinned'],
    [{ ip, window: '0' }, "--window '0'"],
    [{ ip, window: '513' }, "--window '513'"],
    [{ ip, window: '1.5' }, "--window '1.5'"],
    [{ ip, window: 'Auto' }, "--window 'Auto'"],
    [{ ip, window: '1', background: true }, '--background needs --window auto'],
    [{ ip, limit: '9999' }, '--limit'],
    [{ ip, limit: '9.999K' }, '--limit'],
    [{ ip, limit: '1001G' }, '--limit'],
    [{ ip, limit: '10Mb' }, 'no rate'],
    [{ ip, limit: '-10M' }, 'no rate'],
    [{ ip, limit: '10 M' }, 'no rate'],
    [{ ip, limit: '1e9' }, 'no rate'],
    [{ ip, limit: '' }, 'no rate'],
    [{ ip, limit: '10i' }, 'no rate'],
    [{ ip, minFree: '100%' }, '--min-free'],
    [{ ip, trash: '6d' }, '--trash'],
    [{ ip, trash: '3651d' }, '--trash'],
    [{ ip, trash: '30' }, '--trash'],
    [{ ip, sendOnly: true, receiveOnly: true }, 'exclude each other'],
    [{ ip, trash: 'yes' }, '--trash'],
    [{ ip, maxDelete: '100%' }, '--max-delete'],
    [{ ip, maxDelete: 'yes' }, '--max-delete'],
    [{ ip, trashSize: '100%' }, '--trash-size'],
    [{ ip, trashSize: '1G' }, '--trash-size'],
    [{ ip, minFree: '-1' }, '--min-free'],
    [{ ip, minFree: '' }, '--min-free'],
    [{ ip, minFree: '1.000001P' }, '--min-free'],
    [{ ip, minFree: '1000001G' }, '--min-free'],
    [{ ip, offload: 'yes' }, 'auto, no'],
    [{ ip, links: 'copy' }, 'auto, follow, keep, skip'],
    [{ ip, encryption: 'maybe' }, 'yes, no'],
    [{ ip, compression: 'yes' }, 'auto, no'],
  ])('refuse %j as usage', (raw, words) => {
    const error = refusal(() => peerOptions(raw, '/'))
    expect(error.code).toBe('usage')
    expect(error.message).toContain(words)
  })
})

describe('--once', () => {
  it('takes as long as it takes, or so long', () => {
    expect(onceOf({ ip })).toBeUndefined()
    expect(onceOf({ ip, once: true })).toEqual({ timeoutMs: undefined })
    expect(onceOf({ ip, once: true, timeout: '5m' })).toEqual({ timeoutMs: 300_000 })
    expect(() => onceOf({ ip, timeout: '5m' })).toThrow(LeftError)
  })

  it.each([
    ['1', 1_000],
    ['60s', 60_000],
    ['90', 90_000],
    ['2h', 7_200_000],
    ['720h', 2_592_000_000],
    ['2592000s', 2_592_000_000],
  ])('--timeout %s is %i ms', (text, timeoutMs) => {
    expect(parseTimeout(text)).toBe(timeoutMs)
  })

  it.each(['0', '0s', '721h', '2592001', '-1s', '1.5s', '1d', '', 's', 'soon', '5 m', '1e3', '5M'])(
    'refuses --timeout %j',
    (text) => {
      expect(() => parseTimeout(text)).toThrow(/--timeout .* for example/)
    },
  )
})

describe('--limit', () => {
  it.each([
    ['20000', 20_000],
    ['10K', 10_000],
    ['10k', 10_000],
    ['10M', 10_000_000],
    ['1.5G', 1_500_000_000],
    ['10Ki', 10_240],
    ['8Mi', 8 * 2 ** 20],
    ['1Gi', 2 ** 30],
    ['0.01M', 10_000],
  ])('reads %s as bytes per second', (text, bytesPerS) => {
    expect(parseLimit(text)).toBe(bytesPerS)
  })
})

describe('--min-free', () => {
  it.each([
    ['5%', { percent: 5, bytes: 100_000_000 }],
    ['0.5%', { percent: 0.5, bytes: 100_000_000 }],
    ['99.9%', { percent: 99.9, bytes: 100_000_000 }],
    ['0%', { percent: 0, bytes: 0 }],
    ['0', { percent: 0, bytes: 0 }],
    ['50M', { percent: 0, bytes: 50_000_000 }],
    ['1000000G', { percent: 0, bytes: 1e15 }],
  ])('reads %s', (text, minFree) => {
    expect(parseMinFree(text)).toEqual(minFree)
  })
})

describe('the options of left sim', () => {
  it('take one fresh seed unless told otherwise', () => {
    expect(simOptions({}, 77)).toEqual({
      firstSeed: 77,
      runs: 1,
      workers: 1,
      power: false,
      restores: false,
      shrink: false,
      plan: undefined,
      trace: true,
    })
    expect(simOptions({ quick: true }, 77)).toMatchObject({ firstSeed: 77, runs: 100, trace: false })
  })

  it('take what is given', () => {
    const raw = { seed: '0', runs: '10000', workers: '4', quick: true, power: true, restores: true }
    expect(simOptions(raw, 77)).toEqual({
      firstSeed: 0,
      runs: 10_000,
      workers: 4,
      power: true,
      restores: true,
      shrink: false,
      plan: undefined,
      trace: false,
    })
  })

  it.each([
    { seed: '-1' },
    { seed: '4294967296' },
    { seed: 'x' },
    { runs: '0' },
    { workers: '0' },
    { workers: '257' },
  ])('refuse %j', (raw) => {
    expect(refusal(() => simOptions(raw, 1)).code).toBe('usage')
  })
})

function refusal(attempt: () => unknown): LeftError {
  try {
    attempt()
  } catch (error) {
    expect(error).toBeInstanceOf(LeftError)
    return error as LeftError
  }
  throw new Error('it was not refused')
}
