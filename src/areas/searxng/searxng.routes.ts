import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { answeredAsText, documented } from '../../http/documented.ts'
import { jsonText } from '../../http/json-text.ts'
import { limited } from '../../http/rate-limit.ts'
import { requireUser } from '../../http/session.ts'
import { createScraper } from './scrape.service.ts'
import * as errors from './searxng.errors.ts'
import { EngineHealth, ScrapeBody, Scraped, ScrapeQuery, SearchAnswer, SearchQuery } from './searxng.schema.ts'
import { checkEngine, search } from './searxng.service.ts'

/** Web search (work.md 4). */
export const searxngRoutes = (deps: Deps) => {
  const scrape = createScraper(deps)
  return new Elysia({ name: 'areas.searxng', prefix: '/api/v1/searxng' })
    .use(requireUser(deps))
    .use(limited(deps))
    .get('/web', async ({ query }) => jsonText(await search(deps, query)), {
      user: true,
      limit: 'rateLimitSearch',
      query: SearchQuery,
      detail: {
        ...documented(
          'Search the web by SearXNG',
          errors.queryRequired,
          errors.engineDown,
          errors.jsonDisabled,
          errors.engineFailed,
          errors.tooManyRequests,
          errors.engineTimeout,
        ),
        ...answeredAsText(SearchAnswer),
      },
    })
    .post(
      '/scrape',
      ({ user, body, query, request }) =>
        scrape(user.id, Array.isArray(body) ? body : body.urls, {
          maxLength: query.max_content_length ?? 5000,
          format: query.format ?? 'text',
          signal: request.signal,
        }),
      {
        user: true,
        limit: 'rateLimitScrape',
        body: ScrapeBody,
        query: ScrapeQuery,
        response: Scraped,
        detail: documented(
          'Text of up to five web pages',
          errors.urlRequired,
          errors.tooManyUrls,
          errors.tooManyOwnScrapes,
          errors.tooManyRequests,
        ),
      },
    )
    .get('/health', () => checkEngine(deps), {
      user: true,
      response: EngineHealth,
      detail: documented('Whether SearXNG answers'),
    })
}
