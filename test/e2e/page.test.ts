// The page of a running peer in a real browser: what it shows as it happens, and what a click does to the shares.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test as plainTest } from 'vitest'
import { writeContent } from '../../harness/peers/content.js'
import { BROWSER, openBrowser } from './browser.js'
import { eventually, left } from './left.js'
import { type RecordedPeer, test, World } from './world.js'

const WEB = ['--web', 'auto']

/** A name of another site, made to lead to this machine: DNS rebinding. */
const REBOUND = 'evil.example'

let browser: Browser

/** The link that a peer printed. */
async function linkOf(world: World, peer: RecordedPeer): Promise<string> {
  await world.until('the link', () => peer.of('page').length > 0)
  return peer.of('page')[0]!.link
}

/** Opens the link that a peer printed. Whatever the page complains about fails the test, and so does a request to another server. */
async function openPage(world: World, peer: RecordedPeer): Promise<{ page: Page; link: string }> {
  const link = await linkOf(world, peer)
  const context = await browser.newContext()
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    const isGone = /net::ERR_(CONNECTION|INCOMPLETE)/.test(message.text()) // The peer was stopped.
    if ((message.type() === 'error' || message.type() === 'warning') && !isGone)
      complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL(link).origin)) complaints.push(`it asks ${request.url()}`)
  })
  world.atEnd(async () => {
    await context.close()
    expect(complaints).toEqual([])
  })
  // There it has no width and no colours: what is drawn would be a black bar.
  await page.addInitScript(`
    const draw = CanvasRenderingContext2D.prototype.fillRect
    CanvasRenderingContext2D.prototype.fillRect = function (...place) {
      if (!this.canvas.isConnected) console.error('it draws on a canvas that is not in the document')
      draw.apply(this, place)
    }`)
  await page.goto(link)
  return { page, link }
}

async function pair(world: World, files: Readonly<Record<string, string>> = {}, options: string[] = []) {
  const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
  for (const [path, text] of Object.entries(files)) writeFileSync(a.path(path), text)
  a.start(WEB)
  b.start(options)
  await world.until('the peers to be in step', () => [a, b].every((peer) => peer.inStep.size > 0))
  await world.untilSame([a, b])
  return [a, b] as const
}

