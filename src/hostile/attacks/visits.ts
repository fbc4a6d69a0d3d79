// Visits: a visitor that would like to be a peer, and a peer that lies to whoever gets something of it. Listings lie as text, as those of
// the attacks on shares do.

import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hexOf, utf8 } from '../../base/bytes.js'
import type { ItemRef } from '../../base/item.js'
import { visitorId } from '../../base/visitor.js'
import { encodeMessage } from '../../ecp/message.js'
import { SystemRandom } from '../../io/random.js'
import { type Attack, sleep } from '../attack.js'
import type { Attacker } from '../attacker.js'
import { byName, contentOf, line, subtree } from '../content.js'
import { snapshot } from '../snapshot.js'
import { freePort, type Target } from '../target.js'

/** Tells its state as a peer would, in every way; the target must neither want it nor count it. */
export const pushyVisitor: Attack = {
  name: 'visitor that tells a state',
  async run({ target, attacker: open }) {
    const attacker = await open({ peerId: visitorId(hexOf(new SystemRandom().bytes(4))) })
    if (!(await attacker.getsIn())) return { fault: 'a visitor with a trusted key does not get in', seen: '' }
    const content = contentOf('pushed', 100)
    const entry = attacker.items.addFile('pushed', content)
    const tree = attacker.items.addTree([entry])
    await attacker.have(tree, [entry], 600)
    await attacker.say(
      utf8(`u|*|${tree.digest}:${tree.sizeBytes}|*|${attacker.peerId}|*|-|*|whole|*|0|*|${entry}`),
      600,
    )
    const told = await attacker.say(utf8('v'))
    await sleep(300)
    const isSeen = target.said.some(({ event, peer }) => event === 'connected' && peer === attacker.peerId)
    const asked = attacker.asked.size
    const fault =
      told?.type !== 'holds'
        ? `is answered ${told?.type ?? 'nothing'}`
        : isSeen || asked > 0
          ? `is taken for a peer (${asked} items asked for)`
          : undefined
    return { fault, seen: 'a state in two messages, then the question of a visitor' }
  },
}

interface Lie {
  readonly what: string
  /** Arrives: this one is no lie, and shows that what is no lie would have arrived. */
  readonly arrives?: string
  /** A place of the lie in the destination, where it does no harm: nothing may follow the link that is listed beside it. */
  readonly mayArrive?: string
  /** Of the share that is listed. */
  tree(attacker: Attacker, outside: string): ItemRef
}

const evil = contentOf('evil', 100)

const LIES: readonly Lie[] = [
  { what: 'the truth', arrives: 'file', tree: ({ items }) => items.addTree([items.addFile('file', evil)]) },
  {
    what: 'a file that leads upwards',
    tree: ({ items }) => items.addTree([items.addFile('../evil', evil)]),
  },
  {
    what: 'a folder that leads upwards',
    tree: ({ items }) => items.addTree([subtree('..', items.addTree([items.addFile('evil', evil)]))]),
  },
  {
    what: 'a file behind a link, and the link',
    mayArrive: 'way/evil',
    tree: ({ items }, outside) => {
      const inner = items.addTree([items.addFile('evil', evil)])
      const lines = [line({ path: 'way', letter: 'l', target: outside }), subtree('way', inner)]
      return items.addTree(lines)
    },
  },
  {
    what: 'a link in the place of a temporary file',
    tree: ({ items }, outside) => {
      const file = items.addFile('file', evil)
      const digest = file.split(' ')[4]!
      const link = line({
        path: `.left-get-${digest.slice(0, 32)}`,
        letter: 'l',
        target: `${outside}/secret`,
      })
      return items.addTree([file, link].sort(byName))
    },
  },
  {
    what: 'an absolute path',
    tree: ({ items }, outside) => items.addTree([items.addFile(`${outside}/evil`, evil)]),
  },
  {
    what: 'a content that is another one',
    tree: ({ items }) => items.addTree([items.addFile('evil', evil, { digest: '7'.repeat(64) })]),
  },
]

/** `left get` of a peer that lies about names, links and contents: nothing arrives but what could, and where it could. */
export const lyingLister: Attack = {
  name: 'lying lister',
  only: 'yes',
  async run({ target, quick }) {
    const faults: string[] = []
    const lies = quick ? LIES.slice(0, 5) : LIES
    for (const lie of lies) {
      const fault = await getLie(target, lie)
      if (fault !== undefined) faults.push(`${lie.what}: ${fault}`)
    }
    return {
      fault: faults.length === 0 ? undefined : faults.join('; '),
      seen: `left get, ${lies.length} times: ${lies.map(({ what }) => what).join(', ')}`,
    }
  },
}

async function getLie(target: Target, { tree, arrives, mayArrive }: Lie): Promise<string | undefined> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'left-got-'))
  const port = await freePort('127.0.0.1')
  const attacker = await target.attackerOf({ host: '127.0.0.1', port })
  const { digest, sizeBytes } = tree(attacker, target.outside)
  const holds = encodeMessage({
    type: 'holds',
    root: { kind: 'tree', digest, sizeBytes },
    held: undefined,
    untoldCount: 0,
  })
  attacker.onMessage = () => holds
  try {
    const place = `${attacker.host}:${attacker.port}:`
    const ended = target.runLeft(['get', place, folder, '--port', String(port), '--timeout', '5s', '--json'])
    // Whoever is called counts a session once its other side has said something in it.
    const isIn = (await attacker.getsIn()) && (await attacker.isAlive())
    const exitCode = await ended
    const there = Object.keys(Object.fromEntries(snapshot(folder, () => true)))
    if (!isIn) return 'the attacker got no session'
    if (arrives !== undefined) return there.includes(arrives) ? undefined : `${arrives} did not arrive`
    if (exitCode === 0) return 'ended as if all had arrived'
    const wrong = there.filter((path) => path.endsWith('evil') && path !== mayArrive)
    return wrong.length === 0 ? undefined : `${wrong.join(', ')} arrived`
  } finally {
    await attacker.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
