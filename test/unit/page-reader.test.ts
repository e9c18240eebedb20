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

const start = (options: Partial<PageReaderOptions> = {}) => createPageReader(options)

const reasonOf = async (work: Promise<unknown>) => {
  try {
    await work
  } catch (error) {
    return error instanceof PageError ? error.reason : error
  }
  return 'it did not fail'
}

describe('the reader of pages', () => {
  test('reads on when one took too long', async () => {
    const reader = start({ processes: 1, timeMs: 400 })
    expect((await start().read('ada', request('<p>warm'))).text).toBe('warm')
    expect(await reasonOf(reader.read('ada', slow))).toBe('too_slow')
    expect((await start({ timeMs: 5000 }).read('ada', request('<p>x'))).text).toBe('x')
  })

  test('refuses what waits too long in line, and lets go of who is gone', async () => {
    const reader = start({ processes: 1, maxWaiting: 1, timeMs: 5000 })
    const gone = new AbortController()
    const first = reasonOf(reader.read('ada', slow, gone.signal))
    const second = reader.read('ada', request('<p>second'))
    expect(await reasonOf(reader.read('ada', request('<p>third')))).toBe('busy')
    gone.abort('gone')
    expect(await first).toBe('gone')
    expect((await second).text).toBe('second')
  })

  test('many at once, each with its own answer', async () => {
    const reader = start()
    const texts = Array.from({ length: 12 }, (_, index) => `page ${index}`)
    const pages = await Promise.all(
      texts.map((text) => reader.read('ada', request(`<title>${text}</title><p>${text}`))),
    )
    expect(pages).toEqual(texts.map((text) => ({ title: text, text })))
  })

  test('the first page of a user does not wait for the slow ones of another', async () => {
    const reader = start({ processes: 1, timeMs: 4000 })
    const gone = new AbortController()
    const adas = Array.from({ length: 3 }, () => reasonOf(reader.read('ada', slow, gone.signal)))
    expect((await reader.read('bob', request('<p>x'))).text).toBe('x')
    gone.abort('gone')
    expect(await Promise.all(adas)).toEqual(['gone', 'gone', 'gone'])
  })

  test('one that is busy is ended all the same', async () => {
    // A pattern of a library takes minutes for it, in which no thread could be stopped.
    const bait = request(`<p>${'\u00a0'.repeat(1_000_000)}x`, {
      contentType: 'text/html; charset=utf-8',
      format: 'markdown',
    })
    const startedAt = performance.now()
    await reasonOf(start({ timeMs: 700 }).read('ada', bait))
    expect(performance.now() - startedAt).toBeLessThan(3000)
  })

  test('too deep is said so', async () => {
    expect(await reasonOf(start().read('ada', request('<div>'.repeat(10_000))))).toBe('unreadable')
  })
})
