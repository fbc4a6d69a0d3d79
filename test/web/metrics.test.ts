// Metrics, read back as Prometheus reads them.

import { expect, test } from 'vitest'
import { metricsOf } from '../../src/web/metrics.js'
import { A_PEER, A_STATUS } from './a-status.js'
import { parseMetrics } from './prometheus.js'

const FACTS = { counts: new Map([['received', 3]]), cpuS: 1.5, residentBytes: 90_000_000 }

test('the state of a peer is told with names and types by the conventions of Prometheus', () => {
  const families = parseMetrics(metricsOf(A_STATUS, FACTS))
  for (const [name, { type, help }] of families) {
    expect(name).toMatch(/^(left|process)_[a-z_]+$/)
    expect(name.endsWith('_total')).toBe(type === 'counter')
    expect(help).toMatch(/^[A-Z].*\.$/)
  }
  const one = (name: string) => families.get(name)!.samples
  expect(one('left_share_files')).toEqual([{ labels: {}, value: 100_000 }])
  expect(one('left_share_bytes')).toEqual([{ labels: {}, value: 123_456_789_012 }])
  const labels = { address: A_PEER.address, peer: A_PEER.peer }
  expect(one('left_peer_rtt_seconds')).toEqual([{ labels, value: 0.0204 }])
  expect(one('left_peer_loss_ratio')).toEqual([{ labels, value: 0.0125 }])
  expect(one('left_peer_up')).toEqual([{ labels, value: 1 }])
  expect(one('left_events_total')).toEqual([{ labels: { event: 'received' }, value: 3 }])
})

test('a peer that was never met has no round-trip time, and is not up', () => {
  const away = { ...A_PEER, state: 'waiting', peer: null, rttMs: null, minRttMs: null, loss: null } as const
  const families = parseMetrics(metricsOf({ ...A_STATUS, peers: [away] }, FACTS))
  expect(families.has('left_peer_rtt_seconds')).toBe(false)
  expect(families.get('left_peer_up')!.samples).toEqual([
    { labels: { address: away.address, peer: '' }, value: 0 },
  ])
})

test('quotes, backslashes and line ends of a label are escaped', () => {
  const address = 'a"b\\c\nd}e,f="g'
  const families = parseMetrics(metricsOf({ ...A_STATUS, peers: [{ ...A_PEER, address }] }, FACTS))
  expect(families.get('left_peer_up')!.samples[0]!.labels).toEqual({ address, peer: A_PEER.peer })
})

test('a peer that is starting tells of its process alone', () => {
  const families = parseMetrics(metricsOf(undefined, FACTS))
  expect(families.get('left_up')!.samples).toEqual([{ labels: {}, value: 0 }])
  expect([...families.keys()].filter((name) => name.startsWith('left_'))).toEqual([
    'left_up',
    'left_events_total',
  ])
})

test('the same label twice, or a metric in two pieces, does not pass the reader', () => {
  const head = '# HELP left_up Words.\n# TYPE left_up gauge\n'
  expect(() => parseMetrics(`${head}left_up 1\nleft_up 1\n`)).toThrow()
  expect(() => parseMetrics(`${head}left_up{a="1",a="2"} 1\n`)).toThrow()
  expect(() => parseMetrics(`${head}left_up 1\n${head}left_up 2\n`)).toThrow()
  expect(() => parseMetrics(`${head}left_up{a="\n"} 1\n`)).toThrow()
})
