import { describe, expect, test } from 'bun:test'
import { createGzip } from 'node:zlib'
import { createPageReader } from '../../src/adapters/documents/pages/create-page-reader.ts'
import { paragraphs } from '../support/article.ts'
import { type Page, startWebSite } from '../support/web-site.ts'

const endless =
  (head: string, piece: string): Page =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).write(head)
    const write = () => {
      while (!response.destroyed && response.write(piece));
    }
    response.on('drain', write)
    write()
  }

/** Runs the work while another request is asked again and again; how long the slowest one took. */
const slowestOf = async (site: Awaited<ReturnType<typeof startWebSite>>, work: () => Promise<unknown>) => {
  const progress = { isOver: false }
  let slowestMs = 0
  const asking = (async () => {
    while (!progress.isOver) {
      const from = performance.now()
      await site.server.call('GET', '/health')
      slowestMs = Math.max(slowestMs, performance.now() - from)
    }
  })()
  await work()
  progress.isOver = true
  await asking
  return slowestMs
}

const megabytes = (piece: string, count = 2) => piece.repeat(Math.ceil((count * 1_000_000) / piece.length))

/** Each made to cost more than its size. The answer may be a failure, but it comes. */
const baits: Record<string, string> = {
  'deeply nested': megabytes('<div>', 5),
  'nested formatting': megabytes('<b><p>'),
  'unclosed links': '<a href=x>y'.repeat(12_000),
  'a deep text': '<div>'.repeat(299) + megabytes('word, ', 1),
  zigzag: ('<div>'.repeat(250) + 'x' + '</div>'.repeat(250)).repeat(80),
  'many attributes': `<p ${Array.from({ length: 150_000 }, (_, index) => `a${index}=1`).join(' ')}>x`,
  'many elements': megabytes('<div>a</div>'),
  'many breaks': `<p>${megabytes('<br>')}`,
  'comments that do not end': megabytes('<!--'),
  'tags that are none': megabytes('<'),
  'entities that do not end': megabytes('&#x'),
  'scripts that do not end': megabytes('<script>'),
  'cells without a table': megabytes('<td>a'),
  'spaces in a text': `<p>${megabytes(' \n')}x`,
  'a title of bars': `<title>${megabytes('a | ')}</title><p>x`,
  'marks of Markdown': `<p>${megabytes('[*_`')}`,
  doctypes: megabytes('<!doctype '),
  declarations: megabytes('<meta charset="'),
  'lists in lists': megabytes('<ul><li>x'),
  'meta data': '<script type="application/ld+json">' + megabytes('{"@context":"https://schema.org","a":'),
}

