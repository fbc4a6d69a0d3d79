// The schema of one line of `--json`: src/app/README.md as checks. Every line that a peer prints in these tests
// goes through `faultOf`; event-schema.test.ts holds the events and fields below against the table in that file.

type Check = (value: unknown) => boolean

const text: Check = (value) => typeof value === 'string' && value !== ''
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const quantity: Check = (value) => Number.isFinite(value) && (value as number) >= 0
const peerId: Check = (value) => typeof value === 'string' && /^[0-9a-f]{16}$/.test(value)
const fingerprint: Check = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
const address: Check = (value) => typeof value === 'string' && /^[^\s,]+$/.test(value)
const time: Check = (value) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)

/** Relative to the share, nothing of it empty, and never what LEFT keeps for itself. */
const path: Check = (value) =>
  typeof value === 'string' && !/^\.left(\/|$)/.test(value) && !value.split('/').some((name) => name === '')

const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value)

const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)

const fileUnderWay: Check = (value) => {
  const file = value as Readonly<Record<string, unknown>>
  return path(file.path) && count(file.bytes) && count(file.doneBytes)
}

export const EVENT_FIELDS: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  started: {
    version: (value) => typeof value === 'string' && /^\d+\.\d+\.\d+/.test(value),
    share: (value) => typeof value === 'string' && value.startsWith('/'),
    listening: (value) => typeof value === 'string' && /:\d+$/.test(value),
    peer: peerId,
    window: (value) => typeof value === 'string' && /^(auto|\d+)$/.test(value),
    encryption: oneOf('yes', 'no'),
    fingerprint: orNull(fingerprint),
    peers: (value) => Array.isArray(value) && value.every(address),
    trackers: (value) => Array.isArray(value) && value.every(address),
  },
  page: { link: (value) => typeof value === 'string' && /^http:\/\/\S+:\d+\/\?token=[\w-]{43}$/.test(value) },
  note: { message: text },
  scanning: {},
  reading: {
    files: count,
    bytes: count,
    bytesPerS: quantity,
    file: orNull(fileUnderWay),
    isOver: oneOf(true, false),
  },
  scanned: { files: count, folders: count, bytes: count, durationMs: quantity },
  changed: { path, kind: oneOf('file', 'folder', 'link', 'tombstone'), bytes: count },
  problem: { path, reason: text },
  waiting: {
    address,
    reason: text,
    code: oneOf('not-reached', 'not-let-in', 'name-unknown', 'own-address-gone'),
  },
  connected: { peer: peerId, address, fingerprint: orNull(fingerprint) },
  pinned: { address, fingerprint, how: oneOf('first-use', 'secret') },
  'key-changed': { address, fingerprint, pinned: fingerprint },
  disconnected: { peer: peerId, address, reason: text },
  refused: { address, reason: text },
  fetching: { path, bytes: count, resumedBytes: count, reusedBytes: count, peer: peerId },
  progress: { path, bytes: count, doneBytes: count, bytesPerS: quantity, etaMs: orNull(quantity) },
  received: {
    path,
    bytes: count,
    crossedBytes: count,
    savedBytes: count,
    durationMs: quantity,
    peer: peerId,
    sources: (value) =>
      Array.isArray(value) && value.every(({ peer, bytes }) => peerId(peer) && count(bytes) && bytes > 0),
  },
  removed: { path, kind: oneOf('file', 'folder', 'link'), bytes: count, peer: peerId },
  moved: { from: path, path, things: count, peer: peerId },
  abandoned: { path, reason: text },
  conflict: { path, kept: path },
  paused: { reason: text },
  resumed: {},
  sending: {
    peer: peerId,
    address,
    files: count,
    bytes: count,
    bytesPerS: quantity,
    file: orNull(fileUnderWay),
  },
  sent: { peer: peerId, address, files: count, bytes: count, durationMs: quantity },
  totals: { files: count, filesWanted: count, bytes: count, bytesWanted: count, bytesPerS: quantity },
  receipt: {
    files: count,
    bytes: count,
    crossedBytes: count,
    reusedBytes: count,
    savedBytes: count,
    durationMs: quantity,
    bytesPerS: count,
    linkBytesPerS: orNull(count),
    efficiency: orNull(quantity),
    redundancy: orNull(quantity),
    askedAgain: orNull(quantity),
    loss: orNull(quantity),
    rttMs: orNull(quantity),
    minRttMs: orNull(quantity),
    peers: count,
  },
  'in-step': {
    peer: peerId,
    address,
    equal: oneOf(true, false),
    files: count,
    notHeldHere: count,
    notHeldThere: count,
  },
  summary: {
    receivedBytes: count,
    sentBytes: count,
    savedBytes: count,
    receivedDatagrams: count,
    sentDatagrams: count,
    droppedDatagrams: count,
    strangers: count,
  },
  debug: { message: text },
  stopped: {},
}

/** The fault of an event as it was parsed from its line; undefined where there is none. */
export function faultOf(event: Readonly<Record<string, unknown>>): string | undefined {
  const fields = typeof event.event === 'string' ? EVENT_FIELDS[event.event] : undefined
  if (fields === undefined) return `no such event: ${JSON.stringify(event)}`
  const faults: string[] = []
  for (const [name, check] of Object.entries({ time, ...fields })) {
    if (!check(event[name])) faults.push(name)
  }
  for (const name of Object.keys(event)) {
    if (name !== 'event' && name !== 'time' && !(name in fields))
      faults.push(`${name}, which is not documented`)
  }
  if (event.event === 'progress' && Number(event.doneBytes) > Number(event.bytes))
    faults.push('doneBytes > bytes')
  if (event.event === 'totals' && Number(event.files) > Number(event.filesWanted))
    faults.push('files > filesWanted')
  return faults.length === 0 ? undefined : `${faults.join('; ')} of ${JSON.stringify(event)}`
}
