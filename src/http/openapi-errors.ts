import { STATUS_CODES } from 'node:http'
import { bodyTooLarge } from './body.ts'
import { accessCookie, adminRequired, invalidToken, notAuthenticated, originNotAllowed } from './session.ts'
import type { DeclaredError, OpenApiResponse } from './openapi-types.ts'

const ErrorBody = {
  type: 'object',
  required: ['detail', 'code'],
  properties: {
    detail: { type: 'string', description: 'For people' },
    code: { type: 'string', description: 'For programs: `area.reason`' },
  },
}

const ValidationErrorBody = {
  type: 'object',
  required: ['detail', 'code'],
  properties: {
    detail: {
      type: 'array',
      items: {
        type: 'object',
        required: ['type', 'loc', 'msg'],
        properties: {
          type: { type: 'string' },
          loc: {
            type: 'array',
            description: 'Where: `body`, `query` or `path`, then names and indexes',
            items: { anyOf: [{ type: 'string' }, { type: 'integer' }] },
          },
          msg: { type: 'string' },
        },
      },
    },
    code: { type: 'string' },
  },
}

type Failure = Omit<DeclaredError, 'status'>

const rateLimited = { code: 'http.rate_limited', message: 'Rate limit exceeded. Please try again later.' }
const unsupportedType = { code: 'http.unsupported_media_type', message: 'Send the body as application/json' }
const internal = { code: 'internal', message: 'Internal server error' }
const exampleLimitBytes = 5_242_880

/** Names of the components for failures that many routes share. */
export type CommonFailure =
  | 'Unauthenticated'
  | 'AdminRequired'
  | 'OriginNotAllowed'
  | 'BodyTooLarge'
  | 'UnsupportedMediaType'
  | 'Invalid'
  | 'RateLimited'
  | 'Internal'

const common: Record<CommonFailure, { status: number; errors: Failure[] }> = {
  Unauthenticated: { status: 401, errors: [notAuthenticated, invalidToken] },
  AdminRequired: { status: 403, errors: [adminRequired] },
  OriginNotAllowed: { status: 403, errors: [originNotAllowed] },
  BodyTooLarge: { status: 413, errors: [bodyTooLarge(exampleLimitBytes)] },
  UnsupportedMediaType: { status: 415, errors: [unsupportedType] },
  Invalid: { status: 422, errors: [] },
  RateLimited: { status: 429, errors: [rateLimited] },
  Internal: { status: 500, errors: [internal] },
}

const errorRef = { $ref: '#/components/schemas/Error' }
const validationRef = { $ref: '#/components/schemas/ValidationError' }
const validationExample = {
  summary: 'What was sent does not fit the schema',
  value: { detail: [{ type: 'missing', loc: ['body', 'name'], msg: 'Field required' }], code: 'http.validation' },
}

const toResponse = (status: number, errors: Failure[], isValidation: boolean): OpenApiResponse => {
  const title = STATUS_CODES[status] ?? String(status)
  const examples: [string, unknown][] = errors.map(({ code, message }) => {
    const detail = message ?? title
    return [code, { summary: detail, value: { detail, code } }]
  })
  if (isValidation) examples.unshift(['http.validation', validationExample])
  const validation = errors.length > 0 ? { oneOf: [validationRef, errorRef] } : validationRef
  const schema = isValidation ? validation : errorRef
  // The page shows one example at a time, but the description as a whole.
  const codes = errors.map(({ code }) => `\`${code}\``).join(', ')
  const description = errors.length > 1 ? `${title}: ${codes}` : title
  return { description, content: { 'application/json': { schema, examples: Object.fromEntries(examples) } } }
}

/**
 * The failures of one route by status. What several routes share is a reference; a status that the route also has
 * failures of its own for is written out with all of them.
 */
export const errorResponses = (shared: CommonFailure[], declared: DeclaredError[]): Record<string, OpenApiResponse> => {
  const statuses = new Set([...shared.map((name) => common[name].status), ...declared.map(({ status }) => status)])
  const entries = [...statuses]
    .toSorted((one, other) => one - other)
    .map((status) => {
      const names = shared.filter((name) => common[name].status === status)
      const own = declared.filter((error) => error.status === status)
      if (own.length === 0 && names.length === 1) return [status, { $ref: `#/components/responses/${names[0]}` }]
      const errors = [...names.flatMap((name) => common[name].errors), ...own]
      return [status, toResponse(status, errors, names.includes('Invalid'))]
    })
  return Object.fromEntries(entries)
}

export const commonComponents = {
  schemas: { Error: ErrorBody, ValidationError: ValidationErrorBody },
  responses: Object.fromEntries(
    Object.entries(common).map(([name, { status, errors }]) => [name, toResponse(status, errors, name === 'Invalid')]),
  ),
  securitySchemes: {
    bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    cookie: { type: 'apiKey', in: 'cookie', name: accessCookie },
  },
}
