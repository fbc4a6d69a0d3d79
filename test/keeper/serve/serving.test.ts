import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../src/base/bytes.js'
import { BLOCK_BYTES } from '../../../src/base/limits.js'
import { RestartingShare } from '../restarting-share.js'
import { contentOf, digestOfContent, listOf, theirFile } from '../share-on-disk.js'

describe('serving', () => {
  test('reads the files of a pack end to end, up to the length of a block, and none where one is not here', () => {
    const rest = contentOf(BLOCK_BYTES - 4)
    const share = new RestartingShare({ a: 'text', b: 'x' })
    share.disk.putFile('rest', rest)
    share.keeper.handleHint('rest')
    share.pass(1_000)
    const [a, b] = [theirFile('a', 'text').digest, theirFile('b', 'x').digest]
    const whole = digestOfContent(rest)
    const pack = (...members: string[]) => ({ kind: 'pack', digest: '0'.repeat(64), members }) as const
    share.send({
      type: 'locate',
      items: [pack(b, a), pack(a, whole), pack(a, b, whole), pack(a, '1'.repeat(64)), pack()],
    })
    expect(share.take('located')[0]!.items.map(({ location }) => location)).toMatchObject([
      { type: 'pack', files: [{ path: 'b', sizeBytes: 1 }, { path: 'a' }], bytes: utf8('xtext') },
      { type: 'pack', files: [{ path: 'a' }, { path: 'rest', sizeBytes: BLOCK_BYTES - 4 }] },
      { type: 'gone' },
      { type: 'gone' },
      { type: 'pack', files: [] },
    ])
  })

  test('of a pack looks at a file that is shorter than it was', () => {
    const share = new RestartingShare({ a: 'text', b: 'x' })
    const members = [theirFile('a', 'text').digest, theirFile('b', 'x').digest]
    share.disk.putFile('a', utf8('t'))
    share.send({ type: 'locate', items: [{ kind: 'pack', digest: '0'.repeat(64), members }] })
    expect(share.take('located')[0]!.items).toMatchObject([{ location: { type: 'gone' } }])
    share.pass(1_000)
    expect(share.notices('changed')).toMatchObject([{ path: 'a' }])
  })

  test('tells where a file, its list and a tree item are', () => {
    const share = new RestartingShare({ a: 'text' })
    const large = contentOf(BLOCK_BYTES + 1)
    share.disk.putFile('large', large)
    share.keeper.handleHint('large')
    share.pass(1_000)
    const root = share.take('root').at(-1)!
    const { digest } = theirFile('large', large)
    const small = theirFile('a', 'text').digest
    share.send({
      type: 'locate',
      items: [
        { kind: 'file', digest: small },
        { kind: 'file', digest },
        { kind: 'list', digest },
        { kind: 'tree', digest: root.root.digest },
        { kind: 'file', digest: '0'.repeat(64) },
        { kind: 'tree', digest: '0'.repeat(64) },
        { kind: 'list', digest: small },
      ],
    })
    expect(share.take('located')[0]!.items.map(({ location }) => location)).toMatchObject([
      { type: 'content', path: 'a', bytes: utf8('text') },
      { type: 'file', path: 'large', sizeBytes: large.length, list: listOf(large) },
      { type: 'bytes', bytes: listOf(large) },
      { type: 'bytes' },
      { type: 'gone' },
      { type: 'gone' },
      { type: 'gone' },
    ])
  })

  test('a file that proved to be something else is read again', () => {
    const share = new RestartingShare({ a: 'text' })
    share.disk.putFile('a', utf8('edited without a hint'))
    share.send({ type: 'suspect', path: 'a' })
    share.pass(1_000)
    expect(share.notices('changed')).toMatchObject([{ path: 'a' }])
  })
})
