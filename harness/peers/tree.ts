// Lists a folder's content, for comparing the shares of several peers: first by names and sizes, which is quick enough to
// ask again and again while a transfer runs, then by SHA-256 of every file. Deliberately not the digests of LEFT
// itself, so that an error there cannot hide itself.

import { createHash } from 'node:crypto'
import { createReadStream, readFileSync, type Stats, statSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** Relative path, joined by '/', to what is there: `folder`, or a file's size (and, in digests, content). Folders
 *  are in it too, so that empty ones count. What LEFT keeps for itself in a share is not. */
export type Tree = Map<string, string>

const OWN_FOLDER = '.left'

/** A larger file is read in pieces, between which the process does something else. */
const READ_WHOLE_BYTES_MAX = 1 << 16

/** Names, sizes and executable bits. What vanishes while it is read is left out. */
export async function readSizes(root: string): Promise<Tree> {
  const tree: Tree = new Map()
  await walk(root, '', tree, (_path, facts) => sizeText(facts))
  return tree
}

/** As `readSizes`, and the SHA-256 of every file. */
export async function readDigests(root: string): Promise<Tree> {
  const tree: Tree = new Map()
  await walk(root, '', tree, digestText)
  return tree
}

/** The content of a share once the file or folder at `path` lies in it under `name`. */
export async function digestsAs(name: string, path: string): Promise<Tree> {
  const facts = await stat(path)
  if (!facts.isDirectory()) return new Map([[name, await digestText(path, factsOf(facts))]])
  const tree: Tree = new Map([[name, 'folder']])
  for (const [found, what] of await readDigests(path)) tree.set(`${name}/${found}`, what)
  return tree
}

/** A tree of digests without its digests. */
export function sizesOf(digests: Tree): Tree {
  return new Map([...digests].map(([path, what]) => [path, what.replace(/ [0-9a-f]{64}$/, '')]))
}

/** One line for each path that is missing, too many, or not the same. Empty where the trees are equal. */
export function differences(wanted: Tree, found: Tree): string[] {
  const lines: string[] = []
  for (const [path, what] of wanted) {
    const other = found.get(path)
    if (other === undefined) lines.push(`missing: ${path}`)
    else if (other !== what) lines.push(`differs: ${path} (${what}, found ${other})`)
  }
  for (const path of found.keys()) if (!wanted.has(path)) lines.push(`not expected: ${path}`)
  return lines
}

export function fileCount(tree: Tree): number {
  let count = 0
  for (const what of tree.values()) if (what !== 'folder') count++
  return count
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}

interface FileFacts {
  readonly sizeBytes: number
  readonly isExecutable: boolean
}

/** Waits once for each folder, and asks for each thing in it without waiting: a promise costs many times such a look. */
async function walk(
  root: string,
  folder: string,
  tree: Tree,
  describe: (fullPath: string, facts: FileFacts) => string | Promise<string>,
): Promise<void> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (folder === '' || error.code !== 'ENOENT') throw error
      return []
    },
  )
  for (const entry of entries) {
    const { name } = entry
    if (folder === '' && name === OWN_FOLDER) continue
    const path = folder === '' ? name : `${folder}/${name}`
    // `stat` follows a link: its target counts.
    const facts = entry.isDirectory() ? undefined : statOf(join(root, path))
    if (facts === 'gone') continue
    if (facts === undefined || facts.isDirectory()) {
      tree.set(path, 'folder')
      await walk(root, path, tree, describe)
      continue
    }
    const what = describe(join(root, path), factsOf(facts))
    tree.set(path, typeof what === 'string' ? what : await what)
  }
}

function statOf(path: string): Stats | 'gone' {
  try {
    return statSync(path)
  } catch {
    return 'gone'
  }
}

function digestText(fullPath: string, facts: FileFacts): string | Promise<string> {
  if (facts.sizeBytes > READ_WHOLE_BYTES_MAX)
    return sha256Of(fullPath).then((digest) => `${sizeText(facts)} ${digest}`)
  return `${sizeText(facts)} ${createHash('sha256').update(readFileSync(fullPath)).digest('hex')}`
}

function factsOf({ size, mode }: { size: number; mode: number }): FileFacts {
  return { sizeBytes: size, isExecutable: (mode & 0o100) !== 0 }
}

function sizeText({ sizeBytes, isExecutable }: FileFacts): string {
  return isExecutable ? `${sizeBytes} bytes, executable` : `${sizeBytes} bytes`
}
