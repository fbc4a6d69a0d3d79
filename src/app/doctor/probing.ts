// Probes where no peer runs: takes the port that one would have, listens for the calls of those that are named, and calls those that were
// not heard. Nobody is told who we are, and nothing comes of it. Used by doctor.ts.

import { randomBytes } from 'node:crypto'
import { WIRE_VERSION } from '../../base/limits.js'
import { crc32 } from '../../io/hash.js'
import type { Address } from '../../io/net/address.js'
import { UdpSocket } from '../../io/net/udp.js'
import { INTRODUCTION_BYTES } from '../../rdt/protection.js'
import { decodeControl, encodeControl } from '../../rdt/wire/control.js'
import { PROGRAM_VERSION } from '../version.js'
import { ANSWER_MS, LISTEN_MS, PROBE_MS, PROBES } from './limits.js'

export interface Heard {
  /** Before anything was sent there. */
  readonly calls: boolean
  /** To what was sent. */
  readonly answers: boolean
  /** The program that a hello or a refusal names; undefined where neither came. */
  readonly program: string | undefined
  readonly wireVersion: number | undefined
}

export interface Probed {
  readonly heard: ReadonlyMap<Address, Heard>
  /** Addresses that call and were not named, with their programs. */
  readonly callers: ReadonlyMap<Address, string>
}

export interface ProbeOptions {
  readonly port: number
  readonly bind: string | undefined
  readonly addresses: readonly Address[]
  /** Else how long calls are waited for. */
  readonly listenMs?: number
}

/** Throws a LeftError 'port-in-use'. */
export async function probe(options: ProbeOptions): Promise<Probed> {
  const heard = new Map<Address, Heard>()
  const callers = new Map<Address, string>()
  const wanted = new Set(options.addresses)
  const probed = new Set<Address>()
  const socket = await UdpSocket.open({
    port: options.port,
    bind: options.bind,
    ipv6: options.addresses.some((address) => address.startsWith('[')),
    onDatagram: (from, bytes) => {
      const decoded = decodeControl(bytes, crc32)
      if (!decoded.ok) return
      const control = decoded.value
      const said = control.type === 'hello' || control.type === 'refuse' ? control : undefined
      if (!wanted.has(from)) {
        if (control.type === 'hello' && callers.size < CALLERS_SHOWN_MAX) callers.set(from, control.agent)
        return
      }
      const before = heard.get(from)
      heard.set(from, {
        calls: before?.calls === true || !probed.has(from),
        answers: before?.answers === true || (probed.has(from) && control.type !== 'hello'),
        program: said?.agent ?? before?.program,
        wireVersion: said?.version ?? before?.wireVersion,
      })
    },
  })
  try {
    const { addresses } = options
    const isHeard = () => addresses.every((address) => heard.has(address))
    // Where nobody is named, whoever calls is news.
    await until(() => addresses.length > 0 && isHeard(), options.listenMs ?? LISTEN_MS)
    for (let count = 0; count < PROBES && !isHeard(); count++) {
      for (const to of addresses.filter((address) => !heard.has(address))) {
        probed.add(to)
        const bytes = hello()
        socket.send({ to, bytes, segmentBytes: bytes.length })
      }
      await until(isHeard, PROBE_MS)
    }
    await until(isHeard, ANSWER_MS)
  } finally {
    await socket.close()
  }
  return { heard, callers }
}

const CALLERS_SHOWN_MAX = 16

/** As somebody says it who is met for the first time: it is answered by a cookie, for which nothing is kept. */
function hello(): Uint8Array {
  const nonce = randomBytes(8)
  const introduction = new Uint8Array(INTRODUCTION_BYTES)
  const agent = `left ${PROGRAM_VERSION}`
  const flight = new Uint8Array(randomBytes(64))
  return encodeControl(
    { type: 'hello', version: WIRE_VERSION, agent, nonce, suite: 'sealed', introduction, flight },
    crc32,
  )
}

async function until(isDone: () => boolean, timeoutMs: number): Promise<void> {
  const endMs = performance.now() + timeoutMs
  while (!isDone() && performance.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 50))
}
