import { describe, expect, test } from 'bun:test'
import { startFakeSearxng } from '../support/fake-searxng.ts'
import { type TestServer, testApp } from '../support/test-app.ts'

const startSearch = (env: Record<string, string> = {}) => {
  const engine = startFakeSearxng()
  const server = testApp({ env: { SEARXNG_URL: engine.url, ...env } })
  return {
    engine,
    server,
    ada: server.as('ada'),
    search: (query: string) => server.as('ada')('GET', `/api/v1/searxng/web?${query}`),
    [Symbol.asyncDispose]: async () => {
      await server.stop()
      await engine[Symbol.asyncDispose]()
    },
  }
}

/** ada is the administrator. */
const saveAddress = (server: TestServer, value: unknown, name = 'ada', scope = 'system') =>
  server.as(name)('POST', '/api/v1/settings/instances', {
    definition_id: 'searxng_settings',
    name: 'SearXNG',
    scope,
    value,
  })

describe('GET /api/v1/searxng/web', () => {
  test('200: the answer of SearXNG, as it is', async () => {
    await using setup = startSearch()
    const { status, body, headers } = await setup.search('q=bees&category=general&language=en&safesearch=1')
    expect(status).toBe(200)
    expect(headers.get('content-type')).toContain('application/json')
    expect(body).toMatchObject({ query: 'bees', number_of_results: 0, suggestions: ['honey bees'] })
    expect(body.results[0]).toMatchObject({ title: 'Bees of the north', positions: [1], score: 1 })
    expect(body.results[0].content).toContain('🐝')
    expect(body.unresponsive_engines).toEqual([['wikipedia', 'timeout']])
    expect(body.data).toBeUndefined()
  })

  test('asks with the defaults, a trimmed query and what SearXNG calls categories', async () => {
    await using setup = startSearch()
    await setup.search('q=%20caf%C3%A9%20%26%20tea%20')
    expect(setup.engine.requests[0]).toMatchObject({
      path: '/search',
      query: { q: 'café & tea', format: 'json', categories: 'general', language: 'en', safesearch: '1' },
    })
    expect(Object.keys(setup.engine.requests[0]?.query ?? {})).toHaveLength(5)
    const { headers } = setup.engine.requests[0] ?? {}
    expect(headers?.get('user-agent')).toBe('BrainDrive/1.0')
    expect(headers?.get('accept')).toBe('application/json')
    expect(headers?.get('authorization')).toBeNull()
  })

  test.each([
    ['category=science', { categories: 'science' }],
    ['categories=science,it', { categories: 'science,it' }],
    ['categories=news&category=science', { categories: 'news' }],
    ['category=&language=&time_range=&engines=', { categories: 'general', language: 'en' }],
    ['language=de-AT', { language: 'de-AT' }],
    ['safesearch=0', { safesearch: '0' }],
    ['safesearch=2', { safesearch: '2' }],
    ['time_range=month', { time_range: 'month' }],
    ['engines=duckduckgo,wikipedia', { engines: 'duckduckgo,wikipedia' }],
    ['format=html&pageno=9', { format: 'json' }],
  ])('%s', async (query, expected) => {
    await using setup = startSearch()
    expect((await setup.search(`q=x&${query}`)).status).toBe(200)
    expect(setup.engine.requests[0]?.query).toMatchObject(expected)
    expect(setup.engine.requests[0]?.query['pageno']).toBeUndefined()
  })

  test('400: an empty query; 422: no query, and values that are none', async () => {
    await using setup = startSearch()
    for (const query of ['q=', 'q=%20%0A']) {
      expect(await setup.search(query)).toMatchObject({ status: 400, body: { detail: 'Search query is required' } })
    }
    const bad = [
      'safesearch=3',
      'safesearch=-1',
      'safesearch=x',
      'time_range=hour',
      'language=a%20b',
      `engines=${'x'.repeat(501)}`,
    ]
    for (const query of ['', `q=${'x'.repeat(2001)}`, ...bad.map((one) => `q=x&${one}`)]) {
      expect([query.slice(0, 20), (await setup.search(query)).status]).toEqual([query.slice(0, 20), 422])
    }
    expect(setup.engine.requests).toEqual([])
  })

  test('502: SearXNG is down', async () => {
    await using server = testApp({ env: { SEARXNG_URL: 'http://127.0.0.1:9' } })
    const detail = 'Search service is not available. Please ensure SearXNG is running.'
    const answer = await server.as('ada')('GET', '/api/v1/searxng/web?q=x')
    expect(answer).toMatchObject({ status: 502, body: { detail, code: 'searxng.unreachable' } })
  })

  test('502: JSON is switched off, and the answer says what to do', async () => {
    await using setup = startSearch()
    setup.engine.script.formats = ['html']
    const refused = await setup.search('q=x')
    expect(refused).toMatchObject({ status: 502, body: { code: 'searxng.json_disabled' } })
    expect(refused.body.detail).toStartWith('Search service unavailable: 403')
    expect(refused.body.detail).toContain('add json to search.formats')
    // Behind some proxies a page comes instead.
    setup.engine.script.instead = () =>
      new Response('<html>Sign in</html>', { headers: { 'content-type': 'text/html' } })
    const page = await setup.search('q=x')
    expect(page).toMatchObject({ status: 502, body: { code: 'searxng.json_disabled' } })
    expect(page.body.detail).not.toContain('Sign in')
  })

  test.each([
    [429, 'limiter'],
    [500, '500'],
    [302, 'redirects'],
  ])('502: SearXNG answers %d', async (status, word) => {
    await using setup = startSearch()
    setup.engine.script.instead = () => new Response('secret', { status, headers: { location: 'http://127.0.0.1:1/' } })
    const { status: answered, body } = await setup.search('q=x')
    expect([answered, body.code]).toEqual([502, 'searxng.engine_failed'])
    expect(body.detail).toStartWith(`Search service unavailable: ${status}`)
    expect(body.detail).toContain(word)
    expect(body.detail).not.toContain('secret')
  })

  test('502: an answer without end is not read to its end, nor one that is too deep or broken', async () => {
    await using setup = startSearch()
    let sent = 0
    setup.engine.script.instead = () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            sent += 65_536
            controller.enqueue(new Uint8Array(65_536).fill(91))
          },
        }),
      )
    expect((await setup.search('q=x')).body.detail).toBe('Search service unavailable: its answer is too long')
    expect(sent).toBeLessThan(16_000_000)
    for (const text of ['[]', '"x"', '{"results":', '['.repeat(1_000_000), '\xff']) {
      setup.engine.script.instead = () => new Response(text)
      expect(await setup.search('q=x')).toMatchObject({ status: 502, body: { code: 'searxng.json_disabled' } })
    }
  })

  test('504: silence', async () => {
    await using setup = startSearch()
    setup.engine.script.instead = () => new Promise(() => undefined)
    const answer = await setup.search('q=x')
    const detail = 'Search service timeout - please try again'
    expect(answer).toMatchObject({ status: 504, body: { detail, code: 'searxng.timeout' } })
  }, 30_000)

  test('429: too many searches, counted apart from pages', async () => {
    await using setup = startSearch({ RATE_LIMIT: 'on', RATE_LIMIT_SEARCH: '1/60', RATE_LIMIT_SCRAPE: '1/60' })
    expect((await setup.search('q=x')).status).toBe(200)
    const refused = await setup.search('q=x')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60'])
    expect((await setup.ada('POST', '/api/v1/searxng/scrape', ['x'])).status).toBe(200)
    expect((await setup.ada('POST', '/api/v1/searxng/scrape', ['x'])).status).toBe(429)
  })
})

