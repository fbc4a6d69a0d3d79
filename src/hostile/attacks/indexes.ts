// An index without an end: folders in folders, page lists in page lists, items that list one another a million times,
// a new tree with every breath; versions of a million peers; names as long as they may be, as deep as they may be.

import { hexOf } from '../../base/bytes.js'
import { blockCount, type ItemRef } from '../../base/item.js'
import { PATH_BYTES_MAX, PATH_DEPTH_MAX, TREE_ITEM_BYTES_MAX } from '../../base/limits.js'
import { SystemRandom } from '../../io/random.js'
import { COUNT_MAX, SEEN_PEERS_MAX } from '../../share/dots.js'
import { TABLE_PEERS_MAX } from '../../share/limits.js'
import { type Attack, sleep } from '../attack.js'
import type { Attacker } from '../attacker.js'
import { contentOf, line, subtree } from '../content.js'
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
  mayWrite: (path) => path === 'control',
  async run({ quick, connected }) {
    const attacker = await connected()
    const { items } = attacker
    const many = quick ? 50_000 : 200_000
    /** A table, and a version that is short by it. */
    const short: readonly (readonly [string, string])[] = [
      // As many as a listing may hold, and more.
      [tableOf(many), vector(many, (index) => `${index.toString(36)}:0`)],
      [tableOf(250_000), '0:0/0'],
      [tableOf(TABLE_PEERS_MAX + 1), '0:0/0'],
      [tableOf(SEEN_PEERS_MAX + 1), vector(SEEN_PEERS_MAX + 1, (index) => `${index.toString(36)}:0`)],
      // Beyond the largest count, none, and in another spelling.
      [`V ${peerAt(1)}:${2 ** 53}`, '0:0/0'],
      [`V ${peerAt(1)}:${COUNT_MAX}`, '0:1/0'],
      [`V ${peerAt(1)}:0`, '0:0/0'],
      [`V ${peerAt(1)}:01`, '0:0/0'],
      [`V ${peerAt(1)}:1`, '0:00/0'],
      [`V ${peerAt(1)}:1`, '0:zzzzzzzzzzzz/0'],
      [`V ${peerAt(15).toUpperCase()}:1`, '0:0/0'],
      // Out of order, twice, of no version, not the smallest count.
      [`V ${peerAt(2)}:1 ${peerAt(1)}:1`, '0:0,1:0/0'],
      [`V ${peerAt(1)}:1 ${peerAt(1)}:2`, '0:0,1:0/0'],
      [`V ${peerAt(1)}:1 ${peerAt(2)}:1`, '0:0/0'],
      [`V ${peerAt(1)}:1`, '0:1/0'],
      [`V ${peerAt(1)}:1`, '0:0,0:0/0'],
      // Beyond the table, beyond the vector, dots that it has not seen.
      [`V ${peerAt(1)}:1`, '1:0/0'],
      [`V ${peerAt(1)}:1`, '0:0/1'],
      [`V ${peerAt(1)}:1`, '0:0/0.2'],
      [`V ${peerAt(1)}:1`, '0:0/0/0'],
      [`V ${peerAt(1)}:1`, '/0'],
      ['V', '0:0/0'],
      ['', '0:0/0'],
    ]
    const whole = [
      vector(SEEN_PEERS_MAX + 1, (index) => `${peerAt(index)}:1`),
      `${peerAt(1)}:${2 ** 53}/0`,
      `${peerAt(1)}:0/0`,
      `${peerAt(2)}:1,${peerAt(1)}:1/0`,
      `${peerAt(1)}:1,/0`,
      `${peerAt(1)}:1/1`,
      `${peerAt(1)}:1/0.1`,
      `${peerAt(1)}:1`,
      peerAt(1),
      '-',
    ]
    const digests: string[] = []
    const lineWith = (path: string, version: string): string => {
      const content = contentOf(path, 20)
      digests.push(items.addContent(content))
      return items.addFile(path, content, { version })
    }
    for (const [index, [table, version]] of short.entries())
      await walk(attacker, items.addLines(table, [lineWith(`short-${index}`, version)]), 100)
    for (const [index, version] of whole.entries()) {
      const told = lineWith(`whole-${index}`, version)
      const root = items.addTree([told])
      if (told.length < 900) await attacker.have(root, [told])
      await walk(attacker, root, 100)
    }
    const asked = digests.filter((digest) => attacker.asked.has(digest))
    // The largest that is one: a target that takes none would withstand all of this.
    const full = vector(SEEN_PEERS_MAX, (index) => `${index.toString(36)}:0`)
    await walk(attacker, items.addLines(tableOf(SEEN_PEERS_MAX), [lineWith('control', full)]))
    const isTaken = attacker.asked.has(digests.at(-1)!)
    return {
      fault: !isTaken
        ? 'it does not take what is a version'
        : asked.length === 0
          ? undefined
          : `${asked.length} of them were taken`,
      seen: `${short.length + whole.length} versions, of up to 250,000 peers`,
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
      if ((name.length + 1) * depth > PATH_BYTES_MAX || depth >= PATH_DEPTH_MAX)
        tooLong.push(items.addContent(content))
      await walk(attacker, nest(name, depth, items.addFile(long, content)), depth > 100 ? 700 : 200)
    }
    const wide = names(2_000).map((name) => line({ path: name + 'w'.repeat(249), letter: 't' }))
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

function peerAt(index: number): string {
  return index.toString(16).padStart(16, '0')
}

function tableOf(count: number): string {
  return ['V', ...Array.from({ length: count }, (_, index) => `${peerAt(index)}:1`)].join(' ')
}

function vector(count: number, dotAt: (index: number) => string): string {
  return `${Array.from({ length: count }, (_, index) => dotAt(index)).join(',')}/0`
}
