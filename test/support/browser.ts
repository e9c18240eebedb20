import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'
const isInstalled = existsSync(executablePath)
const mustRun = process.env['CI'] === 'true'

/** Whether browser tests are left out. In CI they never are: there a missing browser is a failure. */
export const isBrowserMissing = !isInstalled && !mustRun

if (isBrowserMissing) {
  console.log(`Browser tests are skipped: there is no ${executablePath} (set CHROMIUM_PATH to a Chromium or Chrome)`)
}

/** Nothing that would talk to the vendor's servers. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Starting a browser takes seconds; give tests that use it this long. */
export const browserTimeoutMs = 60_000

export const launchBrowser = (): Promise<Browser> => chromium.launch({ executablePath, args })

export interface PageWatch {
  /** Every URL that the page asked for. */
  requested: string[]
  /** Errors of the console (violations of the content security policy, too) and uncaught ones. */
  errors: string[]
}

/** Opens a page and records what it asks for and complains about. */
export const openPage = async (browser: Browser, url: string) => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } })
  const watch: PageWatch = { requested: [], errors: [] }
  page.on('request', (request) => watch.requested.push(request.url()))
  page.on('console', (message) => {
    if (message.type() === 'error') watch.errors.push(message.text())
  })
  page.on('pageerror', (error) => watch.errors.push(String(error)))
  await page.goto(url, { waitUntil: 'load' })
  return { page, watch }
}
