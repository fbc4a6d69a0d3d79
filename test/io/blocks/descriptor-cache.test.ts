import { closeSync, constants, fstatSync, openSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { DiskError, NO_PRIVATE_PLACES } from '../../../src/base/ports.js'
import { DescriptorCache } from '../../../src/io/blocks/descriptor-cache.js'
import { PrivateFiles } from '../../../src/io/private-files.js'
import { temporaryFolder } from '../temporary-folder.js'

it('closes a file of which the system does not tell whether it is in its place, and throws a DiskError', async () => {
  const root = temporaryFolder()
  writeFileSync(`${root}/file`, 'ours')
  const opened: number[] = []
  const cache = new DescriptorCache({
    root,
    flags: constants.O_RDONLY,
    countMax: 4,
    privateFiles: new PrivateFiles(NO_PRIVATE_PLACES),
    isInPlace: (_, fd) => {
      opened.push(fd)
      closeSync(openSync(`${root}/file/below`, constants.O_RDONLY))
      return true
    },
  })
  await expect(cache.use('file', '', 'read', async () => 'used')).rejects.toThrow(DiskError)
  await cache.close()
  expect(opened).toHaveLength(1)
  expect(() => fstatSync(opened[0]!)).toThrow('EBADF')
})
