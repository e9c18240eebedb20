import { describe, expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { browserTimeoutMs, isBrowserMissing, launchBrowser, openPage } from './support/browser.ts'
import { testApp } from './support/test-app.ts'

/** Scrolls from the top to the end: of so many operations the page holds only those in view. */
const readThrough = async (page: Page) => {
  const [tags, operations] = [new Set<string>(), new Set<string>()]
  const read = (selector: string): Promise<string[]> =>
    page.locator(selector).evaluateAll((elements) => elements.map(({ id }) => id))
  for (let isAtEnd = false; !isAtEnd;) {
    for (const id of await read('.opblock-tag')) tags.add(id.replace('operations-tag-', ''))
    for (const id of await read('.opblock')) operations.add(id)
    isAtEnd = await page.evaluate('scrollY + innerHeight + 2 > document.documentElement.scrollHeight')
    await page.evaluate('scrollBy(0, innerHeight / 2)')
    await page.waitForTimeout(100)
  }
  await page.evaluate('scrollTo(0, 0)')
  return { tags: [...tags].toSorted(), operations: operations.size }
}

describe.skipIf(isBrowserMissing)('the API page in a browser', () => {
  test(
    'shows the operations of every tag, opens one, and asks no other server for anything',
    async () => {
      await using server = testApp()
      const { body: document } = await server.call('GET', '/openapi.json')
      await using browser = await launchBrowser()
      const { page, watch } = await openPage(browser, `${server.url}/api/v1/docs`)

      const tags: string[] = document.tags.map((tag: { name: string }) => tag.name)
      await page.locator('.opblock').first().waitFor()
      expect(await readThrough(page)).toEqual({
        tags: tags.toSorted(),
        operations: Object.values<object>(document.paths).flatMap((methods) => Object.keys(methods)).length,
      })

      const login = page.locator('#operations-auth-postAuthLogin')
      await login.locator('.opblock-summary-control').click()
      await login.getByText('auth.wrong_credentials').first().waitFor()

      expect(await page.title()).toBe('BrainDrive API')
      expect(watch.requested.length).toBeGreaterThanOrEqual(5)
      const elsewhere = watch.requested.filter((url) => !url.startsWith(`${server.url}/`) && !url.startsWith('data:'))
      expect(elsewhere).toEqual([])
      expect(watch.errors).toEqual([])
    },
    browserTimeoutMs,
  )

  test(
    'calls the API with the token of the user',
    async () => {
      await using server = testApp()
      const token = await server.tokenOf('ada')
      await using browser = await launchBrowser()
      const { page, watch } = await openPage(browser, `${server.url}/api/v1/docs`)

      await page.locator('.btn.authorize').click()
      await page.locator('.auth-container input[type=text]').first().fill(token)
      await page.locator('.auth-btn-wrapper .authorize').first().click()
      await page.locator('.btn-done').first().click()
      const me = page.locator('#operations-auth-getAuthMe')
      await me.locator('.opblock-summary-control').click()
      await me.locator('.try-out__btn').click()
      await me.locator('.execute').click()

      await me.locator('.live-responses-table').getByText('ada@home.test').first().waitFor()
      expect(watch.errors).toEqual([])
    },
    browserTimeoutMs,
  )
})
