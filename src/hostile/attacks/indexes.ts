// An index without an end: folders in folders, page lists in page lists, items that list one another a million times,
// a new tree with every breath; vectors of a million counters; names as long as they may be, as deep as they may be.

import { hexOf } from '../../base/bytes.js'
import { blockCount, type ItemRef } from '../../base/item.js'
import { TREE_ITEM_BYTES_MAX } from '../../base/limits.js'
import { SystemRandom } from '../../io/random.js'
import { type Attack, sleep } from '../attack.js'
import type { Attacker } from '../attacker.js'
import { contentOf, line, NEW_VERSION, subtree } from '../content.js'
import { UNFINISHED_BYTES_MAX, WAIT_MS_MAX } from '../limits.js'

const random = new SystemRandom()

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
    const many = items.addTree(names(quick ? 5_000 : 50_000).map((name) => subtree(name, empty)))
    const again = (round: number) => items.addTree([subtree(`again-${round}`, many)])
    await walk(attacker, items.addPages(Array.from({ length: 20 }, (_, round) => again(round))))

    // Page lists of page lists, and a listing that is a page of itself under another name.
    let pages = items.addPages([leaf, level])
    for (let depth = 0; depth < 64; depth++) pages = items.addPages([pages, pages])
    await walk(attacker, pages)

    // A tree that changes while it is walked, for as long as anybody looks.
    for (let round = 0; round < (quick ? 10 : 20); round++) {
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

/** Listings as long as they may be, of which the end never comes; and always new ones. */
export const unfinished: Attack = {
  name: 'unfinished listings',
  async run({ quick, target, connected }) {
    const attacker = await connected()
    const { items } = attacker
    const served = new Set<string>()
    const lastBlock = blockCount(TREE_ITEM_BYTES_MAX) - 1
    const bytes = new Uint8Array(TREE_ITEM_BYTES_MAX)
    attacker.onRequest = (request) => {
      const groups = request.groups.map((group) => {
        if (group.kind === 'tree') served.add(hexOf(group.digest))
        const isWhole = !claimed.has(hexOf(group.digest))
        return { ...group, asks: group.asks.filter(({ blockIndex }) => isWhole || blockIndex < lastBlock) }
      })
      attacker.serve({ ...request, groups })
    }
    const claimed = new Set<string>()
    const before = target.memoryBytes()
    let most = 0
    const rounds = quick ? 3 : 6
    for (let round = 0; round < rounds; round++) {
      const folders = names(16).map((name) => {
        const digest = hexOf(random.bytes(32))
        claimed.add(digest)
        return subtree(name, items.addAs(digest, bytes))
      })
      await attacker.have(items.addTree(folders))
      await sleep(quick ? 200 : 300)
      most = Math.max(most, target.memoryBytes() - before)
    }
    const isReady = await attacker.isAlive(3_000)
    const askedFor = [...claimed].filter((digest) => served.has(digest)).length
    return {
      fault: !isReady
        ? 'it has no time for anything else'
        : askedFor === 0
          ? 'it asked for none of them'
          : most > UNFINISHED_BYTES_MAX
            ? `it holds ${Math.round(most / 1e6)} MB of them`
            : undefined,
      seen: `${rounds} trees of 16 listings of 4 MiB without their ends; ${askedFor} were asked for, at most ${Math.round(most / 1e6)} MB held`,
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
      // As many as a listing may hold, and more.
      vector(quick ? 50_000 : 200_000, peer),
      vector(250_000, peer),
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
      seen: `${vectors.length} vectors, of up to 250,000 counters`,
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
  // The target does not even answer a root that is longer than any listing.
  await attacker.have(root, [], root.sizeBytes > TREE_ITEM_BYTES_MAX ? 300 : WAIT_MS_MAX)
  await attacker.isAskedFor(root.digest, 500)
  await sleep(patienceMs)
}

/** Different names in the order of a listing. */
function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `n${String(index).padStart(5, '0')}`)
}

function vector(count: number, peer: (index: number) => string): string {
  const parts: string[] = []
  for (let index = 1; index <= count; index++) parts.push(`${peer(index)}:1`)
  return parts.join(',')
}
