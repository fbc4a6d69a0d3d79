import { mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sleep } from '../../harness/peers/wait.js'
import { History } from '../../scripts/chaos/history.js'
import { faultsOf, Reader } from '../../scripts/chaos/judge.js'
import { Person } from '../../scripts/chaos/person.js'
import { temporaryFolder } from '../io/temporary-folder.js'

const content = (seed: string) => ({ seed, sizeBytes: 100, compressible: false })

it.each(['a file', 'a link'])(
  'misses nothing that a person wrote over in %s which LEFT took meanwhile',
  async (kind) => {
    const folder = temporaryFolder()
    const [share, outside] = [join(folder, 'share'), join(folder, 'outside')]
    mkdirSync(share)
    const history = new History(() => 0)
    const person = new Person({ name: 'A', share, outside, history })
    if (kind === 'a link') person.link('a', content('first'), false)
    else person.write('a', content('first'))
    person.append('a', content('more'), 4, 100)
    for (const slot of ['2026-11-29', '2026-11-29.09'])
      mkdirSync(join(share, '.left/trash', slot), { recursive: true })
    renameSync(join(share, 'a'), join(share, '.left/trash/2026-11-29/a'))
    await sleep(150)
    renameSync(join(share, '.left/trash/2026-11-29/a'), join(share, '.left/trash/2026-11-29.09/a'))
    await person.finish()
    const reader = new Reader()
    const standing = { name: 'A', snapshot: reader.read(share), trash: reader.trash(share) }
    expect(faultsOf([standing], history)).toEqual([])
  },
)
