// Things that stand in a folder, acts of a person, and a folder as a person sees it: the words in which the scenarios are written.

import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

/** A text stands for a file with this content. */
export type Thing =
  | string
  | { readonly executable: string }
  | { readonly link: string }
  | { readonly folder: 'empty' }

/** By path. A folder with something in it needs no entry. Conflict copies stand under `name.conflict.ext`, several of one name as their
 *  contents in order, joined by ' + '. */
export type Tree = Readonly<Record<string, Thing>>

export const EMPTY_FOLDER: Thing = { folder: 'empty' }
export const linkTo = (link: string): Thing => ({ link })
export const executable = (content: string): Thing => ({ executable: content })

/** Something that a person does in a folder. */
export type Act = (folder: string) => void

export const write =
  (path: string, content: string): Act =>
  (folder) =>
    put(join(folder, path), content)

export const put = (place: string, thing: Thing): void => {
  mkdirSync(dirname(place), { recursive: true })
  if (typeof thing === 'string') writeFileSync(place, thing)
  else if ('executable' in thing) writeFileSync(place, thing.executable, { mode: 0o755 })
  else if ('link' in thing) symlinkSync(thing.link, place)
  else mkdirSync(place, { recursive: true })
}

export const make =
  (path: string, thing: Thing): Act =>
  (folder) =>
    put(join(folder, path), thing)

export const remove =
  (...paths: readonly string[]): Act =>
  (folder) => {
    for (const path of paths) rmSync(join(folder, path), { recursive: true })
  }

export const rename =
  (from: string, to: string): Act =>
  (folder) => {
    mkdirSync(dirname(join(folder, to)), { recursive: true })
    renameSync(join(folder, from), join(folder, to))
  }

export const touch =
  (path: string): Act =>
  (folder) =>
    utimesSync(join(folder, path), new Date(), new Date())

export const chmod =
  (path: string, mode: number): Act =>
  (folder) =>
    chmodSync(join(folder, path), mode)

const COPY = /\.conflict-\d+-\d+-[0-9a-f]+(?:-\d)?/

/** LEFT's own in the root of a share. */
const OWN_FOLDER = '.left'

/** All that stands below `folder`, for a person; an empty tree where there is no such folder. */
export function treeOf(folder: string): Tree {
  const found = new Map<string, Thing[]>()
  const walk = (path: string): void => {
    const names = readdirSync(join(folder, path))
    if (names.length === 0 && path !== '') found.set(path, [EMPTY_FOLDER])
    for (const name of names) {
      if (path === '' && name === OWN_FOLDER) continue
      const below = path === '' ? name : `${path}/${name}`
      const place = join(folder, below)
      const stats = lstatSync(place)
      const key = below.replace(COPY, '.conflict')
      const add = (thing: Thing) => found.set(key, [...(found.get(key) ?? []), thing])
      if (stats.isDirectory()) walk(below)
      else if (stats.isSymbolicLink()) add(linkTo(readlinkSync(place)))
      else if ((stats.mode & 0o100) !== 0) add(executable(readFileSync(place, 'utf8')))
      else add(readFileSync(place, 'utf8'))
    }
  }
  if (existsSync(folder)) walk('')
  const tree: Record<string, Thing> = {}
  for (const [path, things] of found)
    tree[path] = things.length === 1 ? things[0]! : things.map(textOf).sort().join(' + ')
  return tree
}

/** Contents of files anywhere in the tree. */
export function contentsOf(tree: Tree): string[] {
  return Object.entries(tree).flatMap(([path, thing]) => {
    const text = textOf(thing)
    return path.includes('.conflict') ? text.split(' + ') : [text]
  })
}

function textOf(thing: Thing): string {
  if (typeof thing === 'string') return thing
  if ('executable' in thing) return thing.executable
  return 'link' in thing ? `link to ${thing.link}` : 'an empty folder'
}