describe.skipIf(BROWSER === undefined)('the page in a browser', () => {
  beforeAll(async () => {
    browser = await openBrowser(`MAP ${REBOUND} 127.0.0.1`)
  })
  afterAll(() => browser?.close())

  test('shows a peer in step, loses the token from the address, and shows a transfer as it comes', async ({
    world,
  }) => {
    const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    b.start()
    a.start([...WEB, '--limit', '3M'])
    await world.until('the peers to be in step', () => [a, b].every((peer) => peer.inStep.size > 0))
    const { page, link } = await openPage(world, a)
    await page.getByText('in step with all').waitFor()
    expect(page.url()).not.toContain(new URL(link).searchParams.get('token'))
    expect(await page.locator('#peers tbody tr').count()).toBe(1)
    await page.locator('#peers').getByText(b.address).waitFor()
    await writeContent(b.path('large.bin'), 'page', 16_000_000)
    const bar = page.getByRole('progressbar', { name: 'received of large.bin' })
    await bar.waitFor()
    await page.locator('#transfers').getByText(`from ${b.address}`).waitFor()
    await eventually(async () => Number(await bar.getAttribute('value', { timeout: 1_000 }))).toBeGreaterThan(
      0,
    )
    await page.locator('#log').getByText('received large.bin').waitFor({ timeout: 60_000 })
    await page.getByText('nothing is being received or sent').waitFor()
    expect(await page.locator('#charts canvas').count()).toBe(3)
    await a.stop()
    await page.getByText('left does not answer').waitFor()
  })

  describe('of one of two that are in step', () => {
    let world: World
    let a: RecordedPeer
    let b: RecordedPeer
    let page: Page

    beforeAll(async () => {
      world = new World()
      ;[a, b] = await pair(world)
      page = (await openPage(world, a)).page
    })

    afterAll(async () => {
      await world.close()
      world.checkEvents()
    })

    plainTest('a name with markup in it is text, and runs nothing', async () => {
      const name = '<img src=x onerror=document.title="taken"><script>document.title="taken".txt'
      writeFileSync(b.path(name), 'text')
      await page.locator('#log').getByText(name).waitFor()
      rmSync(b.path(name))
      await page.locator('#trash').getByText(name).waitFor()
      expect(await page.locator('#log script, #log img, #trash script, #trash img').count()).toBe(0)
      expect(await page.title()).toContain('share')
    })

    plainTest('a file that a peer deleted is restored by a click', async () => {
      writeFileSync(a.path('plan.txt'), 'the plan')
      await world.untilSame([a, b])
      rmSync(b.path('plan.txt'))
      await eventually(() => existsSync(a.path('plan.txt'))).toBe(false)
      await page.getByRole('button', { name: 'Restore plan.txt' }).click()
      await page.getByText('restored plan.txt').waitFor()
      await eventually(() => existsSync(b.path('plan.txt')) && readFileSync(b.path('plan.txt'), 'utf8')).toBe(
        'the plan',
      )
    })

    plainTest(
      'held deletions are confirmed after a question, by keyboard, and undone by a click',
      async () => {
        const fill = (folder: string) => {
          mkdirSync(a.path(folder))
          for (let each = 0; each < 40; each++)
            writeFileSync(a.path(folder, String(each)), `content of ${each}`)
        }
        fill('one')
        fill('two')
        await world.untilSame([a, b])
        const held = page.locator('#held')
        rmSync(a.path('one'), { recursive: true })
        await held.getByRole('button', { name: 'Undo: bring it back' }).click()
        await eventually(() => existsSync(a.path('one')) && readdirSync(a.path('one')).length).toBe(40)
        await held.waitFor({ state: 'hidden' })
        rmSync(a.path('two'), { recursive: true })
        const confirm = held.getByRole('button', { name: 'Confirm: it is meant' })
        await confirm.focus()
        await page.keyboard.press('Enter')
        await page.getByRole('dialog').waitFor()
        await page.keyboard.press('Escape')
        await page.getByRole('dialog').waitFor({ state: 'detached' })
        expect(existsSync(b.path('two'))).toBe(true)
        await confirm.press('Enter')
        await page.getByRole('dialog').getByRole('button', { name: 'Confirm', exact: true }).press('Enter')
        await eventually(() => existsSync(b.path('two'))).toBe(false)
      },
    )

    plainTest('all is paused, and goes on', async () => {
      await page.getByRole('button', { name: 'Pause', exact: true }).first().click()
      await page.locator('#state').getByText('paused').waitFor()
      writeFileSync(b.path('later.txt'), 'later')
      await page.locator('header').getByRole('button', { name: 'Resume' }).click()
      await eventually(() => existsSync(a.path('later.txt'))).toBe(true)
    })
  })

  test('a conflict is shown side by side and settled by a click', async ({ world }) => {
    const [a, b] = await pair(world, { 'notes.txt': 'before' })
    await b.stop()
    writeFileSync(a.path('notes.txt'), "A's notes, which are longer")
    await sleep(20)
    writeFileSync(b.path('notes.txt'), "B's notes")
    b.start()
    const { page } = await openPage(world, a)
    const conflicts = page.locator('#conflicts')
    await conflicts.getByRole('heading', { name: 'notes.txt' }).waitFor()
    await conflicts.getByText('by this machine').waitFor()
    await conflicts.getByText('9 bytes').waitFor()
    await conflicts.getByText('27 bytes').waitFor()
    await conflicts.getByRole('button', { name: /Keep the version of this machine/ }).click()
    await page.getByText('settled: what was not kept is in the trash').waitFor()
    await eventually(() => readFileSync(b.path('notes.txt'), 'utf8')).toBe("A's notes, which are longer")
    await conflicts.waitFor({ state: 'hidden' })
    await eventually(() => readdirSync(b.share).filter((name) => name !== '.left')).toEqual(['notes.txt'])
  })

  test('a wrong token shows 403 and nothing else, and so does another name that leads here', async ({
    world,
  }) => {
    const [a] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    a.start(WEB)
    const link = await linkOf(world, a)
    expect(await left(a.share, 'page')).toEqual({ exitCode: 0, stdout: `${link}\n`, stderr: '' })
    const { origin, port } = new URL(link)
    const context = await browser.newContext()
    const page = await context.newPage()
    for (const address of [`${origin}/`, `${origin}/?token=${'A'.repeat(43)}`]) {
      expect((await page.goto(address))!.status()).toBe(403)
      expect(await page.locator('body').innerText()).toMatch(/^403\s*$/)
    }
    const token = new URL(link).searchParams.get('token')
    expect((await page.goto(`http://${REBOUND}:${port}/?token=${token}`))!.status()).toBe(403)
    await context.close()
  })
})
