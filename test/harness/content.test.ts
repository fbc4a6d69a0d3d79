import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contentChunks, overwriteContent, writeContent } from '../../harness/peers/content.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'left-test-'))
})
afterAll(() => rm(folder, { recursive: true }))

const contentOf = (seed: string, sizeBytes: number) => Buffer.concat([...contentChunks(seed, sizeBytes)])

describe('content from a seed', () => {
  it.each([0, 1, 1_048_575, 1_048_576, 1_048_577, 3_000_000])(
    'is as long as asked for: %i bytes',
    (sizeBytes) => {
      expect(contentOf('length', sizeBytes)).toHaveLength(sizeBytes)
    },
  )

  it('is the same for the same seed and different for another', () => {
    expect(contentOf('one', 2_000_000).equals(contentOf('one', 2_000_000))).toBe(true)
    expect(contentOf('one', 64).equals(contentOf('two', 64))).toBe(false)
  })

  it('does not repeat itself from chunk to chunk', () => {
    const [first, second] = [...contentChunks('chunks', 2_097_152)]
    expect(Buffer.from(first!).equals(second!)).toBe(false)
  })

  it('changes the middle of a file and nothing around it', async () => {
    const path = join(folder, 'deep', 'file')
    await writeContent(path, 'whole', 1_500_000)
    await overwriteContent(path, 'change', { position: 700_000, sizeBytes: 5_000 })
    const found = await readFile(path)
    const wanted = contentOf('whole', 1_500_000)
    expect(found).toHaveLength(wanted.length)
    expect(found.subarray(0, 700_000).equals(wanted.subarray(0, 700_000))).toBe(true)
    expect(found.subarray(700_000, 705_000).equals(contentOf('change', 5_000))).toBe(true)
    expect(found.subarray(705_000).equals(wanted.subarray(705_000))).toBe(true)
  })
})
