// An index without an end: folders in folders, page lists in page lists, items that list one another a million times,
// a new tree with every breath; vectors of a million counters; names as long as they may be, as deep as they may be.

import { hexOf, utf8 } from '../../base/bytes.js'
import type { ItemRef } from '../../base/item.js'
import { type Attack, sleep } from '../attack.js'
import type { Attacker } from '../attacker.js'
import { contentOf, line, NEW_VERSION, subtree } from '../content.js'

export const endlessIndex: Attack = {
  name: 'endless index',
  async run({ quick, connected, target }) {
    const attacker = await connected()
    const { items } = attacker
    const saidBefore = target.said.length
    // Sixty-four levels, each of which lists the one below under a thousand names: 10^192 folders.
    const wide = quick ? 100 : 1_000
    let level = items.addTree([])
    const leaf = items.addTree([items.addFile('leaf', contentOf('leaf', 10))])
    for (let depth = 0; depth < 64; depth++)
      level = items.addTree(names(wide).map((name) => subtree(name, level)))
    await walk(attacker, level)

    // One item, listed a million times.
    const empty = items.addTree([])
    const many = items.addTree(names(quick ? 10_000 : 100_000).map((name) => subtree(name, empty)))
    const again = (round: number) => items.addTree([subtree(`again-${round}`, many)])
    await walk(attacker, items.addPages(Array.from({ length: 10 }, (_, round) => again(round))))

    // Page lists of page lists, and a listing that is a page of itself under another name.
    let pages = items.addPages([leaf, level])
    for (let depth = 0; depth < 64; depth++) pages = items.addPages([pages, pages])
    await walk(attacker, pages)

    // A tree that changes while it is walked, for as long as anybody looks.
    for (let round = 0; round < (quick ? 10 : 40); round++) {
      const inner = items.addTree([items.addFile(`file-${round}`, contentOf(`round ${round}`, 10))])
      await attacker.have(
        items.addTree([`D gone ${hexOf(contentOf(`gone ${round}`, 32))} 100`, subtree('here', inner)]),
      )
    }
    await sleep(500)
    // While all of that is walked the target still has time for others.
    const isReady = await attacker.isAlive(3_000)
    const problems = target.said
      .slice(saidBefore)
      .filter(({ event }) => event === 'problem' || event === 'note').length
    return {
      fault: isReady ? undefined : 'it has no time for anything else',
      seen: `64 levels of ${wide}, one item ${quick ? '10^5' : '10^6'} times, pages of pages, new trees all the time; told ${problems} times`,
    }
  },
  mayWrite: (path) => path.startsWith('here'),
}

/** A share of more files than anybody has: 10^192 paths, each of which could be one. */
export const endlessFiles: Attack = {
  name: 'endless files',
  mayWrite: (path) => path.startsWith('n0'),
  async run({ quick, target, connected }) {
    const attacker = await connected()
    const { items } = attacker
    const leaves = names(1_000).map((name) =>
      items.addFile(name, contentOf('leaf', 0), { digest: 'e'.repeat(64), size: '7' }),
    )
    let level = items.addTree(leaves)
    for (let depth = 0; depth < 3; depth++)
      level = items.addTree(names(1_000).map((name) => subtree(name, level)))
    await attacker.have(level)
    const startMs = performance.now()
    let most = 0
    while (performance.now() - startMs < (quick ? 1_000 : 5_000)) {
      most = Math.max(most, target.memoryBytes())
      await sleep(100)
    }
    const isReady = await attacker.isAlive(3_000)
    return {
      fault: isReady ? undefined : 'it has no time for anything else',
      seen: `10^12 files are announced; at most ${Math.round(most / 1e6)} MB were held meanwhile`,
    }
  },
}

export const counters: Attack = {
  name: 'version vectors',
  async run({ quick, connected }) {
    const attacker = await connected()
    const { items } = attacker
    const peer = (index: number) => index.toString(16).padStart(16, '0')
    const vectors = [
      vector(quick ? 100_000 : 1_000_000, peer),
      vector(65, peer),
      `${peer(1)}:${2 ** 48 + 1}`,
      `${peer(1)}:0`,
      `${peer(1)}:01`,
      `${peer(2)}:1,${peer(1)}:1`,
      `${peer(1)}:1,${peer(1)}:2`,
      `${peer(1)}:1,`,
      `${peer(1)}`,
    ]
    const digests: string[] = []
    for (const [index, version] of vectors.entries()) {
      const content = contentOf(`vector ${index}`, 20)
      digests.push(items.addContent(content))
      await walk(attacker, items.addTree([items.addFile(`vector-${index}`, content, { version })]))
    }
    await sleep(300)
    const asked = digests.filter((digest) => attacker.asked.has(digest))
    return {
      fault: asked.length === 0 ? undefined : `${asked.length} of them were taken`,
      seen: `${vectors.length} vectors, one of ${quick ? '10^5' : '10^6'} counters`,
    }
  },
}

export const deepNames: Attack = {
  name: 'long names, deep paths',
  // Whatever of it is legal may arrive.
  mayWrite: (path) => /^(?:d{255}|s)(?:$|\/|\.conflict)/.test(path),
  async run({ quick, connected }) {
    const attacker = await connected()
    const { items } = attacker
    const long = 'd'.repeat(255)
    const tooLong: string[] = []
    const nest = (name: string, depth: number, leaf: string): ItemRef => {
      let level = items.addTree([leaf])
      for (let count = 0; count < depth; count++) level = items.addTree([subtree(name, level)])
      return level
    }
    for (const [name, depth] of [
      [long, 15],
      [long, 16],
      [long, 200],
      ['s', quick ? 300 : 1_500],
      ['s', 2_100],
    ] as const) {
      const content = contentOf(`deep ${name.length} ${depth}`, 20)
      if ((name.length + 1) * depth > 4_095) tooLong.push(items.addContent(content))
      await walk(attacker, nest(name, depth, items.addFile(long, content)), depth > 100 ? 700 : 200)
    }
    const wide = names(2_000).map((name) =>
      line({ path: name + 'w'.repeat(249), letter: 't', version: NEW_VERSION }),
    )
    await walk(attacker, items.addTree(wide))
    await sleep(300)
    const asked = tooLong.filter((digest) => attacker.asked.has(digest))
    return {
      fault: asked.length === 0 ? undefined : `${asked.length} paths that are too long were taken`,
      seen: 'names of 255 bytes up to 200 deep, short ones up to 2,100, 2,000 tombstones of the longest names',
    }
  },
}

/** Announces a tree and gives the target time to walk it. */
async function walk(attacker: Attacker, root: ItemRef, patienceMs = 300): Promise<void> {
  await attacker.have(root)
  await attacker.isAskedFor(root.digest, 1_000)
  await sleep(patienceMs)
}

/** Different names in the order of a listing. */
function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `n${String(index).padStart(5, '0')}`)
}

function vector(count: number, peer: (index: number) => string): string {
  const parts: string[] = []
  for (let index = 1; index <= count; index++) parts.push(`${peer(index)}:1`)
  return utf8(parts.join(',')).length > 33_000_000 ? '' : parts.join(',')
}
