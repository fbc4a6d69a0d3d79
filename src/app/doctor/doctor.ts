// Whether all is well: with a running peer, which is asked what it knows and asks its peers; and without one, before the first start say,
// where the port is taken for some seconds. Each line is well, or says what to do. Used by Steering, and by src/cli/ask/doctor.ts.

import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { LeftError } from '../../base/errors.js'
import { WIRE_VERSION } from '../../base/limits.js'
import {
  type Check,
  type DoctorResult,
  doctorResult,
  hint,
  ok,
  unknown,
  wrong,
} from '../../control/doctor-results.js'
import { CALLER_REMEDY, callerWords, remedyOf } from '../../control/reason-words.js'
import type { Status } from '../../control/status.js'
import { type Address, formatAddress } from '../../io/net/address.js'
import { isHere, isOwnAddress, ownHosts, resolveHost } from '../../io/net/interfaces.js'
import { stateFolder } from '../../io/witness.js'
import type { PeerAddress, PeerOptions } from '../options.js'
import { OwnAddressNotes } from '../own-address-notes.js'
import { refuseDangerousShare } from '../share-danger.js'
import { refuseUnmounted } from '../share-folder.js'
import { PROGRAM_VERSION } from '../version.js'
import { diskCheck, filesCheck, nodeCheck, packagesCheck, watchChecks } from './machine-checks.js'
import { diskFacts, filesMax, folderCount, missingPackages, watchFacts } from './machine-facts.js'
import { FIREWALL_REMEDY, type PeerFacts, runningChecks } from './peer-checks.js'
import { type Heard, type Probed, probe } from './probing.js'

/** As in package.json. */
const NODE_LEAST = [20, 15] as const

const PROGRAM = `left ${PROGRAM_VERSION}`

/** `watcherPid` undefined while there is no watcher process. */
export async function doctorRunning(given: {
  readonly options: PeerOptions
  readonly status: Status
  readonly facts: ReadonlyMap<string, PeerFacts>
  readonly watcherPid: number | undefined
}): Promise<DoctorResult> {
  const { options, status, facts, watcherPid } = given
  const { holds } = status
  const limits = await Promise.all(['self' as const, watcherPid ?? ('self' as const)].map(filesMax))
  const checks = [
    ...runningChecks(status, facts, { program: PROGRAM, bind: options.bind, wallMs: Date.now() }),
    ...watchChecks(await watchFacts(), {
      folders: (holds?.folders ?? 0) + 1,
      unwatched: holds?.unwatchedFolders ?? 0,
    }),
    filesCheck(leastOf(limits)),
    diskCheck(await diskFacts(options.share), { paused: status.paused ?? '', minFree: options.minFree }),
    ...programChecks(),
  ]
  return doctorResult(true, checks)
}

export interface StoppedOptions {
  /** Absolute; need not be there. */
  readonly share: string
  readonly peers: readonly PeerAddress[]
  readonly port: number
  readonly bind: string | undefined
  /** How long calls of others are waited for; LISTEN_MS unless given. */
  readonly listenMs?: number
}

export async function doctorStopped(options: StoppedOptions): Promise<DoctorResult> {
  const { share } = options
  const isThere = statSync(share, { throwIfNoEntry: false })?.isDirectory() === true
  const folders = isThere ? await folderCount(share) : 1
  const checks = [
    shareCheck(share, isThere),
    ...(await networkChecks(options)),
    ...watchChecks(await watchFacts(), { folders, unwatched: undefined }),
    filesCheck(await filesMax('self')),
    diskCheck(await diskFacts(nearestFolder(share)), { paused: '', minFree: undefined }),
    ...programChecks(),
  ]
  return doctorResult(false, checks)
}

/** The share, or where it will be made. */
function nearestFolder(share: string): string {
  let folder = share
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder)
  return folder
}

function programChecks(): Check[] {
  return [
    ok('program', `${PROGRAM}, wire version ${WIRE_VERSION}`),
    nodeCheck(process.versions.node, NODE_LEAST),
    packagesCheck(missingPackages()),
  ]
}

