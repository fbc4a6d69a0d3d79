// A tree of small files that do not shrink, a hundred in each folder, the same for the same seed. Moved by bench:small and bench:peers.

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { contentChunks } from '../harness/peers/content.js'
import type { Job } from './transfer.js'

const FILES_PER_FOLDER = 100

/** Written to `source`. */
export async function makeTree({
  source,
  seed,
  fileCount,
  fileBytes,
}: {
  readonly source: string
  readonly seed: string
  readonly fileCount: number
  readonly fileBytes: number
}): Promise<Job> {
  const contentOf = (path: string) => Buffer.concat([...contentChunks(`${seed} ${path}`, fileBytes)])
  const paths: string[] = []
  for (let index = 0; index < fileCount; index++) {
    const folder = `folder-${Math.floor(index / FILES_PER_FOLDER)}`
    if (index % FILES_PER_FOLDER === 0) await mkdir(join(source, folder), { recursive: true })
    paths.push(join(folder, `file-${index}.bin`))
  }
  for (const path of paths) await writeFile(join(source, path), contentOf(path))
  const check = async (copy: string): Promise<void> => {
    for (const path of paths) {
      const content = await readFile(join(copy, path))
      if (!content.equals(contentOf(path))) throw new Error(`${path} arrived as something else`)
    }
    const there = (await readdir(copy, { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    )
    if (there.length !== fileCount) throw new Error(`${there.length} files arrived instead of ${fileCount}`)
  }
  return { source, bytes: fileCount * fileBytes, check }
}
