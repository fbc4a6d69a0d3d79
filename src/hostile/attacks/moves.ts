// Folders that a peer which was let in says to have renamed, in one line each: into LEFT's own folder and out of the share, through a
// link, with a state that is none, with far too many things, in the name of the target, and thousands of them while another peer asks.
// A line that is true is carried out in the end, so that the others were not refused for a reason of their own.

import { existsSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { OWN_FOLDER } from '../../base/own-folder.js'
import { encodeMessage } from '../../ecp/message.js'
import { hash } from '../../io/hash.js'
import { decodeEntry } from '../../share/entry-line.js'
import { TREE_MOVE_THINGS_MAX } from '../../share/limits.js'
import { Manifest } from '../../share/manifest.js'
import { encodeTreeMove, stateOfPlaces, type TreeMove } from '../../share/tree-move.js'
import { type Attack, sleep } from '../attack.js'
import type { Attacker } from '../attacker.js'
import { contentOf, line } from '../content.js'
import {
  MOVE_LINES,
  MOVE_LINES_PER_MESSAGE,
  MOVE_LINES_QUICK,
  MOVE_SETTLE_MS,
  WAIT_MS_MAX,
  WALK_BYTES_MAX,
  WALK_STALL_MS_MAX,
} from '../limits.js'
import { changes } from '../snapshot.js'
import type { Target } from '../target.js'
import { judge, Watch } from '../watch.js'

const NAME = 'moved'
/** No peer of the target is that. */
const AUTHOR = 'a'.repeat(16)
let rounds = 0

export const falseMoves: Attack = {
  name: 'false renames',
  mayWrite: (path) => path.startsWith(NAME),
  async run(ground) {
    const { target, quick, connected } = ground
    const folder = `${NAME}-${++rounds}`
    const link = `${NAME}-link-${rounds}`
    symlinkSync(join(target.outside, 'folder'), join(target.share, link))
    const attacker = await connected()
    const peer = new Mover(attacker, folder)
    await peer.give()
    const isThere = ({ event, path }: { event: string; path?: unknown }) =>
      event === 'received' && path === `${folder}/g/b`
    if (!(await target.says(isThere, WAIT_MS_MAX))) return { fault: 'honest files did not arrive', seen: '' }
    await sleep(MOVE_SETTLE_MS)

    const before = target.inside()
    const lies = liesOf(peer, { folder, link, author: attacker.session!.peerId })
    for (const lie of lies) await peer.tell([lie])
    const watch = await Watch.start(ground)
    const count = quick ? MOVE_LINES_QUICK : MOVE_LINES
    const considered = await flood(peer, folder, count)
    const judged = judge(await watch.stop(), {
      growthBytesMax: WALK_BYTES_MAX,
      stallMsMax: WALK_STALL_MS_MAX,
    })
    await sleep(MOVE_SETTLE_MS)
    // Files of an attack before this one may still come.
    const changed = changes(before, target.inside()).filter((path) => path.startsWith(NAME))
    const isOwnTouched = ['evil', 'tmp/evil'].some((path) => existsSync(join(target.share, OWN_FOLDER, path)))
    const isMoved = await peer.movesTruly(target, `${folder}-true`)
    unlinkSync(join(target.share, link))
    const faults = [
      ...(changed.length > 0 ? [`false lines changed ${changed.slice(0, 3).join(', ')}`] : []),
      ...(isOwnTouched ? ["something is in LEFT's own folder"] : []),
      ...(considered === count ? [] : [`only ${considered} of ${count} lines were considered`]),
      ...(isMoved ? [] : ['a true line was not carried out either']),
      ...(judged.fault === undefined ? [] : [judged.fault]),
    ]
    return {
      fault: faults.length === 0 ? undefined : faults.join('; '),
      seen: `${lies.length} false lines, then ${considered} of a state that is none; ${judged.seen}`,
    }
  },
}

/** Answers how many of so many lines the target considered. Each has another state, and none is true. */
async function flood(peer: Mover, folder: string, count: number): Promise<number> {
  let considered = 0
  for (let sent = 0; sent < count; sent += MOVE_LINES_PER_MESSAGE) {
    const length = Math.min(MOVE_LINES_PER_MESSAGE, count - sent)
    const lines = Array.from({ length }, (_, index) =>
      peer.line({ to: `${folder}-${index}`, state: (sent + index).toString(16).padStart(64, '0') }),
    )
    if (await peer.tell(lines)) considered += length
  }
  return considered
}

/** Each of another kind; the state is true where one can be. */
function liesOf(
  peer: Mover,
  { folder, link, author }: { readonly folder: string; readonly link: string; readonly author: string },
): string[] {
  const own = ['.left', '.left/evil', '.left/tmp/evil', '.LEFT/evil', `${folder}/.left/evil`]
  const outward = [
    '..',
    '../evil',
    '../outside/evil',
    '/evil',
    `${folder}/../../evil`,
    './evil',
    'a//evil',
    '',
  ]
  return [
    ...[...own, ...outward].flatMap((path) => [peer.line({ to: path }), peer.line({ from: path })]),
    peer.line({ to: `${link}/evil` }),
    peer.line({ from: link, to: `${folder}-evil`, things: 1 }),
    peer.line({ to: `${folder}/g/evil` }),
    peer.line({ from: `${folder}/g`, to: folder, things: 2 }),
    peer.line({ to: 'victim.txt' }),
    peer.line({ from: 'victim.txt', to: `${folder}-evil`, things: 1 }),
    peer.line({ state: '0'.repeat(64) }),
    peer.line({ things: 1 }),
    peer.line({ things: TREE_MOVE_THINGS_MAX }),
    peer.line({ things: Number.MAX_SAFE_INTEGER }),
    peer.line({ first: Number.MAX_SAFE_INTEGER }),
    peer.line({ first: 0 }),
    peer.line({ author }),
    peer.line({ timeMs: Number.MAX_SAFE_INTEGER }),
  ]
}

/** Tells one root after the other, and lines after the one before. */
class Mover {
  private readonly attacker: Attacker
  private readonly folder: string
  private readonly manifest = new Manifest(hash)
  private toldRoot: ReturnType<Manifest['root']>
  private turn = 0

  constructor(attacker: Attacker, folder: string) {
    this.attacker = attacker
    this.folder = folder
    const { items } = attacker
    const lines = [
      ...[folder, `${folder}/g`].map((path) => line({ path, letter: 'd', mtime: '0' })),
      ...[`${folder}/a`, `${folder}/g/b`].map((path) => items.addFile(path, contentOf(path, 60))),
    ]
    for (const text of lines) this.set(text)
    this.toldRoot = this.manifest.root()
  }

  async give(): Promise<void> {
    this.toldRoot = this.served()
    await this.attacker.have(this.toldRoot)
  }

  /** The line of a move of the folder that was given, true but for that. */
  line(lie: Partial<TreeMove> = {}): string {
    const { folder, manifest } = this
    const [from, to] = [lie.from ?? folder, lie.to ?? `${folder}-evil`]
    const state = stateOfPlaces(manifest, from, to)
    const move = {
      kind: 'tree-move',
      author: AUTHOR,
      first: 1_000,
      timeMs: 1_700_000_000_000,
      things: 4,
    } as const
    return encodeTreeMove({ ...move, ...lie, from, to, state: lie.state ?? state })
  }

  /** Answers whether the target considered the lines and found that they do not lead to the root. */
  async tell(lines: readonly string[]): Promise<boolean> {
    const { attacker } = this
    const base = this.toldRoot
    // Another root each time, by a deletion of what never was, so long ago that nobody remembers it.
    this.manifest.delete(`${NAME}-gone-${this.turn}`)
    this.set(line({ path: `${NAME}-gone-${++this.turn}`, letter: 't', mtime: '0' }))
    const root = this.served()
    const knows = { author: attacker.session!.peerId, count: 0 }
    const state = { root, author: attacker.peerId, knows, notHeldCount: 0, lines } as const
    const body = encodeMessage({ type: 'have', scope: { type: 'since', base }, ...state })
    await attacker.say(body)
    this.toldRoot = root
    return attacker.isAskedFor(root.digest, WAIT_MS_MAX)
  }

  /** Whether the target renames the folder where the line is true. */
  async movesTruly(target: Target, to: string): Promise<boolean> {
    await this.tell([this.line({ to })])
    return target.says(({ event, path }) => event === 'moved' && path === to, WAIT_MS_MAX)
  }

  private set(text: string): void {
    const entry = decodeEntry(text)
    if (!entry.ok) throw new Error(`${text}: ${entry.reason}`)
    this.manifest.set(entry.value)
  }

  /** The root, whose listings can be had from now on. */
  private served() {
    const { manifest, attacker } = this
    const root = manifest.root()
    for (const path of ['', this.folder, `${this.folder}/g`]) {
      const item = path === '' ? root : manifest.folderItem(path)
      const bytes = item && manifest.item(item.digest)
      if (bytes !== undefined) attacker.items.addTreeBytes(bytes)
    }
    return root
  }
}
