// Sizes and counts that no file has: in entry lines, in references to trees, and huge ones that are within the limits,
// claimed and never served. Nothing is allocated because somebody says so.

import { FILE_BYTES_MAX, TREE_ITEM_BYTES_MAX } from '../../base/limits.js'
import { type Attack, sleep } from '../attack.js'
import { line, subtree } from '../content.js'

const SIZES = [
  '-1',
  '00',
  '1e9',
  '0x10',
  '4294967296000000000000',
  '18446744073709551616',
  '9007199254740993',
  String(FILE_BYTES_MAX + 1),
  'NaN',
  'Infinity',
]
const TREE_SIZES = ['0', String(TREE_ITEM_BYTES_MAX + 1), '999999999', '4294967296', '-1']

export const overflow: Attack = {
  name: 'block counts that overflow',
  async run({ connected }) {
    const attacker = await connected()
    const { items } = attacker
    const impossible: string[] = []
    for (const [index, size] of SIZES.entries()) {
      const digest = String(index).padStart(64, 'a')
      impossible.push(digest)
      const entry = line({ path: `size-${index}`, size, digest })
      await attacker.have(items.addTree([entry]), [entry])
    }
    for (const [index, size] of TREE_SIZES.entries()) {
      const digest = String(index).padStart(64, 'b')
      impossible.push(digest)
      // The target cannot read this, and answers as if it had come too early.
      await attacker.have({ kind: 'tree', digest, sizeBytes: Number(size) }, [], 250)
      await attacker.have(items.addTree([`D huge ${digest} ${size}`]))
    }
    // Within the limits: lists of 32 MiB and the longest tree, of which nothing comes.
    const lines = Array.from({ length: 8 }, (_, index) =>
      line({
        path: `claimed-${index}`,
        size: String(FILE_BYTES_MAX),
        digest: String(index).padStart(64, 'c'),
      }),
    )
    const silent = String(1).padStart(64, 'd')
    const claimed = subtree('tree', { kind: 'tree', digest: silent, sizeBytes: TREE_ITEM_BYTES_MAX })
    const { serve } = attacker
    attacker.onRequest = (request) => {
      const answered = request.groups.filter(({ kind, digest }) => {
        const text = Buffer.from(digest).toString('hex')
        return kind === 'tree' && text !== silent
      })
      serve.call(attacker, { ...request, groups: answered })
    }
    await attacker.have(items.addTree([...lines, claimed]))
    await sleep(1_000)
    const asked = impossible.filter((digest) => attacker.asked.has(digest))
    return {
      fault: asked.length === 0 ? undefined : `asked for ${asked.length} items of an impossible size`,
      seen: `${SIZES.length + TREE_SIZES.length} impossible sizes, 8 files of 68 GB and a tree of 4 MiB claimed`,
    }
  },
}
