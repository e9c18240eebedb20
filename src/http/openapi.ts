import { completeAnswer, completeBody, completeParameter } from './openapi-content.ts'
import { type CommonFailure, errorResponses } from './openapi-errors.ts'
import { describeTags, tagOf, toOperationId } from './openapi-names.ts'
import type { OpenApiDocument, Operation } from './openapi-types.ts'

/** Who may call a route. */
export type Access = 'public' | 'user' | 'admin'

export interface DocumentedRoute {
  method: string
  /** With parameters as Elysia writes them: `/jobs/:jobId`. */
  path: string
  access: Access
}

const toTemplate = (path: string) => path.replaceAll(/:([^/?]+)\??/g, '{$1}')

const mapValues = <From, To>(
  values: Record<string, From>,
  map: (name: string, value: From) => To,
): Record<string, To> => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(name, value)]))

const isSafe = (method: string) => method === 'get' || method === 'head'

const when = (applies: boolean, ...failures: CommonFailure[]): CommonFailure[] => (applies ? failures : [])

/** The failures that follow from what a route is, in addition to those that it declares. */
const sharedFailures = (method: string, operation: Operation, access: Access): CommonFailure[] => {
  const hasBody = operation.requestBody !== undefined
  const hasInput = hasBody || (operation.parameters?.length ?? 0) > 0
  const isGuarded = access !== 'public'
  return [
    ...when(isGuarded, 'Unauthenticated'),
    ...when(access === 'admin', 'AdminRequired'),
    ...when(isGuarded && !isSafe(method), 'OriginNotAllowed'),
    ...when(hasBody, 'BodyTooLarge', 'UnsupportedMediaType'),
    ...when(hasInput, 'Invalid'),
    'RateLimited',
    'Internal',
  ]
}

const completeOperation = (method: string, path: string, operation: Operation, access: Access): Operation => {
  const { 'x-errors': declared = [], parameters = [], requestBody, responses, ...rest } = operation
  return {
    ...rest,
    tags: [tagOf(path)],
    operationId: toOperationId(method, path),
    ...(access === 'public' ? {} : { security: [{ bearer: [] }, { cookie: [] }] }),
    ...(parameters.length > 0 ? { parameters: parameters.map(completeParameter) } : {}),
    ...(requestBody ? { requestBody: completeBody(requestBody) } : {}),
    responses: {
      ...mapValues(responses, completeAnswer),
      ...errorResponses(sharedFailures(method, operation, access), declared),
    },
  }
}

/**
 * Makes a valid OpenAPI 3.0.3 document out of what the generator writes, and adds what it cannot know: who may call a
 * route and how each one fails. Changes nothing of its arguments.
 */
export const completeOpenApi = (generated: OpenApiDocument, routes: DocumentedRoute[]): OpenApiDocument => {
  // Also drops the members that the generator leaves undefined.
  const document: OpenApiDocument = JSON.parse(JSON.stringify(generated))
  const access = new Map(
    routes.map((route) => [`${route.method.toLowerCase()} ${toTemplate(route.path)}`, route.access]),
  )
  const accessOf = (method: string, path: string) => access.get(`${method} ${path}`) ?? 'public'
  return {
    ...document,
    tags: describeTags(new Set(Object.keys(document.paths).map(tagOf))),
    paths: mapValues(document.paths, (path, operations) =>
      mapValues(operations, (method, operation) => completeOperation(method, path, operation, accessOf(method, path))),
    ),
  }
}
