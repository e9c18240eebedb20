import { t } from 'elysia'
import { IntegerInput, Nullable } from '../../http/wire-types.ts'
import { JsonObject } from '../../http/json-object.ts'

const names = (description: string) => t.Optional(t.String({ maxLength: 500, description }))

/** work.md 4. An empty value counts as left out. */
export const SearchQuery = t.Object({
  q: t.String({ maxLength: 2000 }),
  categories: names('Names, separated by commas; `general` by default'),
  category: names('Another name of `categories`'),
  engines: names('Names of SearXNG’s engines, separated by commas; all by default'),
  language: t.Optional(
    t.String({
      maxLength: 35,
      pattern: '^[A-Za-z0-9_-]*$',
      description: 'Such as `en`, `de-AT`, `all`; `en` by default',
    }),
  ),
  time_range: t.Optional(t.Union(['', 'day', 'week', 'month', 'year'].map((one) => t.Literal(one)))),
  safesearch: t.Optional(
    IntegerInput({ minimum: 0, maximum: 2, default: 1, description: '0 off, 1 moderate, 2 strict' }),
  ),
})
export type SearchQuery = typeof SearchQuery.static

/** What SearXNG sends is passed on as it is; other members may be there. */
export const SearchAnswer = t.Object({
  query: t.String(),
  number_of_results: t.Number(),
  results: t.Array(JsonObject('`title`, `url`, `content`, `engine`, `score`, `category` …')),
  answers: t.Array(t.Any()),
  corrections: t.Array(t.String()),
  infoboxes: t.Array(JsonObject()),
  suggestions: t.Array(t.String()),
  unresponsive_engines: t.Array(t.Any()),
})

/** The contract answers 400 to more than five; the schema bounds what is looked at. */
const Urls = t.Array(t.String({ maxLength: 8192 }), { maxItems: 100, description: 'One to five addresses of pages' })

/** work.md 4: clients send a bare list, the public reference documents an object. */
export const ScrapeBody = t.Union([Urls, t.Object({ urls: Urls })])

export const ScrapeQuery = t.Object({
  max_content_length: t.Optional(
    IntegerInput({ minimum: 1, maximum: 200_000, default: 5000, description: 'Characters of each page' }),
  ),
  format: t.Optional(t.Union([t.Literal('text'), t.Literal('markdown')], { default: 'text' })),
})

const ScrapedPage = t.Object({
  url: t.String({ description: 'As it was sent' }),
  success: t.Boolean(),
  content: t.String({ description: 'Title and main content; `...` at the end when it was cut' }),
  content_length: t.Optional(t.Integer()),
  title: t.Optional(Nullable(t.String())),
  truncated: t.Optional(t.Boolean({ description: 'Whether the page has more' })),
  error: t.Optional(t.String()),
})
export type ScrapedPage = typeof ScrapedPage.static

export const Scraped = t.Object({
  results: t.Array(ScrapedPage, { description: 'In the order of the request' }),
  summary: t.Object({
    total_urls: t.Integer(),
    successful_scrapes: t.Integer(),
    total_content_length: t.Integer(),
  }),
})
export type Scraped = typeof Scraped.static

export const EngineHealth = t.Object({
  status: t.Union([t.Literal('healthy'), t.Literal('unhealthy')]),
  searxng_url: t.String(),
  accessible: t.Boolean(),
  error: t.Optional(t.String()),
})
export type EngineHealth = typeof EngineHealth.static
