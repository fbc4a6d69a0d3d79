// The trees of a share, changed by a person in all the ways that move or remove something, and what must stand there afterwards.

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SeededRandom } from '../../src/sim/random.js'

/** A block is 65,300 bytes: some files have several. */
const LARGE_BYTES = 150_000

const FILES_PER_TREE = 60

export class Garden {
  /** Content by path. No two are equal. */
  readonly files = new Map<string, string>()
  readonly folders = new Set<string>()
  /** Contents that a person removed or wrote over since `begin`, and that stood everywhere then, with the path. */
  readonly gone = new Map<string, string>()
  /** Paths where a file was replaced: the trash keeps one of those versions an hour. */
  private readonly replaced = new Set<string>()
  private standing = new Set<string>()
  private readonly random: SeededRandom
  private count = 0

  constructor(random: SeededRandom) {
    this.random = random
  }

  begin(): void {
    this.gone.clear()
    this.standing = new Set(this.files.values())
  }

  /** Makes a tree full again. */
  fill(share: string, tree: string): void {
    this.folder(share, tree)
    while (this.filesOf(tree).length < FILES_PER_TREE) {
      let folder = tree
      while (this.random.chance(0.5) && folder.split('/').length < 4)
        folder = this.random.chance(0.5) ? this.newPath(folder) : this.pick(this.foldersOf(tree))
      this.folder(share, folder)
      this.write(share, this.newPath(folder))
    }
  }

  /** One change in this tree of the share. Answers it in words. */
  change(share: string, tree: string): string {
    const files = this.filesOf(tree)
    const folders = this.foldersOf(tree).filter((folder) => folder !== tree)
    if (files.length < 4 || folders.length < 3) {
      this.fill(share, tree)
      return `${tree} filled`
    }
    switch (this.random.below(9)) {
      case 0:
        return this.removeFolder(share, this.pick(folders))
      case 1:
      case 2:
        return this.removeFile(share, this.pick(files))
      case 3:
        return this.rename(share, this.pick(files), this.newPath(this.pick(this.foldersOf(tree))))
      case 4: {
        const folder = this.newPath(this.pick(this.foldersOf(tree)))
        this.folder(share, folder)
        return this.rename(share, this.pick(files), this.newPath(folder))
      }
      case 5: {
        const [from, to] = [this.pick(files), this.pick(files)]
        return from === to ? this.removeFile(share, from) : this.rename(share, from, to)
      }
      case 6: {
        const folder = this.pick(folders)
        const into = this.pick(this.foldersOf(tree).filter((other) => !isIn(other, folder)))
        return this.rename(share, folder, this.newPath(into))
      }
      case 7: {
        const [one, other] = [this.pick(files), this.pick(files)]
        if (one !== other) this.swap(share, one, other)
        return `${one} and ${other} swapped`
      }
      default: {
        const [one, other] = [this.pick(folders), this.pick(folders)]
        const isApart = !isIn(one, other) && !isIn(other, one)
        if (isApart) this.swap(share, one, other)
        return `${one} and ${other} ${isApart ? '' : 'not '}swapped`
      }
    }
  }

  private removeFile(share: string, path: string): string {
    rmSync(join(share, path))
    this.forget(path)
    return `${path} removed`
  }

  private removeFolder(share: string, folder: string): string {
    rmSync(join(share, folder), { recursive: true })
    for (const path of [...this.files.keys()]) if (isIn(path, folder)) this.forget(path)
    for (const path of [...this.folders]) if (isIn(path, folder)) this.folders.delete(path)
    return `${folder} removed`
  }

  private rename(share: string, from: string, to: string): string {
    renameSync(join(share, from), join(share, to))
    if (this.replaced.has(to)) this.files.delete(to)
    else this.forget(to)
    this.replaced.add(to)
    this.moveIn(from, to)
    return `${from} renamed to ${to}`
  }

  private swap(share: string, one: string, other: string): void {
    const between = `${one}-between`
    for (const [from, to] of [
      [one, between],
      [other, one],
      [between, other],
    ] as const)
      this.rename(share, from, to)
  }

  private moveIn(from: string, to: string): void {
    for (const [path, content] of [...this.files])
      if (isIn(path, from)) {
        this.files.delete(path)
        this.files.set(to + path.slice(from.length), content)
      }
    for (const path of [...this.folders])
      if (isIn(path, from)) {
        this.folders.delete(path)
        this.folders.add(to + path.slice(from.length))
      }
  }

  private write(share: string, path: string): void {
    const text = `content ${this.count++} `
    const content = this.random.chance(0.1) ? text.repeat(LARGE_BYTES / text.length) : text
    writeFileSync(join(share, path), content)
    this.files.set(path, content)
  }

  private forget(path: string): void {
    const content = this.files.get(path)
    if (content === undefined) return
    this.files.delete(path)
    if (this.standing.has(content)) this.gone.set(content, path)
  }

  private folder(share: string, path: string): void {
    mkdirSync(join(share, path), { recursive: true })
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1))
      this.folders.add(path.slice(0, end))
  }

  private newPath(folder: string): string {
    return `${folder}/${this.count++}`
  }

  private filesOf(tree: string): string[] {
    return [...this.files.keys()].filter((path) => isIn(path, tree))
  }

  private foldersOf(tree: string): string[] {
    return [...this.folders].filter((path) => isIn(path, tree))
  }

  private pick<T>(from: readonly T[]): T {
    return from[this.random.below(from.length)]!
  }
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}
