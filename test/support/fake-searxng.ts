/** What the fake does; may be changed at any time. */
export interface SearxngScript {
  /** As `search.formats` in its settings.yml: it refuses what is not among them, as SearXNG does. */
  formats: string[]
  results: object[]
  /** Answers everything with this instead. */
  instead: (() => Response | Promise<Response>) | undefined
}

const page = '<!DOCTYPE html><html><head><title>SearXNG</title></head><body><main>search</main></body></html>'
const forbidden =
  '<!doctype html><title>403 Forbidden</title><h1>Forbidden</h1><p>You don&#39;t have the permission.</p>'
const html = { 'content-type': 'text/html; charset=utf-8' }
const timeRanges = ['day', 'week', 'month', 'year']

const answerSearch = (query: URLSearchParams, { formats, results }: SearxngScript): Response => {
  const format = query.get('format') ?? 'html'
  if (!formats.includes(format)) return new Response(forbidden, { status: 403, headers: html })
  if (format !== 'json') return new Response(page, { headers: html })
  const refuse = (error: string) => Response.json({ error }, { status: 400 })
  if (!query.get('q')) return refuse('No query')
  const timeRange = query.get('time_range')
  if (timeRange && !timeRanges.includes(timeRange))
    return refuse(`Invalid value "${timeRange}" for parameter time_range`)
  return Response.json({
    query: query.get('q'),
    number_of_results: 0,
    results,
    answers: [],
    corrections: [],
    infoboxes: [],
    suggestions: ['honey bees'],
    unresponsive_engines: [['wikipedia', 'timeout']],
  })
}

const bees = {
  url: 'https://bees.test/north',
  title: 'Bees of the north',
  content: 'Bumblebees fly in the cold 🐝',
  engine: 'shelf',
  parsed_url: ['https', 'bees.test', '/north', '', '', ''],
  template: 'default.html',
  engines: ['shelf'],
  positions: [1],
  score: 1.0,
  category: 'general',
}

/** SearXNG: `GET /search`, `GET /`. */
export const startFakeSearxng = (changes: Partial<SearxngScript> = {}, hostname = '127.0.0.1') => {
  const script: SearxngScript = { formats: ['html', 'json'], results: [bees], instead: undefined, ...changes }
  const requests: { path: string; query: Record<string, string>; headers: Headers }[] = []
  const server = Bun.serve({
    port: 0,
    hostname,
    // The server gives up, not this engine, which would do so at about the same time.
    idleTimeout: 0,
    fetch(request) {
      const { pathname: path, searchParams } = new URL(request.url)
      requests.push({ path, query: Object.fromEntries(searchParams), headers: request.headers })
      if (script.instead) return script.instead()
      if (path.endsWith('/search')) return answerSearch(searchParams, script)
      return path.endsWith('/') ? new Response(page, { headers: html }) : new Response('', { status: 404 })
    },
  })
  return {
    url: `http://${hostname}:${server.port}`,
    script,
    requests,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
