import { Elysia, ParseError, ValidationError } from 'elysia'
import type { Deps } from '../deps.ts'
import { AppError } from '../shared/app-error.ts'
import type { Log } from '../shared/log.ts'
import { JsonSyntaxError } from './body.ts'
import { requestInfo } from './request-info.ts'
import { FieldError, toValidationDetails, type ValidationDetail } from './validation-details.ts'

interface Answer {
  status: number
  headers?: Record<string, string>
  body: { detail: string | object; code: string }
}

/** Methods that a path answers to, or undefined for an unknown path. */
export type AllowedMethods = (path: string) => string[] | undefined

const internal: Answer = { status: 500, body: { detail: 'Internal server error', code: 'internal' } }

const validation = (detail: ValidationDetail[]): Answer => ({ status: 422, body: { detail, code: 'http.validation' } })

const malformedJson = (): Answer => validation([{ type: 'json_invalid', loc: ['body'], msg: 'JSON decode error' }])

const notFound = (path: string, allowedMethods: AllowedMethods): Answer => {
  const allow = allowedMethods(path)
  if (!allow) return { status: 404, body: { detail: 'Not Found', code: 'http.not_found' } }
  const body = { detail: 'Method Not Allowed', code: 'http.method_not_allowed' }
  return { status: 405, headers: { allow: allow.join(', ') }, body }
}

const toAnswer = (error: unknown): Answer => {
  if (error instanceof AppError) {
    const { status, headers, detail = error.message, code } = error
    return { status, headers, body: { detail, code } }
  }
  if (error instanceof JsonSyntaxError) return malformedJson()
  if (error instanceof FieldError) return validation([error.detail])
  if (error instanceof ParseError) return error.cause === undefined ? malformedJson() : toAnswer(error.cause)
  // A response that breaks its own schema is our mistake, not the client's (design.md 2, fact 7).
  if (error instanceof ValidationError && error.type !== 'response') return validation(toValidationDetails(error))
  return internal
}

/** The message of a `ValidationError` quotes the whole answer that was refused: only the places go to the log. */
const forLog = (error: unknown): unknown =>
  error instanceof ValidationError
    ? new Error(
        `answer breaks its schema at ${toValidationDetails(error)
          .map(({ loc }) => loc.join('.'))
          .join(', ')}`,
      )
    : error

/** What we declared (busy, upstream down) is a warning without a stack; everything else is a mistake of ours. */
const logFailure = (log: Log, error: unknown, fields: { status: number; requestId: string; route: string }) => {
  if (fields.status < 500) return
  if (!(error instanceof AppError)) return log.error('request failed', { ...fields, error: forLog(error) })
  const { code, context, cause } = error
  log.warn('request refused', {
    ...fields,
    code,
    ...(context ? { context } : {}),
    ...(cause === undefined ? {} : { cause }),
  })
}

/**
 * The only writer of error bodies: `{"detail": string, "code": string}` (an object for failed installations, plugins.md
 * B2.4), or for validation a list of what is wrong and where, never an echo of what was sent (contract decision 8).
 */
export const errorEnvelope = ({ log }: Pick<Deps, 'log'>, allowedMethods: AllowedMethods) =>
  new Elysia({ name: 'http.error-envelope' }).onError(
    { as: 'global' },
    ({ code, error, request, set, path, route }) => {
      const answer = code === 'NOT_FOUND' ? notFound(path, allowedMethods) : toAnswer(error)
      logFailure(log, error, { status: answer.status, requestId: requestInfo(request).id, route })
      set.status = answer.status
      Object.assign(set.headers, answer.headers, { 'content-type': 'application/json' })
      return answer.body
    },
  )
