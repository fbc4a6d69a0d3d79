import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  differences,
  digestsAs,
  fileCount,
  readDigests,
  readSizes,
  sizesOf,
} from '../../harness/peers/tree.js'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'left-test-'))
  await mkdir(join(root, 'one/folder/empty'), { recursive: true })
  await mkdir(join(root, 'one/.left/tmp'), { recursive: true })
  await mkdir(join(root, 'one/folder/.left'))
  await writeFile(join(root, 'one/.left/tmp/own'), 'own')
  await writeFile(join(root, 'one/folder/file'), 'abc')
  await writeFile(join(root, 'one/nothing'), '')
})
afterEach(() => rm(root, { recursive: true }))

describe('what a share holds', () => {
  it('is its files and folders, empty ones too, without what LEFT keeps at its top', async () => {
    const tree = await readDigests(join(root, 'one'))
    expect([...tree.keys()].sort()).toEqual([
      'folder',
      'folder/.left',
      'folder/empty',
      'folder/file',
      'nothing',
    ])
    expect(fileCount(tree)).toBe(2)
    // SHA-256 of 'abc': FIPS 180-2, appendix B.1.
    expect(tree.get('folder/file')).toBe(
      '3 bytes ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
  })

  it('has the same sizes whether or not digests were taken', async () => {
    const share = join(root, 'one')
    expect(sizesOf(await readDigests(share))).toEqual(await readSizes(share))
  })

  it('is known before a folder or a file is moved into it', async () => {
    const ofFolder = await digestsAs('moved', join(root, 'one/folder'))
    expect([...ofFolder.keys()].sort()).toEqual(['moved', 'moved/empty', 'moved/file'])
    expect([...(await digestsAs('alone', join(root, 'one/nothing'))).keys()]).toEqual(['alone'])
  })
})

describe('two trees', () => {
  it('do not differ from themselves', async () => {
    const tree = await readDigests(join(root, 'one'))
    expect(differences(tree, tree)).toEqual([])
  })

  it('differ in content, in size, in an executable bit, in what is missing and in what is too many', async () => {
    const share = join(root, 'one')
    const wanted = await readDigests(share)
    const changes = [
      () => writeFile(join(share, 'folder/file'), 'abd'),
      () => writeFile(join(share, 'folder/file'), 'abcd'),
      () => chmod(join(share, 'folder/file'), 0o755),
      () => writeFile(join(share, 'more'), ''),
      () => rm(join(share, 'folder/empty'), { recursive: true }),
    ]
    const lines: string[] = []
    for (const change of changes) {
      await change()
      const found = await readDigests(share)
      lines.push(...differences(wanted, found).map((line) => line.split(' (')[0]!))
      wanted.clear()
      for (const [path, what] of found) wanted.set(path, what)
    }
    expect(lines).toEqual([
      'differs: folder/file',
      'differs: folder/file',
      'differs: folder/file',
      'not expected: more',
      'missing: folder/empty',
    ])
  })
})
