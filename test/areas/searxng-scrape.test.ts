import { describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { articlePage, paragraphs } from '../support/article.ts'
import { type Page, startWebSite } from '../support/web-site.ts'

const typed =
  (contentType: string | undefined, body: string | Buffer = '<p>text', status = 200): Page =>
  (response) =>
    response.writeHead(status, contentType === undefined ? {} : { 'content-type': contentType }).end(body)

const redirect =
  (location: string, status = 302): Page =>
  (response) =>
    response.writeHead(status, { location }).end()

describe('POST /api/v1/searxng/scrape', () => {
  test('200: main content and title of each page, in the order of the request', async () => {
    const slow: Page = (response) =>
      setTimeout(() => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>last one first'), 300)
    await using site = await startWebSite({ '/bees': articlePage('Bees of the north', paragraphs(8)), '/slow': slow })
    const urls = [site.url('/slow'), site.url('/none'), site.url('/bees')]
    for (const body of [urls, { urls }]) {
      const answer = await site.scrape(body)
      expect(answer.status).toBe(200)
      const [first, second, third] = answer.body.results
      expect(first).toEqual({
        url: urls[0],
        success: true,
        content: 'last one first',
        content_length: 14,
        title: null,
        truncated: false,
      })
      expect(second).toEqual({ url: urls[1], success: false, error: 'HTTP 404', content: '' })
      expect(third).toMatchObject({ url: urls[2], success: true, truncated: false })
      expect(third.title).toContain('Bees of the north')
      expect(third.content).toStartWith(third.title)
      expect(third.content).toContain('Paragraph 0 tells of bumblebees')
      expect(third.content).toContain('Paragraph 7 tells of bumblebees')
      expect(third.content).not.toMatch(/script text|color: red|Sign in|About us|Advertisement|Copyright|https?:/)
      expect(third.content_length).toBe(third.content.length)
      expect(answer.body.summary).toEqual({
        total_urls: 3,
        successful_scrapes: 2,
        total_content_length: third.content_length + 14,
      })
    }
  })

  test('asks as a program that says who it is, without what the user sent', async () => {
    await using site = await startWebSite({ '/': '<p>x' })
    await site.read('/')
    const { headers } = site.asked[0] ?? {}
    expect(headers?.['user-agent']).toBe('Mozilla/5.0 (compatible; BrainDrive/1.0; +https://braindrive.ai/bot)')
    expect(headers?.accept).toContain('text/html')
    expect(headers?.authorization).toBeUndefined()
    expect(headers?.cookie).toBeUndefined()
  })

  test('blocks are apart, words are whole, entities are characters', async () => {
    const html =
      '<title>T</title><h1>x &amp; y</h1><div>H<b>on</b>e</div><div>two<br>three</div><ul><li>a</li><li>b</li></ul>'
    await using site = await startWebSite({ '/': `${html}<table><tr><td>1</td><td>2</td></tr></table>` })
    const { content } = await site.read('/')
    expect(content.split(/\s+/)).toEqual(['T', 'x', '&', 'y', 'Hone', 'two', 'three', 'a', 'b', '1', '|', '2'])
  })

  test('cuts at the length that is asked for, never within a character', async () => {
    await using site = await startWebSite({ '/': `<p>${'🐝'.repeat(4000)}` })
    expect(await site.read('/')).toMatchObject({ content_length: 5003 - 0, truncated: true })
    const { content } = await site.read('/', '?max_content_length=7')
    expect(content).toBe('🐝🐝🐝...')
    expect((await site.read('/', '?max_content_length=8000')).truncated).toBe(false)
    expect((await site.read('/', '?max_content_length=200000')).content).toBe('🐝'.repeat(4000))
  })

  test('Markdown when it is asked for', async () => {
    const body = `${paragraphs(6)}<h2>Sizes</h2><table><thead><tr><th>Kind</th><th>mm</th></tr></thead><tbody><tr><td>B. polaris</td><td>18|19</td></tr></tbody></table><ul><li>one</li></ul><pre><code>fly()\n  now</code></pre><p>An <em>old</em> picture <img src="/x.png" alt="alt text"> with <a href="javascript:alert(1)">a trap</a>.</p>`
    await using site = await startWebSite({ '/a/b': articlePage('Bees', body) })
    const { content, title } = await site.read('/a/b', '?format=markdown')
    expect(content).toStartWith(`# ${title}\n\n`)
    expect(content).toContain(`[on the tundra](${site.url('/tundra')})`)
    expect(content).toContain('## Sizes\n\n| Kind | mm |\n| --- | --- |\n| B. polaris | 18\\|19 |\n')
    expect(content).toContain('-   one')
    expect(content).toContain('```\nfly()\n  now\n```')
    expect(content).toContain('An _old_ picture')
    expect(content).not.toMatch(/javascript:|alt text|x\.png|script text/)
  })

  test('pages may leave out their head, their body or both', async () => {
    const title = '<title>Use of &lt;script&gt;</title>'
    await using site = await startWebSite({
      '/headless': `<html lang=en>${title}<body class=a><p>seen`,
      '/rootless': `${title}<body><p>seen`,
      '/bare': `${title}<p>seen`,
    })
    for (const path of ['/headless', '/rootless', '/bare'])
      for (const format of ['text', 'markdown']) {
        const { title: read, content } = await site.read(path, `?format=${format}`)
        expect([path, read, content.endsWith('\n\nseen')]).toEqual([path, 'Use of <script>', true])
      }
  })

  test('what readers do not see is not handed to a model', async () => {
    const traps =
      '<p style="display:none">trap 1</p><p hidden>trap 2</p><div aria-hidden="true">trap 3</div><!-- trap 4 --><template>trap 5</template><noscript>trap 6</noscript><p style="color:red; DISPLAY: none">trap 7</p>'
    await using site = await startWebSite({
      '/long': articlePage('Bees', paragraphs(8) + traps),
      '/short': `<p>seen</p>${traps}`,
    })
    for (const path of ['/long', '/short'])
      for (const format of ['text', 'markdown']) {
        const { success, content } = await site.read(path, `?format=${format}`)
        expect([path, format, success, content.match(/trap \d/)]).toEqual([path, format, true, null])
      }
  })

  test('text and Markdown files as they are', async () => {
    await using site = await startWebSite({
      '/text': typed('text/plain', '<b>one</b>  \r\n\r\n\r\n  two\0\n'),
      '/md': typed('text/markdown; charset=utf-8', '# Ünï\n\n- a'),
      '/xhtml': typed('application/xhtml+xml', '<?xml version="1.0"?><html><body><p>x<br/>y</p></body></html>'),
    })
    expect((await site.read('/text')).content).toBe('<b>one</b>\n\n  two')
    expect((await site.read('/md')).content).toBe('# Ünï\n\n- a')
    expect((await site.read('/xhtml')).content).toBe('x\ny')
  })

  test('an empty page and nothing at all are successes without content', async () => {
    await using site = await startWebSite({ '/empty': '', '/bare': '<html><head></head></html>' })
    for (const path of ['/empty', '/bare'])
      expect(await site.read(path)).toMatchObject({ success: true, content: '', content_length: 0 })
  })

  test.each<[string, Page]>([
    ['Unsupported content type: image/png', typed('image/png')],
    ['Unsupported content type: application/pdf', typed('application/pdf')],
    ['Unsupported content type: application/json', typed('application/json', '{}')],
    ['Unsupported content type: ', typed(undefined)],
    ['HTTP 500', typed('text/html', 'x', 500)],
    ['HTTP 204', typed('text/html', '', 204)],
    ['HTTP 304', typed('text/html', '', 304)],
  ])('an item of its own: %s', async (error, page) => {
    await using site = await startWebSite({ '/': page, '/good': '<p>good' })
    const { body } = await site.scrape([site.url('/'), site.url('/good')])
    expect(body.results[0]).toEqual({ url: site.url('/'), success: false, error, content: '' })
    expect(body.results[1]).toMatchObject({ success: true, content: 'good' })
    expect(body.summary).toEqual({ total_urls: 2, successful_scrapes: 1, total_content_length: 4 })
  })

  test('unpacks what is packed once, and refuses what is packed twice', async () => {
    const packed = gzipSync('<p>packed')
    const coded =
      (coding: string, bytes: Buffer): Page =>
      (response) =>
        response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': coding }).end(bytes)
    await using site = await startWebSite({
      '/once': coded('gzip', packed),
      '/twice': coded('gzip, gzip', gzipSync(packed)),
      '/lie': coded('gzip', Buffer.from('<p>plain')),
    })
    expect((await site.read('/once')).content).toBe('packed')
    expect((await site.read('/twice')).error).toBe('Unsupported content encoding: gzip, gzip')
    expect((await site.read('/lie')).success).toBe(false)
  })

  test('follows redirects, and not for ever', async () => {
    await using site = await startWebSite({
      '/1': redirect('/2', 301),
      '/2': redirect('3?x', 307),
      '/3': '<p>arrived at <a href="there">x</a>',
      '/loop': redirect('/loop'),
      '/nowhere': (response) => response.writeHead(302).end(),
    })
    expect(await site.read('/1', '?format=markdown')).toMatchObject({
      url: site.url('/1'),
      content: `arrived at [x](${site.url('/there')})`,
    })
    expect((await site.read('/loop')).error).toContain('redirect')
    expect(site.asked.filter(({ path }) => path === '/loop')).toHaveLength(6)
    expect((await site.read('/nowhere')).error).toContain('redirects to nowhere')
  })

  test('400: none, or more than five; 422: what is no list of addresses', async () => {
    await using site = await startWebSite({})
    for (const body of [[], { urls: [] }]) {
      expect(await site.scrape(body)).toMatchObject({ status: 400, body: { detail: 'At least one URL is required' } })
    }
    const six = Array.from({ length: 6 }, () => site.url('/'))
    for (const body of [six, { urls: six }]) {
      expect(await site.scrape(body)).toMatchObject({
        status: 400,
        body: { detail: 'Maximum 5 URLs allowed per request' },
      })
    }
    const bad = [
      undefined,
      null,
      7,
      {},
      { urls: 'x' },
      { urls: null },
      [7],
      [['x']],
      { 0: 'x', length: 1 },
      ['x'.repeat(8193)],
    ]
    for (const body of [...bad, Array.from({ length: 101 }, () => 'x')]) {
      expect((await site.scrape(body)).status).toBe(422)
    }
    for (const query of [
      'max_content_length=0',
      'max_content_length=-5',
      'max_content_length=200001',
      'max_content_length=x',
      'format=pdf',
    ]) {
      expect([query, (await site.scrape(['x'], `?${query}`)).status]).toEqual([query, 422])
    }
    expect(site.asked).toEqual([])
  })

  test('text that is no address is a failure of its own item', async () => {
    await using site = await startWebSite({ '/': '<p>x' })
    const { body } = await site.scrape(['example.com', '', 'file:///etc/passwd', 'http://[::1', ` ${site.url('/')} `])
    expect(body.results.map(({ success }: { success: boolean }) => success)).toEqual([false, false, false, false, true])
    expect(body.results[2].error).toBe('Only http and https URLs are allowed')
  })

  test('a name that does not exist and a port where nobody listens', async () => {
    await using site = await startWebSite({}, { env: { PRIVATE_HOSTS: 'localhost:9' } })
    const { body } = await site.scrape(['http://no-such-name.invalid/', 'http://localhost:9/'])
    expect(body.results.map(({ error }: { error: string }) => error)).toEqual([
      'Connection failed',
      'Connection failed',
    ])
  })
})

describe('the encoding of a page', () => {
  const page = (bytes: Buffer, contentType = 'text/html'): Page => typed(contentType, bytes)
  const text = 'Größe 北京 — ok'
  const utf16 = (mark: number[], body: Buffer) => Buffer.concat([Buffer.from(mark), body])
  test.each<[string, Page, string]>([
    ['UTF-8 that nobody declares', page(Buffer.from(text)), text],
    [
      'UTF-8 with a mark, whatever the header says',
      page(Buffer.from(`\ufeff${text}`), 'text/html; charset=koi8-r'),
      text,
    ],
    ['the header', page(Buffer.from('CAE8E5E2', 'hex'), 'text/html; charset=windows-1251'), 'Киев'],
    ['the header in quotes', page(Buffer.from('CAE8E5E2', 'hex'), 'text/html;charset="Windows-1251"'), 'Киев'],
    [
      'meta charset',
      page(Buffer.concat([Buffer.from('<meta charset=koi8-r>'), Buffer.from('EBC9C5D7', 'hex')])),
      'Киев',
    ],
    [
      'meta http-equiv',
      page(
        Buffer.concat([
          Buffer.from('<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">'),
          Buffer.from('938C8B9E', 'hex'),
        ]),
      ),
      '東京',
    ],
    [
      'an XML declaration',
      page(Buffer.concat([Buffer.from('<?xml version="1.0" encoding="gb18030"?>'), Buffer.from('B1B1BEA9', 'hex')])),
      '北京',
    ],
    ['a name that nobody knows', page(Buffer.from(text), 'text/html; charset=martian'), text],
    ['the header before meta', page(Buffer.from(`<meta charset=koi8-r>${text}`), 'text/html; charset=utf-8'), text],
    ['meta that cannot be true', page(Buffer.from(`<meta charset=utf-16>${text}`)), text],
    ['UTF-16 with a mark', page(utf16([0xff, 0xfe], Buffer.from(text, 'utf16le'))), text],
    [
      'bytes that are no UTF-8',
      page(Buffer.from('Größe über alles, sagte er früher; schöne Grüße', 'latin1')),
      'Größe über alles, sagte er früher; schöne Grüße',
    ],
    ['plain text', page(Buffer.from('CAE8E5E2', 'hex'), 'text/plain; charset=windows-1251'), 'Киев'],
  ])('%s', async (_, answer, expected) => {
    await using site = await startWebSite({ '/': answer })
    expect((await site.read('/')).content).toBe(expected)
  })
})
