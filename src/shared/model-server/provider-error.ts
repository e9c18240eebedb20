import { UpstreamError } from '../upstream-error.ts'
import { parseJson, stringAt } from '../json-fields.ts'
import { ERROR_LIMIT_BYTES, ERROR_MESSAGE_LIMIT } from './limits.ts'
import { readText } from './response-body.ts'
import type { ServerAccess } from './server-access.ts'

const REDACTED = '[redacted]'
// Keys of other accounts too: a gateway may echo the one that it uses itself.
const KEY_LIKE = /\bg?sk[-_][^\s"'`,;)]+|\bBearer\s+[^\s"'`,;)]{8,}/gi
const TAGS = /<[^>]*>|[<>]/g
// C0 and C1 control characters, and the marks that reorder or hide text.
const UNPRINTABLE = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/gu

const redactKeys = (text: string, apiKey: string | undefined) => {
  const key = apiKey?.trim()
  return (key ? text.replaceAll(key, REDACTED) : text).replaceAll(KEY_LIKE, REDACTED)
}

/** What a server says while it works, without the key that it was sent and without any other. */
export const withoutKeys = (text: string, { apiKey }: ServerAccess): string => redactKeys(text, apiKey).toWellFormed()

const shorten = (text: string) =>
  text.length <= ERROR_MESSAGE_LIMIT ? text : `${text.slice(0, ERROR_MESSAGE_LIMIT - 1)}…`

/** Keys go before tags and tags before the cut, so that no step can hide half a key from the next one. */
const toSafeText = (text: string, apiKey: string | undefined) =>
  shorten(redactKeys(redactKeys(text.replaceAll(UNPRINTABLE, ' '), apiKey).replaceAll(TAGS, ''), apiKey).trim())

const findMessage = (json: unknown) =>
  stringAt(json, 'error', 'message') ?? stringAt(json, 'error') ?? stringAt(json, 'detail') ?? stringAt(json, 'message')

/**
 * The error of an answer that is not 2xx: `UpstreamError` `status` with the provider's own explanation when its JSON has
 * one (`error.message`, `error`, `detail` or `message`), in at most 300 characters of plain text without any key.
 * Reads at most 64 KiB of the body, then closes it. An abort while reading gives `aborted`.
 */
export const toStatusError = async (
  response: Response,
  server: ServerAccess,
  signal: AbortSignal,
): Promise<UpstreamError> => {
  const { status } = response
  const body = await readText(response, ERROR_LIMIT_BYTES, signal).catch(() => '')
  if (signal.aborted) return new UpstreamError('aborted', 'The request was cancelled', { cause: signal.reason })
  const message = findMessage(parseJson(body))?.trim()
  const text = message ? `The model server answered ${status}: ${message}` : `The model server answered ${status}`
  return new UpstreamError('status', toSafeText(text, server.apiKey), { status })
}

/** Throws `UpstreamError` `in_band` when a JSON answer or event with status 200 carries an `error` after all. */
export const throwInBandError = (json: unknown, server: ServerAccess): void => {
  const error = typeof json === 'object' && json !== null && 'error' in json ? json.error : undefined
  if (!error) return
  const message = findMessage(json)?.trim() || 'The model server reported an error without an explanation'
  throw new UpstreamError('in_band', toSafeText(message, server.apiKey))
}
