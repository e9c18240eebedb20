import { Elysia, ParseError, ValidationError } from 'elysia'
import type { Deps } from '../deps.ts'
import { AppError } from '../shared/app-error.ts'
import { JsonSyntaxError } from './body.ts'
import { requestInfo } from './request-info.ts'
import { toValidationDetails, type ValidationDetail } from './validation-details.ts'

interface Answer {
  status: number
  headers?: Record<string, string>
  body: { detail: string | ValidationDetail[]; code: string }
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
    return { status: error.status, headers: error.headers, body: { detail: error.message, code: error.code } }
  }
  if (error instanceof JsonSyntaxError) return malformedJson()
  if (error instanceof ParseError) return error.cause === undefined ? malformedJson() : toAnswer(error.cause)
  // A response that breaks its own schema is our mistake, not the client's (design.md 2, fact 7).
  if (error instanceof ValidationError && error.type !== 'response') return validation(toValidationDetails(error))
  return internal
}

/**
 * The only writer of error bodies: `{"detail": string, "code": string}`, or for validation a list of what is wrong and
 * where, never an echo of what was sent (contract decision 8).
 */
export const errorEnvelope = ({ log }: Pick<Deps, 'log'>, allowedMethods: AllowedMethods) =>
  new Elysia({ name: 'http.error-envelope' }).onError({ as: 'global' }, ({ code, error, request, set, path }) => {
    const answer = code === 'NOT_FOUND' ? notFound(path, allowedMethods) : toAnswer(error)
    if (answer.status >= 500) log.error('request failed', { error, requestId: requestInfo(request).id, path })
    set.status = answer.status
    Object.assign(set.headers, answer.headers)
    return answer.body
  })