describe('the address of SearXNG', () => {
  test('an administrator sets it for everybody, at once and before SEARXNG_URL', async () => {
    await using setup = startSearch()
    await using other = startFakeSearxng()
    await setup.ada('GET', '/api/v1/auth/me')
    for (const value of [{ url: `${other.url}/` }, other.url, JSON.stringify({ url: other.url })]) {
      expect((await saveAddress(setup.server, value)).status).toBe(200)
      expect((await setup.server.as('bob')('GET', '/api/v1/searxng/web?q=x')).status).toBe(200)
      const { body } = await setup.server.as('bob')('GET', '/api/v1/searxng/health')
      expect(body).toEqual({ status: 'healthy', searxng_url: other.url, accessible: true })
    }
    expect(setup.engine.requests).toEqual([])
    expect(other.requests).toHaveLength(6)
  })

  test('an empty setting leaves SEARXNG_URL', async () => {
    await using setup = startSearch()
    for (const value of [{ url: '' }, {}, '', null]) {
      await saveAddress(setup.server, value)
      expect((await setup.search('q=x')).status).toBe(200)
    }
  })

  test('a path is kept', async () => {
    await using engine = startFakeSearxng()
    await using server = testApp({ env: { SEARXNG_URL: `${engine.url}/searx/` } })
    expect((await server.as('ada')('GET', '/api/v1/searxng/web?q=x')).status).toBe(200)
    expect((await server.as('ada')('GET', '/api/v1/searxng/health')).body.accessible).toBe(true)
    expect(engine.requests.map(({ path }) => path)).toEqual(['/searx/search', '/searx/'])
  })

  test('what no administrator set counts for nobody', async () => {
    await using setup = startSearch()
    await setup.ada('GET', '/api/v1/auth/me')
    const value = { url: 'http://127.0.0.1:9' }
    expect((await saveAddress(setup.server, value, 'bob')).status).toBe(403)
    expect((await saveAddress(setup.server, value, 'bob', 'user')).status).toBe(200)
    expect((await saveAddress(setup.server, value, 'ada', 'user')).status).toBe(200)
    expect((await setup.server.as('bob')('GET', '/api/v1/searxng/web?q=x')).status).toBe(200)
    expect((await setup.search('q=x')).status).toBe(200)
  })

  test('502: a setting that is no address does not lead to another engine', async () => {
    await using setup = startSearch()
    for (const value of [
      { url: 'search.home' },
      { url: 7 },
      { url: 'ftp://search.home' },
      { url: 'http://a.test/?x=' },
      { url: 'http://ada:secret@a.test' },
      [1],
    ]) {
      await saveAddress(setup.server, value)
      expect(await setup.search('q=x')).toMatchObject({ status: 502, body: { code: 'searxng.engine_failed' } })
      const { body } = await setup.ada('GET', '/api/v1/searxng/health')
      expect(body).toMatchObject({ status: 'unhealthy', accessible: false })
      expect(body.error).toContain('searxng_settings')
      expect(JSON.stringify(body)).not.toContain('secret')
    }
    expect(setup.engine.requests).toEqual([])
  })
})

