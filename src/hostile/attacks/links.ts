// Links: one of the peer's own that leads out of the share, with files below it; and a folder of the share that a
// program on the target's machine swaps for a link, over and over, while the peer fills it.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hexOf } from '../../base/bytes.js'
import { hash } from '../../io/hash.js'
import { programFile } from '../../io/program.js'
import { DatagramType } from '../../rdt/wire/control.js'
import { RequestWriter } from '../../rdt/wire/request.js'
import { type Attack, sleep } from '../attack.js'
import type { Attacker } from '../attacker.js'
import { byName, contentOf, line, listOf, subtree, versionOf } from '../content.js'
import { QUIET_LOOKS_MAX, QUIET_MS } from '../limits.js'
import { nodeOptions, type Target } from '../target.js'

const FILES = 1_500
const FILES_QUICK = 300

export const ownLink: Attack = {
  name: 'own link',
  mayWrite: (path) => /^(?:link|to-secret)(?:$|\.conflict|\/)/.test(path),
  async run({ target, connected }) {
    const attacker = await connected()
    const { items } = attacker
    const link = line({ path: 'link', letter: 'l', mtime: '1', target: target.outside })
    const toFile = line({
      path: 'to-secret',
      letter: 'l',
      mtime: '1',
      target: join(target.outside, 'secret'),
    })
    await attacker.have(items.addTree([link, toFile]))
    await sleep(300)
    const below = items.addTree([
      items.addFile('evil', contentOf('below a link', 100)),
      items.addFile('secret', contentOf('over a secret', 100)),
    ])
    const over = items.addFile('to-secret', contentOf('through a link', 100), {
      version: versionOf(2),
    })
    await attacker.have(items.addTree([link, subtree('link', below), over]))
    await sleep(700)
    const isShared = await servesSecret(attacker, target)
    return {
      fault: isShared
        ? 'it shares what the link of a peer points at: any file of its user can be read'
        : undefined,
      seen: 'links to the outside, files below them and in their place, and what they point at asked for',
    }
  },
}

/** Files that are there already are not asked for again. */
let rounds = 0

/** Whether a file beside the share can be had by its digest. */
async function servesSecret(attacker: Attacker, target: Target): Promise<boolean> {
  const content = readFileSync(join(target.outside, 'secret'))
  const digest = hexOf(hash(listOf(content)))
  const writer = new RequestWriter()
  writer.start(attacker.session!.remote, 1)
  writer.add({ handle: 1, kind: 'file', digest }, 1_232, { blockIndex: 0, low: 1, high: 0 })
  const request = attacker.sealed(writer.finish())
  const answer = attacker.replies.waitFor(({ bytes }) => bytes[0] === DatagramType.segment, 1_000)
  attacker.send(request)
  return (await answer) !== undefined
}

export const linkRace: Attack = {
  name: 'link race',
  mayWrite: (path) => /^race(?:$|\.away|\/|\.conflict)/.test(path),
  async run({ target, quick, connected }) {
    const attacker = await connected()
    const { items } = attacker
    const folder = join(target.share, 'race')
    mkdirSync(join(folder, 'folder'), { recursive: true })
    const count = quick ? FILES_QUICK : FILES
    const names = Array.from({ length: count }, (_, index) => `f${String(index).padStart(5, '0')}`)
    const version = versionOf(++rounds)
    const inner = names.map((name) =>
      items.addFile(name, contentOf(`race ${rounds} ${name}`, 200), { version }),
    )
    const files = subtree('folder', items.addTree(inner))
    const root = items.addTree([subtree('race', items.addTree([...inner, files].sort(byName)))])
    const swapper = startSwapper(folder, target.outside)
    await attacker.have(root)
    await sleep(quick ? 1_500 : 3_000)
    swapper.kill('SIGKILL')
    const asked = attacker.asked.size
    await attacker.close()
    await quietOf(target)
    return {
      fault: asked > 10 ? undefined : `there was no race: ${asked} items were asked for`,
      seen: `${count} files twice into a folder that is swapped for a link all the time`,
    }
  },
}

/** Waits until the files under way are in place, so that they count for this attack and not for the next: on a busy
 *  machine that takes long, with pauses. */
async function quietOf(target: Target): Promise<void> {
  for (let looks = 0, saidCount = -1; looks < QUIET_LOOKS_MAX && saidCount !== target.said.length; looks++) {
    saidCount = target.said.length
    await sleep(QUIET_MS)
  }
}

function startSwapper(folder: string, to: string): ChildProcess {
  const program = fileURLToPath(programFile('hostile/swapper'))
  const child = spawn(process.execPath, [...nodeOptions(), program, folder, to], { stdio: 'ignore' })
  const end = () => void child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
  return child
}