describe('a page that is meant to hurt', () => {
  test('without an end: the beginning is read, and the connection closed', async () => {
    await using site = await startWebSite({ '/': endless(`<p>${paragraphs(3)}`, 'more and more. '.repeat(1000)) })
    const from = performance.now()
    const { success, truncated, content } = await site.read('/')
    expect([success, truncated]).toEqual([true, true])
    expect(content).toContain('Paragraph 0')
    expect(performance.now() - from).toBeLessThan(9000)
    while (site.openAnswers() > 0) await Bun.sleep(10)
  }, 20_000)

  test('drip by drip: given up after ten seconds, and the others do not wait for it', async () => {
    const drip: Page = (response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      const timer = setInterval(() => response.write('a'), 200)
      response.on('close', () => clearInterval(timer))
    }
    const silent: Page = () => undefined
    await using site = await startWebSite({ '/drip': drip, '/silent': silent, '/good': '<p>good' })
    const from = performance.now()
    const { body } = await site.scrape([site.url('/drip'), site.url('/silent'), site.url('/good')])
    expect(performance.now() - from).toBeLessThan(15_000)
    expect(body.results.slice(0, 2)).toMatchObject([{ error: 'Request timeout' }, { error: 'Request timeout' }])
    expect(body.results[2].content).toBe('good')
    while (site.openAnswers() > 0) await Bun.sleep(10)
  }, 30_000)

  test('a gzip bomb is not unpacked', async () => {
    const bomb: Page = (response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' })
      const gzip = createGzip()
      gzip.pipe(response)
      const zeros = Buffer.alloc(1_048_576, 'a')
      let sent = 0
      const write = () => {
        while (sent++ < 2000 && !response.destroyed) if (!gzip.write(zeros)) return
        gzip.end()
      }
      gzip.on('drain', write)
      response.on('close', () => gzip.destroy())
      write()
    }
    await using site = await startWebSite({ '/': bomb })
    const before = process.memoryUsage.rss()
    const slowest = await slowestOf(site, async () => expect(await site.read('/')).toMatchObject({ truncated: true }))
    expect(process.memoryUsage.rss() - before).toBeLessThan(400_000_000)
    expect(slowest).toBeLessThan(2000)
  }, 30_000)

  test('a connection that breaks off, and an answer that is none', async () => {
    await using site = await startWebSite({
      '/cut': (response) => {
        response.writeHead(200, { 'content-type': 'text/html', 'content-length': '1000' }).write('<p>begin')
        setTimeout(() => response.destroy(), 50)
      },
      '/none': (response) => void response.socket?.end('SSH-2.0-OpenSSH\r\n'),
    })
    for (const path of ['/cut', '/none']) {
      const { success, error } = await site.read(path)
      expect([path, success, typeof error]).toEqual([path, false, 'string'])
    }
  })

  test.each(Object.entries(baits))(
    '%s',
    async (_, html) => {
      // A quarter of the usual time: what takes that long is given up in any case.
      await using site = await startWebSite(
        { '/': html },
        { overrides: { pageReader: createPageReader({ timeMs: 2000 }) } },
      )
      const slowest = await slowestOf(site, async () => {
        for (const format of ['text', 'markdown']) {
          const { success, content, error } = await site.read('/', `?format=${format}`)
          expect(success ? typeof content : error).toBeOneOf([
            'string',
            'The page is nested too deeply',
            'The page takes too long to read',
            'The page cannot be read',
          ])
        }
      })
      // Alone it is below 50 ms; a busy machine takes its share.
      expect(slowest).toBeLessThan(1500)
      expect((await site.server.call('GET', '/health')).status).toBe(200)
    },
    40_000,
  )
})

describe('a user who wants everything', () => {
  test('429: the fourth request at once; others are served meanwhile', async () => {
    const answers: (() => void)[] = []
    await using site = await startWebSite({
      '/wait': (response) =>
        answers.push(() => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>late')),
      '/good': '<p>good',
    })
    const waiting = [1, 2, 3].map(() => site.scrape(Array.from({ length: 5 }, () => site.url('/wait'))))
    while (answers.length < 15) await Bun.sleep(5)
    const refused = await site.scrape([site.url('/good')])
    expect(refused).toMatchObject({ status: 429, body: { code: 'searxng.too_many_scrapes' } })
    const other = await site.server.as('bob')('POST', '/api/v1/searxng/scrape', [site.url('/good')])
    expect(other.body.results[0].content).toBe('good')
    for (const answer of answers) answer()
    for (const { body } of await Promise.all(waiting)) expect(body.summary.successful_scrapes).toBe(5)
    expect((await site.scrape([site.url('/good')])).status).toBe(200)
  }, 20_000)

  test('whoever goes away leaves nothing behind', async () => {
    await using site = await startWebSite({ '/': () => undefined })
    const gone = new AbortController()
    const headers = { authorization: `Bearer ${await site.server.tokenOf('ada')}`, 'content-type': 'application/json' }
    const work = fetch(`${site.server.url}/api/v1/searxng/scrape`, {
      method: 'POST',
      headers,
      body: JSON.stringify([site.url('/')]),
      signal: gone.signal,
    }).catch(() => 'gone')
    while (site.openAnswers() === 0) await Bun.sleep(5)
    gone.abort()
    expect(await work).toBe('gone')
    while (site.openAnswers() > 0) await Bun.sleep(5)
  }, 8000)
})
