// A peer that was let in deletes or replaces all that the target holds: at once, in portions, in the name of authors that nobody
// is, and under one peer id after the other. Most of it stays, and what goes is in the trash.

import { join } from 'node:path'
import { hexOf } from '../../base/bytes.js'
import { TRASH_FOLDER } from '../../base/own-folder.js'
import { hash } from '../../io/hash.js'
import { type Attack, sleep } from '../attack.js'
import type { Attacker } from '../attacker.js'
import { byName, contentOf, line } from '../content.js'
import { MASS_FILES, MASS_KEPT_PART, MASS_NAMES, MASS_PORTION, MASS_REST_MS, WAIT_MS_MAX } from '../limits.js'
import { snapshot } from '../snapshot.js'
import type { Target } from '../target.js'

const NAME = 'mass'
let rounds = 0

export const massDeletion: Attack = {
  name: 'mass deletion',
  // How many may go is a part of the files that are there.
  wantsOwnTarget: true,
  mayWrite: (path) => path.startsWith(NAME),
  async run({ target, connected }) {
    const round = ++rounds
    const paths = Array.from({ length: MASS_FILES }, (_, index) => `${NAME}-${round}-${index}`)
    const owner = author(`c${round}`)
    const honest = await connected()
    const files = paths.map((path, index) =>
      honest.items.addFile(path, contentOf(path, 60), { version: `${owner}:${index + 1}/0` }),
    )
    await honest.have(honest.items.addTree([...files].sort(byName)))
    if (!(await holdsAll(target, paths, WAIT_MS_MAX)))
      return { fault: 'honest files did not arrive', seen: '' }
    await honest.close()

    const deletion = (index: number, by: string) =>
      line({ path: paths[index]!, letter: 't', version: onTopOf(owner, index + 1, by) })
    const all = [...paths.keys()]
    const half = all.slice(MASS_FILES / 2)
    const one = await connected()
    for (const portion of portionsOf(all.slice(0, MASS_FILES / 2))) {
      await tell(
        one,
        portion.map((index) => deletion(index, author(`d${portion[0]}`))),
      )
      await sleep(MASS_REST_MS)
    }
    const keptInPortions = countOf(target, paths)
    const another = await connected()
    await tell(
      another,
      half.map((index) => deletion(index, author('d0'))),
    )
    await sleep(MASS_REST_MS)
    const keptAtOnce = countOf(target, paths)
    await one.close()
    for (const portion of portionsOf(half).slice(0, MASS_NAMES)) {
      const stranger = await connected()
      await tell(
        stranger,
        portion.map((index) => deletion(index, author(`e${portion[0]}`))),
      )
      await sleep(MASS_REST_MS)
      await stranger.close()
    }
    const keptOfMany = countOf(target, paths)
    const replaced = all.map((index) =>
      another.items.addFile(paths[index]!, contentOf(`${paths[index]} scrambled`, 60), {
        version: onTopOf(owner, index + 1, author('f0')),
        mtime: '1900000000000',
      }),
    )
    await tell(another, replaced)
    await sleep(MASS_REST_MS)
    const kept = countOf(target, paths)
    const lostCount = paths.filter((path) => !isAnywhere(target, path)).length
    return {
      fault:
        lostCount > 0
          ? `${lostCount} files are neither in the share nor in its trash`
          : keptAtOnce < keptInPortions
            ? `${keptInPortions - keptAtOnce} files went at once`
            : kept < MASS_FILES * MASS_KEPT_PART
              ? `only ${kept} of ${MASS_FILES} files are left`
              : undefined,
      seen: `of ${MASS_FILES} files ${keptInPortions} are left where half is deleted in portions, ${keptAtOnce} then where the others are at once, ${keptOfMany} where some are under many names, ${kept} where all are replaced`,
    }
  },
}

function portionsOf(indexes: readonly number[]): (readonly number[])[] {
  const count = Math.ceil(indexes.length / MASS_PORTION)
  return Array.from({ length: count }, (_, portion) =>
    indexes.slice(portion * MASS_PORTION, (portion + 1) * MASS_PORTION),
  )
}

async function tell(attacker: Attacker, lines: readonly string[]): Promise<void> {
  await attacker.have(attacker.items.addTree([...lines].sort(byName)), [])
}

/** A peer that nobody is. */
function author(start: string): string {
  return start.padEnd(16, '7')
}

/** An edit that has seen that of the owner. */
function onTopOf(owner: string, count: number, by: string): string {
  return `${owner}:${count},${by}:${count}/1`
}

async function holdsAll(target: Target, paths: readonly string[], forMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + forMs
  while (countOf(target, paths) < paths.length) {
    if (performance.now() >= deadlineMs) return false
    await sleep(50)
  }
  return true
}

/** How many are in the share as they were. */
function countOf(target: Target, paths: readonly string[]): number {
  const inside = target.inside()
  return paths.filter((path) => inside.get(path) === digestOf(path)).length
}

function isAnywhere(target: Target, path: string): boolean {
  if (target.inside().get(path) === digestOf(path)) return true
  const trash = snapshot(join(target.share, TRASH_FOLDER), () => true)
  return [...trash].some(([at, digest]) => at.endsWith(`/${path}`) && digest === digestOf(path))
}

function digestOf(path: string): string {
  return hexOf(hash(contentOf(path, 60)))
}
