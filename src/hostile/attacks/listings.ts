// Small listings that stand for many paths, because folders of one content share one listing: hundreds of thousands of
// files that can all be wanted, and folders within folders without a file. Another peer asks meanwhile.

import { hexOf } from '../../base/bytes.js'
import type { ItemRef } from '../../base/item.js'
import { hash } from '../../io/hash.js'
import { type Attack, type AttackResult, type Ground, sleep } from '../attack.js'
import type { Attacker } from '../attacker.js'
import { contentOf, subtree } from '../content.js'
import { ENDLESS_MS, WALK_BYTES_MAX, WALK_MS, WALK_STALL_MS_MAX } from '../limits.js'
import { judge, Watch } from '../watch.js'

/** One folder of 1,000 files in 500 folders in 500 folders: 240 kB of listings are 2.5 × 10^8 files, in no more places than
 *  an honest share may have. */
export const manyWants: Attack = {
  name: 'listings of many files',
  mayWrite: (path) => path.startsWith('n0'),
  run: (ground) =>
    walked(ground, '2.5 × 10^8 files are announced, of which none comes', WALK_MS, (attacker) =>
      layers(attacker, unservedFiles(attacker, differing), 2, 500),
    ),
}

/** The same for a minute, of files that all have one content: while that is waited for, all the others wait for it too. */
export const endlessFiles: Attack = {
  name: 'endless files',
  mayWrite: (path) => path.startsWith('n0'),
  run: (ground) =>
    walked(ground, '2.5 × 10^8 files of one content, which never comes', ENDLESS_MS, (attacker) =>
      layers(attacker, unservedFiles(attacker, equal), 2, 500),
    ),
}

/** Folders without a file, each with one folder in it: nothing can be wanted, and each of fifty listings stands in 250,000
 *  places. */
export const treeBomb: Attack = {
  name: 'tree bomb',
  run: (ground) =>
    walked(
      ground,
      'a folder in a folder, fifty deep, in 250,000 places, in 60 kB of listings',
      WALK_MS,
      (attacker) => layers(attacker, layers(attacker, attacker.items.addTree([]), 50, 1), 2, 500),
    ),
}

const differing = (name: string) => hexOf(hash(contentOf(name, 8)))
const equal = () => 'e'.repeat(64)

/** A listing of 1,000 files, which are asked for, and nothing is answered. */
function unservedFiles(attacker: Attacker, digestOf: (name: string) => string): ItemRef {
  const { items } = attacker
  attacker.onRequest = (request) => {
    const groups = request.groups.filter(({ kind }) => kind === 'tree')
    attacker.serve({ ...request, groups })
  }
  const files = names(1_000).map((name) =>
    items.addFile(name, contentOf('', 0), { digest: digestOf(name), size: '7' }),
  )
  return items.addTree(files)
}

/** Each layer lists the one below under so many names. */
function layers({ items }: Attacker, leaf: ItemRef, depth: number, width: number): ItemRef {
  let level = leaf
  for (let layer = 0; layer < depth; layer++)
    level = items.addTree(names(width).map((name) => subtree(name, level)))
  return level
}

async function walked(
  ground: Ground,
  seen: string,
  forMs: { readonly full: number; readonly quick: number },
  rootOf: (attacker: Attacker) => ItemRef,
): Promise<AttackResult> {
  const attacker = await ground.connected()
  const watch = await Watch.start(ground)
  await attacker.have(rootOf(attacker))
  await sleep(ground.quick ? forMs.quick : forMs.full)
  const judged = judge(await watch.stop(), { growthBytesMax: WALK_BYTES_MAX, stallMsMax: WALK_STALL_MS_MAX })
  return { fault: judged.fault, seen: `${seen}; ${judged.seen}` }
}

/** Different names in the order of a listing. */
function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `n${String(index).padStart(5, '0')}`)
}
