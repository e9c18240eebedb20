import type { TSchema } from '@sinclair/typebox'
import type { ErrorKind, ErrorStatus } from '../shared/app-error.ts'

interface DeclaredError {
  status: ErrorStatus
  code: string
  message?: string
}

/** The `detail` of a route: its summary for the OpenAPI page, and the failures of its own (the common ones are added by `http/docs`). */
export const documented = (summary: string, ...errors: (ErrorKind | DeclaredError)[]) => ({
  summary,
  'x-errors': errors.map(({ status, code, message }) => ({
    status,
    code,
    ...(message === undefined ? {} : { message }),
  })),
})

/**
 * Added to the `detail` of a route that answers with JSON text, instead of `response`: there is nothing to check, but the
 * document shows the schema.
 */
export const answeredAsText = (schema: TSchema) => ({
  responses: { 200: { description: 'OK', content: { 'application/json': { schema } } } },
})

/** The same for a route that answers with server-sent events, each of which is of this schema. */
export const answeredAsEvents = (schema: TSchema) => ({
  responses: { 200: { description: 'One line `data:` for each', content: { 'text/event-stream': { schema } } } },
})
