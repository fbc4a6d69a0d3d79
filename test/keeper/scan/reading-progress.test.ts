import { describe, expect, test } from 'vitest'
import { READING_BYTES_MIN, READING_FILES_MIN, READING_TOLD_MS } from '../../../src/keeper/scan/limits.js'
import { ReadingProgress } from '../../../src/keeper/scan/reading-progress.js'

const soFar = (files: number, bytes: number) => ({ files, bytes, file: undefined })

describe('the progress of reading', () => {
  test('is told from many files or many bytes on, and not before', () => {
    for (const [files, bytes] of [
      [READING_FILES_MIN, 0],
      [0, READING_BYTES_MIN],
    ] as const) {
      const progress = new ReadingProgress()
      expect(progress.poll(soFar(Math.max(0, files - 1), Math.max(0, bytes - 1)), true, 0)).toBeUndefined()
      expect(progress.poll(soFar(files, bytes), true, 0)).toEqual({
        event: 'reading',
        files,
        bytes,
        file: null,
        isOver: false,
      })
    }
  })

  test('is told a few times a second, with the file that is read', () => {
    const progress = new ReadingProgress()
    const file = { path: 'a', bytes: 2 * READING_BYTES_MIN, doneBytes: READING_BYTES_MIN }
    expect(progress.poll({ ...soFar(0, READING_BYTES_MIN), file }, true, 1_000)).toMatchObject({ file })
    const later = { ...soFar(0, READING_BYTES_MIN + 1), file }
    expect(progress.poll(later, true, 1_000 + READING_TOLD_MS - 1)).toBeUndefined()
    expect(progress.poll(later, true, 1_000 + READING_TOLD_MS)).toMatchObject({ isOver: false })
  })

  test('is over once, and counts the next reading anew', () => {
    const progress = new ReadingProgress()
    const first = soFar(3, READING_BYTES_MIN)
    progress.poll(first, true, 0)
    expect(progress.poll(first, false, 10)).toMatchObject({ files: 3, isOver: true })
    expect(progress.poll(first, false, 20)).toBeUndefined()
    expect(progress.poll(soFar(4, READING_BYTES_MIN + 1), true, 30)).toBeUndefined()
    const second = soFar(4, 2 * READING_BYTES_MIN)
    expect(progress.poll(second, true, 40)).toMatchObject({ files: 1, bytes: READING_BYTES_MIN })
  })

  test('that was never told has no end', () => {
    const progress = new ReadingProgress()
    progress.poll(soFar(1, 1), true, 0)
    expect(progress.poll(soFar(1, 1), false, 1_000)).toBeUndefined()
  })
})
