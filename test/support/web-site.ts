import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type TestAppOptions, testApp } from './test-app.ts'

export type Page = string | Buffer | ((response: ServerResponse, request: IncomingMessage) => void)

/**
 * A web site on loopback that the server may read (`PRIVATE_HOSTS`), and the server. A page is its HTML, or writes its
 * answer itself. `hosts`: further `host:port` entries.
 */
export const startWebSite = async (pages: Record<string, Page>, options: TestAppOptions = {}) => {
  const asked: { path: string; headers: IncomingMessage['headers'] }[] = []
  let open = 0
  const site = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push({ path, headers: request.headers })
    open++
    response.on('close', () => void open--)
    const page = pages[path.split('?')[0] ?? '']
    if (page === undefined) return response.writeHead(404).end()
    if (typeof page === 'function') return page(response, request)
    return response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page)
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  const { port } = site.address() as { port: number }
  const server = testApp({ ...options, env: { PRIVATE_HOSTS: `localhost:${port}`, ...options.env } })
  const ada = server.as('ada')
  return {
    server,
    port,
    asked,
    pages,
    /** Answers that are still being written. */
    openAnswers: () => open,
    url: (path: string) => `http://localhost:${port}${path}`,
    scrape: (urls: unknown, query = '') => ada('POST', `/api/v1/searxng/scrape${query}`, urls),
    /** The text of one page. */
    read: async (path: string, query = '') => {
      const { body } = await ada('POST', `/api/v1/searxng/scrape${query}`, [`http://localhost:${port}${path}`])
      return body.results[0]
    },
    [Symbol.asyncDispose]: async () => {
      await server.stop()
      site.closeAllConnections()
      await new Promise((resolve) => site.close(resolve))
    },
  }
}
