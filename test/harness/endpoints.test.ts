import { describe, expect, it } from 'vitest'
import { endpointText, freeEndpoints, freePorts } from '../../harness/peers/endpoints.js'

describe('endpoints for peers of one machine', () => {
  it('are as many as asked for, all different', async () => {
    const endpoints = await freeEndpoints(3)
    expect(new Set(endpoints.map(endpointText)).size).toBe(3)
    for (const { host, port } of endpoints) {
      expect(host).toMatch(/^127\.0\.0\.[123]$/)
      expect(port).toBeGreaterThan(0)
    }
  })

  it('can be had on one address', async () => {
    const endpoints = await freePorts('127.0.0.1', 4)
    expect(new Set(endpoints.map(endpointText)).size).toBe(4)
    expect(endpoints.every(({ host }) => host === '127.0.0.1')).toBe(true)
  })
})
