// Which keys may be at an address where none was met: whoever is visited answers, unless it names this machine, only who asks for its
// very key. Pure. Used by visiting.ts, which tries them in turn.

import { hostOf } from '../rdt/host.js'
import { VISIT_KEYS_MAX } from './limits.js'
import type { VisitedPeer } from './options.js'
import type { KnownKeys } from './protection.js'

/** Fingerprints, the likeliest first; undefined for whoever answers. Never empty. */
export function keysToTry(
  address: string,
  peer: Pick<VisitedPeer, 'isOwn' | 'host' | 'text' | 'fingerprint'> | undefined,
  { own, pins }: KnownKeys,
): readonly (string | undefined)[] {
  if (peer?.isOwn) return [own]
  const ofHost = pins.filter(({ addresses }) => addresses.some((other) => hostOf(other) === hostOf(address)))
  const ofName = pins.filter(({ name }) => name !== '' && (name === peer?.host || name === peer?.text))
  const ofNowhere = pins.filter(({ addresses }) => addresses.length === 0)
  const fingerprints = (some: typeof pins) => some.map(({ fingerprint }) => fingerprint)
  const told = peer?.fingerprint === undefined ? [] : [peer.fingerprint]
  const likely = [...told, ...fingerprints(ofName), ...fingerprints(ofHost)]
  // A person who trusts a key by hand does so to ask for it; of many, it is as likely none.
  const byHand = fingerprints(ofNowhere)
  const keys = new Set([...likely, ...byHand.slice(0, 1), undefined, ...byHand.slice(1), own])
  return [...keys].slice(0, VISIT_KEYS_MAX)
}