function leastOf(limits: readonly (number | undefined)[]): number | undefined {
  const known = limits.filter((limit) => limit !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

function shareCheck(share: string, isThere: boolean): Check {
  try {
    refuseDangerousShare(share, { isMeant: false })
    refuseUnmounted(share, stateFolder())
    if (!isThere) return ok('share', `${share} is not there yet, and is made at the start`)
    accessSync(share, constants.R_OK | constants.W_OK | constants.X_OK)
    return ok('share', `${share}; no left runs on it`)
  } catch (error) {
    if (error instanceof LeftError) return wrong('share', error.message, '')
    return wrong(
      'share',
      `${share} cannot be read and written by this user`,
      'give the user of left the right to',
    )
  }
}

// — Where no peer runs —

async function networkChecks(options: StoppedOptions): Promise<Check[]> {
  const { share, peers, port, bind } = options
  const notes = new OwnAddressNotes(share)
  const checks: Check[] = []
  const others = new Map<string, Address[]>()
  for (const { host, port: theirPort, text } of peers) {
    const hosts = await resolveHost(host)
    const own = hosts.filter((each) => isOwnAddress({ host: each, port: theirPort }, { bind, port }))
    if (hosts.length === 0)
      checks.push(wrong('peer', 'no address is known for its name', remedyOf({ code: 'name-unknown' }), text))
    else if (own.length === hosts.length) checks.push(ok('address', 'this machine', text))
    else if (hosts.some((each) => notes.has(each))) checks.push(goneCheck(text, bind))
    else
      others.set(
        text,
        hosts.filter((each) => !own.includes(each)).map((each) => formatAddress(each, theirPort)),
      )
  }
  if (!isHere(bind))
    return [
      ...checks,
      wrong('address', `this machine does not have ${bind}`, remedyOf({ code: 'bind-gone' })),
    ]
  if (bind !== undefined) checks.push(ok('address', `${bind} is this machine's`))
  try {
    const { listenMs } = options
    const addresses = [...others.values()].flat()
    const probed = await probe({ port, bind, addresses, ...(listenMs === undefined ? {} : { listenMs }) })
    const where = bind === undefined ? `UDP port ${port}` : `UDP port ${port} of ${bind}`
    return [...checks, ok('port', `${where} is free`), ...probedChecks(others, probed)]
  } catch (error) {
    if (!(error instanceof LeftError)) throw error
    return [...checks, wrong('port', error.message, '')]
  }
}

function goneCheck(text: string, bind: string | undefined): Check {
  const now = bind ?? ownHosts().join(', ')
  return wrong(
    'address',
    `this machine had this address itself, and has ${now || 'none'} now`,
    remedyOf({ code: 'own-address-gone' }),
    text,
  )
}

function probedChecks(others: ReadonlyMap<string, readonly Address[]>, { heard, callers }: Probed): Check[] {
  const checks = [...others].flatMap(([text, addresses]) =>
    probedCheck(
      text,
      addresses.flatMap((address) => heard.get(address) ?? []),
    ),
  )
  const all = [...heard.values()]
  const isOpen = all.some(({ calls }) => calls) || callers.size > 0
  const firewall = isOpen
    ? ok('firewall', 'calls of others come in')
    : all.some(({ answers }) => answers)
      ? hint(
          'firewall',
          'only replies come in: those who answer call this machine too, and none of these calls came',
          FIREWALL_REMEDY,
        )
      : unknown('firewall', 'nobody calls this machine, so that nothing is known of what comes in')
  const called = [...callers].map(([address, agent]) =>
    wrong('caller', callerWords(address, agent), CALLER_REMEDY),
  )
  return [...checks, ...called, firewall]
}

function probedCheck(text: string, heard: readonly Heard[]): Check[] {
  if (heard.length === 0)
    return [wrong('peer', 'it neither calls nor answers', remedyOf({ code: 'not-reached' }), text)]
  const version = heard.find(({ wireVersion }) => wireVersion !== undefined && wireVersion !== WIRE_VERSION)
  if (version !== undefined)
    return [
      wrong(
        'program',
        `it runs ${version.program}, which speaks version ${version.wireVersion} of the protocol, and this machine version ${WIRE_VERSION}`,
        'install the newer left on both',
        text,
      ),
    ]
  const words = heard.some(({ calls }) => calls) ? 'it calls this machine' : 'it answers'
  const program = heard.find((each) => each.program !== undefined)?.program
  return [ok('peer', program === undefined ? words : `${words}, with ${program}`, text)]
}
