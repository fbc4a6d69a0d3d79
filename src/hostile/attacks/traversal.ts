// Paths that lead out of the share or into left's own folder, each in a message and each in the listing of a folder,
// with content that would arrive if it were asked for.

import { type Attack, sleep } from '../attack.js'
import { contentOf, subtree } from '../content.js'

const PATHS = [
  '..',
  '../outside/evil',
  '../../evil',
  'a/../../evil',
  'a/..',
  './evil',
  'a/./evil',
  'a//evil',
  '/evil',
  '//evil',
  'evil/',
  '',
  'nul\0evil',
  '.left',
  '.left/evil',
  '.left/tmp/evil',
  '.LEFT/evil',
  '.Left/format',
  `${'n'.repeat(256)}/evil`,
  `${'d/'.repeat(2_048)}evil`,
]

export const traversal: Attack = {
  name: 'traversal',
  async run({ target, connected }) {
    const attacker = await connected()
    const paths = [...PATHS, `${target.outside}/evil`]
    const digests: string[] = []
    for (const [index, path] of paths.entries()) {
      const content = contentOf(`traversal ${index}`, 100)
      digests.push(attacker.items.addContent(content))
      const entry = attacker.items.addFile(path, content)
      await attacker.have(attacker.items.addTree([entry]), Buffer.byteLength(entry) < 900 ? [entry] : [])
      // A folder of that name, with an innocent file in it.
      const inner = attacker.items.addTree([attacker.items.addFile(`inner-${index}`, content)])
      await attacker.have(attacker.items.addTree([subtree(path, inner)]))
    }
    await sleep(300)
    const asked = digests.filter((digest) => attacker.asked.has(digest))
    return {
      fault: asked.length === 0 ? undefined : `asked for the content of ${asked.length} such paths`,
      seen: `${paths.length} paths, in messages and in listings`,
    }
  },
}
