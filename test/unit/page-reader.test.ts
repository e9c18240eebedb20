import { describe, expect, test } from 'bun:test'
import { createPageReader, type PageReaderOptions } from '../../src/adapters/documents/pages/create-page-reader.ts'
import { PageError, type PageRequest } from '../../src/adapters/documents/pages/types.ts'

const request = (html: string, changes: Partial<PageRequest> = {}): PageRequest => ({
  bytes: new TextEncoder().encode(html),
  contentType: 'text/html',
  url: 'https://bees.test/a/',
  format: 'text',
  ...changes,
})
/** Takes longer than the tests wait. */
const slow = request('&#x'.repeat(2_000_000))

const start = (options: Partial<PageReaderOptions> = {}) => createPageReader({ idleMs: 100, ...options })

const reasonOf = async (work: Promise<unknown>) => {
  try {
    await work
  } catch (error) {
    return error instanceof PageError ? error.reason : error
  }
  return 'it did not fail'
}

describe('the reader of pages', () => {
  test('reads on with a new thread when one took too long', async () => {
    const reader = start({ threads: 1, timeMs: 400 })
    expect((await start().read(request('<p>warm'))).text).toBe('warm')
    expect(await reasonOf(reader.read(slow))).toBe('too_slow')
    expect((await start({ timeMs: 5000 }).read(request('<p>x'))).text).toBe('x')
  })

  test('refuses what waits too long in line, and lets go of who is gone', async () => {
    const reader = start({ threads: 1, maxWaiting: 1, timeMs: 5000 })
    const gone = new AbortController()
    const first = reasonOf(reader.read(slow, gone.signal))
    const second = reader.read(request('<p>second'))
    expect(await reasonOf(reader.read(request('<p>third')))).toBe('busy')
    gone.abort('gone')
    expect(await first).toBe('gone')
    expect((await second).text).toBe('second')
  })

  test('many at once, each with its own answer', async () => {
    const reader = start()
    const texts = Array.from({ length: 40 }, (_, index) => `page ${index}`)
    const pages = await Promise.all(texts.map((text) => reader.read(request(`<title>${text}</title><p>${text}`))))
    expect(pages).toEqual(texts.map((text) => ({ title: text, text })))
  })

  test('a thread that is idle is ended, and the next page is read all the same', async () => {
    const reader = start({ idleMs: 1 })
    for (const text of ['one', 'two']) {
      expect((await reader.read(request(text))).text).toBe(text)
      await Bun.sleep(20)
    }
  })

  test('too deep is said so', async () => {
    expect(await reasonOf(start().read(request('<div>'.repeat(10_000))))).toBe('unreadable')
  })
})
