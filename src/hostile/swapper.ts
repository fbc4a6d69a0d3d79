// A process that takes a folder away and puts a link to another in its place, as fast as it can, until it is killed or
// its parent is gone: `swapper <folder> <target>`. It stands for a program that somebody runs on the target's machine.

import { renameSync, rmSync, symlinkSync } from 'node:fs'

const [folder, target] = process.argv.slice(2) as [string, string]
const away = `${folder}.away`
const parent = process.ppid

while (process.ppid === parent) {
  try {
    renameSync(folder, away)
    symlinkSync(target, folder)
    rmSync(folder)
  } catch {
    // Something was made in the place of the folder meanwhile.
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    renameSync(away, folder)
  } catch {
    rmSync(folder, { recursive: true, force: true })
  }
}
