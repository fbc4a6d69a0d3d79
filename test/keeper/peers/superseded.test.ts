import { beforeEach, describe, expect, it } from 'vitest'
import { Superseded } from '../../../src/keeper/peers/superseded.js'
import { fileEntry, PEERS } from '../../share/entries.js'

const [first, second] = PEERS
const a = fileEntry('a')
const b = fileEntry('b')

let superseded: Superseded
beforeEach(() => {
  superseded = new Superseded()
  superseded.add(first, a)
  superseded.add(second, a)
  superseded.add(first, b)
})

describe('entries that lost against ours', () => {
  it('are decided anew once their path changed, of every peer that has one, and once', () => {
    expect(superseded.takeChanged()).toEqual([])
    superseded.handleChange('a')
    superseded.handleChange('nobody has this')
    expect(superseded.takeChanged()).toEqual([
      { peer: first, remote: a },
      { peer: second, remote: a },
    ])
    superseded.handleChange('a')
    expect(superseded.takeChanged()).toEqual([])
  })

  it('are the newest that a peer told', () => {
    const newer = fileEntry('b', { sizeBytes: 9 })
    superseded.add(first, newer)
    superseded.handleChange('b')
    expect(superseded.takeChanged()).toEqual([{ peer: first, remote: newer }])
  })

  it('are forgotten with their peer, and those of the others are not', () => {
    superseded.handlePeerGone(first)
    superseded.handleChange('a')
    superseded.handleChange('b')
    expect(superseded.takeChanged()).toEqual([{ peer: second, remote: a }])
  })

  it('that were taken do not come back when another loses at their path', () => {
    superseded.handleChange('a')
    superseded.takeChanged()
    superseded.add(second, a)
    expect(superseded.takeChanged()).toEqual([])
    superseded.handleChange('a')
    expect(superseded.takeChanged()).toEqual([{ peer: second, remote: a }])
  })
})
