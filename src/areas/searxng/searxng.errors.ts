import { defineError, defineErrorWith } from '../../shared/app-error.ts'

export const queryRequired = defineError(400, 'searxng.query_required', 'Search query is required')
export const urlRequired = defineError(400, 'searxng.url_required', 'At least one URL is required')
export const tooManyUrls = defineError(400, 'searxng.too_many_urls', 'Maximum 5 URLs allowed per request')
export const engineDown = defineError(
  502,
  'searxng.unreachable',
  'Search service is not available. Please ensure SearXNG is running.',
)
export const jsonDisabled = defineErrorWith(
  502,
  'searxng.json_disabled',
  (answer: number | string) =>
    `Search service unavailable: ${answer}. SearXNG refuses to answer in JSON: add json to search.formats in its settings.yml.`,
)
export const engineFailed = defineErrorWith(
  502,
  'searxng.engine_failed',
  (reason: number | string) => `Search service unavailable: ${reason}`,
)
export const engineTimeout = defineError(504, 'searxng.timeout', 'Search service timeout - please try again')
export const tooManyRequests = defineError(
  503,
  'searxng.busy',
  'The server is sending as many requests as it can. Please try again in a moment.',
)
export const tooManyOwnScrapes = defineError(
  429,
  'searxng.too_many_scrapes',
  'You have as many pages under way as one user may have. Wait for them.',
)
