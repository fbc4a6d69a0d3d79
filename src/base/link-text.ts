// Tells by the text of a symbolic link whether it leads to a place of the share (`--links auto`). The disks and the block reader ask, to
// know which links reading follows, and the keeper asks about links of peers.

/** A drive letter makes a text absolute on Windows, and a backslash may be a slash there. */
const FOREIGN = /^[A-Za-z]:|\\/

/** The path of the share to which a link at `path` leads ('' for the share itself), whether or not anything is there. Undefined where its
 *  text is absolute or leads out. '..' after a name counts as leading out: that name may be a link itself. `floor`: of a link that is
 *  reached through followed links, how many names of its path lead to the last of these; '..' does not lead above that. */
export function innerTarget(path: string, text: string, floor = 0): string | undefined {
  if (text === '' || text.startsWith('/') || FOREIGN.test(text)) return undefined
  const names = path.split('/').slice(0, -1)
  let isBelow = false
  for (const name of text.split('/')) {
    if (name === '' || name === '.') continue
    if (name !== '..') {
      names.push(name)
      isBelow = true
    } else if (isBelow || names.length <= floor) return undefined
    else names.pop()
  }
  return names.join('/')
}
