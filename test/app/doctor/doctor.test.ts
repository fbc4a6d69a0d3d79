// The doctor where no peer runs, with sockets of the loopback in the place of other machines.

import { createSocket } from 'node:dgram'
import { writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { freeEndpoints } from '../../../harness/peers/endpoints.js'
import { doctorStopped } from '../../../src/app/doctor/doctor.js'
import { WIRE_VERSION } from '../../../src/base/limits.js'
import type { Check, DoctorResult } from '../../../src/control/doctor-results.js'
import { crc32 } from '../../../src/io/hash.js'
import type { HostPort } from '../../../src/io/net/address.js'
import { type Control, decodeControl, encodeControl } from '../../../src/rdt/wire/control.js'
import { temporaryFolder } from '../../io/temporary-folder.js'

const NONCE = new Uint8Array(8)
const LISTEN_MS = 400

let here: HostPort
let other: HostPort
let share: string

beforeEach(async () => {
  const [first, second] = await freeEndpoints(2, `127.${40 + (process.pid % 10)}.7`)
  here = first!
  other = second!
  share = join(temporaryFolder(), 'share')
})

/** Another machine: says `says` all the time, and `answers` to what is a hello. */
async function machine({ says, answers }: { says?: Control; answers?: Control }): Promise<void> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind({ address: other.host, port: other.port }, resolve))
  const send = (control: Control) => socket.send(encodeControl(control, crc32), here.port, here.host)
  const timer = setInterval(() => says && send(says), 50)
  socket.on('message', (bytes) => {
    const decoded = decodeControl(bytes, crc32)
    if (answers !== undefined && decoded.ok && decoded.value.type === 'hello') send(answers)
  })
  onTestFinished(() => {
    clearInterval(timer)
    socket.close()
  })
}

function hello(version: number, agent: string): Control {
  const introduction = new Uint8Array(16)
  return {
    type: 'hello',
    version,
    agent,
    nonce: NONCE,
    suite: 'sealed',
    introduction,
    flight: new Uint8Array(64),
  }
}

function look(names = true): Promise<DoctorResult> {
  const peers = names ? [{ ...other, text: 'nas' }] : []
  return doctorStopped({ share, peers, port: here.port, bind: here.host, listenMs: LISTEN_MS })
}

const of = ({ checks }: DoctorResult, name: Check['check']) => checks.filter(({ check }) => check === name)

test('a machine that calls is well, and shows that the firewall is open', async () => {
  await machine({ says: hello(WIRE_VERSION, 'left 0.1.0') })
  const result = await look()
  expect(of(result, 'peer')).toMatchObject([
    { state: 'ok', about: 'nas', words: expect.stringContaining('calls') },
  ])
  expect(of(result, 'firewall')).toMatchObject([{ state: 'ok' }])
  expect(of(result, 'share')).toMatchObject([
    { state: 'ok', words: expect.stringContaining('not there yet') },
  ])
  expect(result).toMatchObject({ isRunning: false, isWell: true })
})

test('one that only answers calls too, and its calls do not come in', async () => {
  await machine({
    answers: { type: 'cookie', nonce: NONCE, cookie: new Uint8Array(16), flight: new Uint8Array(0) },
  })
  const result = await look()
  expect(of(result, 'peer')).toMatchObject([{ state: 'ok', words: 'it answers' }])
  expect(of(result, 'firewall')).toMatchObject([
    { state: 'hint', words: expect.stringMatching(/^only replies/) },
  ])
})

test('one that is not there is said to be that, with what may keep it from answering', async () => {
  const result = await look()
  expect(of(result, 'peer')).toMatchObject([{ state: 'wrong', remedy: expect.stringContaining('UDP port') }])
  expect(of(result, 'firewall')).toMatchObject([{ state: 'unknown' }])
  expect(result.isWell).toBe(false)
})

test('one of another version is named with it', async () => {
  await machine({ says: hello(WIRE_VERSION + 1, 'left 9.9.9') })
  expect(of(await look(), 'program')).toContainEqual(
    expect.objectContaining({
      state: 'wrong',
      words: expect.stringMatching(new RegExp(`runs left 9.9.9, which speaks version ${WIRE_VERSION + 1} `)),
    }),
  )
})

test('one that calls and is not named is told of', async () => {
  await machine({ says: hello(WIRE_VERSION, 'left 0.1.0') })
  expect(of(await look(false), 'caller')).toMatchObject([
    { state: 'wrong', words: expect.stringContaining(other.host) },
  ])
})

test('a port that is taken, and an address that this machine does not have', async () => {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind({ address: here.host, port: here.port }, resolve))
  onTestFinished(() => void socket.close())
  expect(of(await look(), 'port')).toMatchObject([
    { state: 'wrong', words: expect.stringContaining('is in use') },
  ])
  const result = await doctorStopped({ share, peers: [], port: here.port, bind: '192.0.2.1', listenMs: 0 })
  expect(of(result, 'address')).toMatchObject([
    { state: 'wrong', words: expect.stringContaining('192.0.2.1') },
  ])
})

test('an address of --ip that was this machine’s own is gone, and not another machine’s fault', async () => {
  await mkdir(join(share, '.left'), { recursive: true })
  writeFileSync(join(share, '.left/addresses'), `${other.host}\n`)
  const result = await look()
  expect(of(result, 'address')[0]).toMatchObject({ state: 'wrong', about: 'nas' })
  expect(of(result, 'peer')).toEqual([])
})
