import {
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import fc from 'fast-check'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import { BlockIo } from '../../../src/io/blocks/block-io.js'
import { temporaryFolder } from '../temporary-folder.js'
import { writeBlock } from './write-block.js'

let root: string
let io: BlockIo

beforeEach(() => {
  root = temporaryFolder()
  io = new BlockIo(root, { openFilesMax: 4 })
  onTestFinished(() => io.close())
})

const onLinux = process.platform === 'linux'

/** Descriptors of this process that name something in the folder. */
function openCount(): number {
  let count = 0
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`).startsWith(root)) count++
    } catch {
      // Closed meanwhile.
    }
  }
  return count
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}

const state = { mtimeMs: 1, sizeBytes: 10 }

describe('reading blocks', () => {
  it('gives the bytes asked for, fewer at the end, none behind it', async () => {
    writeFileSync(`${root}/file`, '0123456789')
    const file = { path: 'file', ...state }
    expect(text(await io.readBlock(file, 2, new Uint8Array(3)))).toBe('234')
    expect(text(await io.readBlock(file, 7, new Uint8Array(3)))).toBe('789')
    expect(text(await io.readBlock(file, 7, new Uint8Array(4)))).toBe('789')
    expect(text(await io.readBlock(file, 10, new Uint8Array(4)))).toBe('')
    expect(text(await io.readBlock(file, 0, new Uint8Array(0)))).toBe('')
  })

  it('follows links and says what is wrong', async () => {
    writeFileSync(`${root}/file`, 'x')
    symlinkSync('file', `${root}/link`)
    expect(text(await io.readBlock({ path: 'link', ...state }, 0, new Uint8Array(9)))).toBe('x')
    await expect(io.readBlock({ path: 'missing', ...state }, 0, new Uint8Array(9))).rejects.toMatchObject({
      code: 'missing',
      message: 'read missing: no such file or directory',
    })
    await expect(io.readBlock({ path: '', ...state }, 0, new Uint8Array(9))).rejects.toMatchObject({
      code: 'changed-kind',
    })
    writeFileSync(`${root}/missing`, 'there now')
    expect(text(await io.readBlock({ path: 'missing', ...state }, 0, new Uint8Array(9)))).toBe('there now')
  })

  it('reads a replaced file anew once it is known by another state, or was to be forgotten', async () => {
    writeFileSync(`${root}/file`, 'old')
    expect(text(await io.readBlock({ path: 'file', mtimeMs: 1, sizeBytes: 3 }, 0, new Uint8Array(3)))).toBe(
      'old',
    )
    writeFileSync(`${root}/next`, 'new')
    renameSync(`${root}/next`, `${root}/file`)
    expect(text(await io.readBlock({ path: 'file', mtimeMs: 2, sizeBytes: 3 }, 0, new Uint8Array(3)))).toBe(
      'new',
    )
    writeFileSync(`${root}/next`, 'abc')
    renameSync(`${root}/next`, `${root}/file`)
    io.forget('file')
    expect(text(await io.readBlock({ path: 'file', mtimeMs: 2, sizeBytes: 3 }, 0, new Uint8Array(3)))).toBe(
      'abc',
    )
  })

  it('gives what was asked for at once, side by side, apart, twice and beyond the end', async () => {
    const content = Buffer.from(Array.from({ length: 997 }, (_, index) => index % 251))
    writeFileSync(`${root}/file`, content)
    writeFileSync(`${root}/other`, Buffer.from(content).reverse())
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            path: fc.constantFrom('file', 'file', 'file', 'other'),
            position: fc.integer({ min: 0, max: 12 }).map((index) => index * 83),
            count: fc.integer({ min: 1, max: 20 }),
          }),
          { maxLength: 5 },
        ),
        async (stretches) => {
          const asked = stretches.flatMap(({ path, position, count }) =>
            Array.from({ length: count }, (_, index) => ({ path, position: position + index * 83 })),
          )
          const read = await Promise.all(
            asked.map(({ path, position }) => io.readBlock({ path, ...state }, position, new Uint8Array(83))),
          )
          for (const [index, { path, position }] of asked.entries()) {
            const whole = readFileSync(`${root}/${path}`)
            expect(Buffer.from(read[index]!)).toEqual(whole.subarray(position, position + 83))
          }
        },
      ),
      { numRuns: 50 },
    )
  })

  it('reads into the bytes that it is given, and touches no others', async () => {
    writeFileSync(`${root}/file`, Buffer.alloc(2 * BLOCK_BYTES, 'a'))
    const room = new Uint8Array(BLOCK_BYTES + 20)
    const into = room.subarray(1, 1 + BLOCK_BYTES)
    const block = await io.readBlock({ path: 'file', ...state }, BLOCK_BYTES, into)
    expect([block.buffer, block.byteOffset, block.length]).toEqual([room.buffer, 1, BLOCK_BYTES])
    expect(new Set(block)).toEqual(new Set([97]))
    expect([room[0], ...room.subarray(1 + BLOCK_BYTES)]).toEqual(new Array(20).fill(0))
  })

  it('tells each of those asked for at once that the file is gone', async () => {
    const reads = [0, 1, 2].map((index) =>
      io.readBlock({ path: 'missing', ...state }, index, new Uint8Array(1)),
    )
    for (const read of reads) await expect(read).rejects.toMatchObject({ code: 'missing' })
  })

  it('forgets a file while it is being read', async () => {
    writeFileSync(`${root}/file`, '0123456789')
    const reads = Array.from({ length: 10 }, (_, index) => {
      const read = io.readBlock({ path: 'file', ...state }, index, new Uint8Array(1))
      io.forget('file')
      return read
    })
    expect((await Promise.all(reads)).map(text).join('')).toBe('0123456789')
  })

  it.runIf(onLinux)('keeps few files open, however many are read', async () => {
    for (let index = 0; index < 40; index++) writeFileSync(`${root}/file-${index}`, `content ${index}`)
    const order = Array.from({ length: 200 }, (_, index) => (index * 7) % 40)
    const texts = await Promise.all(
      order.map(async (index) =>
        text(await io.readBlock({ path: `file-${index}`, ...state }, 0, new Uint8Array(99))),
      ),
    )
    expect(texts).toEqual(order.map((index) => `content ${index}`))
    await expect.poll(openCount).toBeLessThanOrEqual(4)
    expect(openCount()).toBeGreaterThan(0)
    await io.close()
    expect(openCount()).toBe(0)
  })
})

describe('writing blocks', () => {
  it('puts blocks in place in any order, several at a time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }), async (order) => {
        writeFileSync(`${root}/temporary`, '')
        await Promise.all(
          order.map((index) => writeBlock(io, 'temporary', index * 10, Buffer.from(`block ${index}  \n`))),
        )
        await io.closeWriter('temporary', { sync: true })
        const expected = Array.from({ length: 8 }, (_, index) => `block ${index}  \n`).join('')
        expect(readFileSync(`${root}/temporary`, 'utf8')).toBe(expected)
      }),
      { numRuns: 20 },
    )
  })

  it('neither makes a file nor writes through a link', async () => {
    writeFileSync(`${root}/target`, 'untouched')
    symlinkSync('target', `${root}/link`)
    await expect(writeBlock(io, 'missing', 0, Buffer.from('x'))).rejects.toMatchObject({ code: 'missing' })
    await expect(writeBlock(io, 'link', 0, Buffer.from('x'))).rejects.toMatchObject({ code: 'link' })
    expect(readFileSync(`${root}/target`, 'utf8')).toBe('untouched')
    expect(readdirSync(root)).toEqual(['link', 'target'])
  })

  it.runIf(onLinux)('says that the disk is full', async () => {
    const devices = new BlockIo('/dev')
    await expect(writeBlock(devices, 'full', 0, Buffer.from('x'))).rejects.toMatchObject({ code: 'no-space' })
    await devices.close()
  })

  it.runIf(onLinux)('says so of every block that was to be written in one go', async () => {
    const devices = new BlockIo('/dev')
    const writes = [0, 1, 2].map((index) => writeBlock(devices, 'full', index * 10, new Uint8Array(10)))
    for (const write of writes) await expect(write).rejects.toMatchObject({ code: 'no-space' })
    await devices.close()
  })

  it('waits in closeWriter for the writes before it', async () => {
    writeFileSync(`${root}/temporary`, '')
    let written = 0
    for (let index = 0; index < 20; index++) {
      void writeBlock(io, 'temporary', index * 1_000, new Uint8Array(1_000)).then(() => written++)
    }
    await io.closeWriter('temporary')
    expect(written).toBe(20)
  })

  it.runIf(onLinux)('holds nothing open after closeWriter', async () => {
    writeFileSync(`${root}/temporary`, '')
    await writeBlock(io, 'temporary', 0, new Uint8Array(10))
    expect(openCount()).toBe(1)
    await io.closeWriter('temporary', { sync: true })
    expect(openCount()).toBe(0)
    await io.closeWriter('temporary')
    await io.closeWriter('never written')
  })

  it.each([
    ['written', false],
    ['synced', true],
  ])(
    'writes into the file that has the path now, while one that was given up is still being %s',
    async (_, sync) => {
      writeFileSync(`${root}/temporary`, '')
      await writeBlock(io, 'temporary', 0, Buffer.from('first'))
      const earlier = writeBlock(io, 'temporary', 0, new Uint8Array(8_000_000).fill(1))
      const synced = sync ? earlier.then(() => io.closeWriter('temporary', { sync })) : undefined
      if (sync) await earlier
      const givenUp = io.closeWriter('temporary')
      unlinkSync(`${root}/temporary`)
      writeFileSync(`${root}/temporary`, '')
      await writeBlock(io, 'temporary', 0, Buffer.from('second'))
      await Promise.all([earlier, givenUp, synced?.catch(() => {})])
      expect(readFileSync(`${root}/temporary`, 'utf8')).toBe('second')
    },
  )

  it('writes into the file that has the path now, after closeWriter', async () => {
    writeFileSync(`${root}/temporary`, '')
    await writeBlock(io, 'temporary', 0, Buffer.from('first'))
    await io.closeWriter('temporary')
    renameSync(`${root}/temporary`, `${root}/placed`)
    writeFileSync(`${root}/temporary`, '')
    await writeBlock(io, 'temporary', 0, Buffer.from('second'))
    await io.closeWriter('temporary')
    expect(readFileSync(`${root}/placed`, 'utf8')).toBe('first')
    expect(readFileSync(`${root}/temporary`, 'utf8')).toBe('second')
  })
})
