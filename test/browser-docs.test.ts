import { describe, expect, test } from 'bun:test'
import { browserTimeoutMs, isBrowserMissing, launchBrowser, openPage } from './support/browser.ts'
import { testApp } from './support/test-app.ts'

describe.skipIf(isBrowserMissing)('the API page in a browser', () => {
  test(
    'shows the operations of every tag, opens one, and asks no other server for anything',
    async () => {
      await using server = testApp()
      const { body: document } = await server.call('GET', '/openapi.json')
      await using browser = await launchBrowser()
      const { page, watch } = await openPage(browser, `${server.url}/api/v1/docs`)

      const tags: string[] = document.tags.map((tag: { name: string }) => tag.name)
      for (const tag of tags) {
        const section = page.locator('.opblock-tag-section', { has: page.locator(`#operations-tag-${tag}`) })
        await section.locator('.opblock').first().waitFor()
      }
      expect(await page.locator('.opblock-tag-section').count()).toBe(tags.length)

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
