// Two versions of a file for bench:shift: the later one has the bytes of the first, shifted.

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { contentChunks } from '../harness/peers/content.js'

export interface ShiftCase {
  readonly name: string
  readonly make: (versions: { readonly old: string; readonly fresh: string }, sizeBytes: number) => void
}

const INSERTIONS = 60
const INSERTED = Buffer.from('a line that was not there before\n')
const TAR_MEMBER_BYTES = 100_000
const TAR_BLOCK_BYTES = 512

export const SHIFT_CASES: readonly ShiftCase[] = [
  {
    name: '100 bytes at the head',
    make({ old, fresh }, sizeBytes) {
      const content = noise('shift', sizeBytes)
      writeFileSync(old, content)
      writeFileSync(fresh, Buffer.concat([noise('head', 100), content]))
    },
  },
  {
    name: `${INSERTIONS} lines inserted`,
    make({ old, fresh }, sizeBytes) {
      const content = noise('shift', sizeBytes)
      writeFileSync(old, content)
      const parts: Uint8Array[] = []
      for (let part = 0; part < INSERTIONS; part++) {
        const from = Math.floor((part * sizeBytes) / INSERTIONS)
        const to = Math.floor(((part + 1) * sizeBytes) / INSERTIONS)
        parts.push(INSERTED, content.subarray(from, to))
      }
      writeFileSync(fresh, Buffer.concat(parts))
    },
  },
  {
    name: 'a tar, one in 50 grown',
    make({ old, fresh }, sizeBytes) {
      const members = Math.floor(sizeBytes / TAR_MEMBER_BYTES)
      const tar = (grownBytes: number) =>
        Array.from({ length: members }, (_, index) =>
          tarMember(index, index % 50 === 0 ? TAR_MEMBER_BYTES + grownBytes : TAR_MEMBER_BYTES),
        )
      writeFileSync(old, Buffer.concat(tar(0)))
      writeFileSync(fresh, Buffer.concat(tar(2_000)))
    },
  },
  {
    name: 'a dump, 200 rows changed',
    make({ old, fresh }, sizeBytes) {
      const rows = Math.floor(sizeBytes / 120)
      const step = Math.floor(rows / 200)
      const words = noise('dump', rows * 32)
      const dump = (change: string) => {
        const lines: string[] = []
        for (let row = 0; row < rows; row++) {
          const word = words.subarray(row * 32, row * 32 + 32).toString('base64')
          const note = row % step === 0 ? change : ''
          lines.push(
            `INSERT INTO "events" VALUES (${row}, '2026-11-29 12:00:00', '${word}', 'user${row % 977}'${note});\n`,
          )
        }
        return lines.join('')
      }
      writeFileSync(old, dump(''))
      writeFileSync(fresh, dump(", 'paid'"))
    },
  },
  {
    name: 'nothing in common',
    make({ old, fresh }, sizeBytes) {
      writeFileSync(old, noise('shift', sizeBytes))
      writeFileSync(fresh, noise('other', sizeBytes))
    },
  },
]

/** Two versions of a real file: `NAME=OLD,NEW`. Throws where it is not that. */
export function caseOfPair(text: string): ShiftCase {
  const [, name, older, newer] = /^([^=]+)=([^,]+),([^,]+)$/.exec(text) ?? []
  if (name === undefined || older === undefined || newer === undefined)
    throw new Error(`--pair takes NAME=OLD,NEW, not ${text}`)
  return {
    name,
    make({ old, fresh }) {
      copyFileSync(older, old)
      copyFileSync(newer, fresh)
    },
  }
}

/** Whether two files hold the same bytes. */
export function areSame(one: string, other: string): boolean {
  return readFileSync(one).equals(readFileSync(other))
}

function noise(seed: string, sizeBytes: number): Buffer {
  return Buffer.concat([...contentChunks(seed, sizeBytes)].map((chunk) => Buffer.from(chunk)))
}

/** As ustar has it, as far as it matters here: a header, and content up to a border of 512 bytes. */
function tarMember(index: number, sizeBytes: number): Buffer {
  const header = Buffer.alloc(TAR_BLOCK_BYTES)
  header.write(`folder/file-${index}`)
  header.write(sizeBytes.toString(8).padStart(11, '0'), 124)
  const padded = Math.ceil(sizeBytes / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES
  return Buffer.concat([header, noise(`member ${index}`, sizeBytes), Buffer.alloc(padded - sizeBytes)])
}