describe('GET /api/v1/searxng/health', () => {
  test('401 for strangers: it tells an address', async () => {
    await using setup = startSearch()
    expect((await setup.server.call('GET', '/api/v1/searxng/health')).status).toBe(401)
    expect(setup.engine.requests).toEqual([])
  })

  test('200 also when SearXNG is down, refuses or is silent', async () => {
    await using setup = startSearch()
    const health = async () => {
      const { status, body } = await setup.ada('GET', '/api/v1/searxng/health')
      expect(status).toBe(200)
      return body
    }
    const url = setup.engine.url
    expect(await health()).toEqual({ status: 'healthy', searxng_url: url, accessible: true })
    const bad = { status: 'unhealthy', searxng_url: url, accessible: false }
    setup.engine.script.instead = () => new Response('', { status: 503 })
    expect(await health()).toEqual({ ...bad, error: 'HTTP 503' })
    setup.engine.script.instead = () => Response.redirect('http://127.0.0.1:1/')
    expect(await health()).toEqual({ ...bad, error: 'HTTP 302' })
    setup.engine.script.instead = () => new Promise(() => undefined)
    expect(await health()).toEqual({ ...bad, error: 'Timeout' })
    await setup.engine[Symbol.asyncDispose]()
    expect(await health()).toEqual({ ...bad, error: 'Connection failed' })
  }, 30_000)
})
