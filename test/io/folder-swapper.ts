// A process that takes a folder away and puts a link to another in its place, as fast as it can, until it is killed.
// Started by the tests of confinement: `folder-swapper <folder> <target>`.

import { renameSync, rmSync, symlinkSync } from 'node:fs'

const [folder, target] = process.argv.slice(2) as [string, string]
const away = `${folder}.away`

process.stdout.write('swapping\n')
for (;;) {
  try {
    renameSync(folder, away)
    symlinkSync(target, folder)
    rmSync(folder)
  } catch {
    // Somebody made something in the place of the folder meanwhile: it goes, or stays for the next round.
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    renameSync(away, folder)
  } catch {
    rmSync(folder, { recursive: true, force: true })
  }
}
