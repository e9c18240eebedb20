import { Elysia } from 'elysia'
import type { Deps } from '../deps.ts'
import { AppError, defineError } from '../shared/app-error.ts'
import { boundLists, hasLists } from './request-lists.ts'
import { FieldError } from './validation-details.ts'
import { maxBodyBytes } from './wire-types.ts'

const unsupportedType = defineError(415, 'http.unsupported_media_type', 'Send the body as application/json')
const tooDeep = defineError(422, 'http.too_deep', 'The body is nested too deeply')
export const incompleteBody = defineError(
  400,
  'http.incomplete_body',
  'The connection was closed before the whole body came',
)
const undecodable = defineError(400, 'http.undecodable', 'There was an error parsing the body')
const maxDepth = 64
const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket] = [34, 92, 123, 125, 91, 93]

const megabytes = (bytes: number, digits: number) => (bytes / 1_048_576).toFixed(digits)

export const bodyTooLarge = (limitBytes: number, receivedBytes?: number) => {
  const received = receivedBytes === undefined ? '' : `, received ${megabytes(receivedBytes, 2)}MB`
  const message = `Request body too large. Maximum size is ${megabytes(limitBytes, 1)}MB${received}`
  return new AppError({ status: 413, code: 'http.body_too_large', message }, { headers: { connection: 'close' } })
}

/** Malformed JSON, in the shape of auth.md 1.1. */
export class JsonSyntaxError extends Error {
  override name = 'JsonSyntaxError'
}

/** Reads a body as text and counts while reading, since a chunked body announces no length. */
export const readText = async (request: Request, limitBytes: number): Promise<string> => {
  const announced = Number(request.headers.get('content-length') ?? Number.NaN)
  if (announced > limitBytes) throw bodyTooLarge(limitBytes, announced)
  const bytes = await readBytes(request, announced, limitBytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw undecodable()
  }
}

const readBytes = async (request: Request, announced: number, limitBytes: number): Promise<Uint8Array> => {
  try {
    // The server never hands over more than what was announced.
    return announced >= 0 ? await request.bytes() : await readCounted(request, limitBytes)
  } catch (error) {
    // Who hangs up in the middle is no failure of ours.
    throw request.signal.aborted || (error as Error).name === 'AbortError' ? incompleteBody() : error
  }
}

const readCounted = async (request: Request, limitBytes: number): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of request.body ?? []) {
    size += piece.byteLength
    if (size > limitBytes) throw bodyTooLarge(limitBytes)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/**
 * A stack overflow in some later recursion is no answer: refuse what nobody sends. Judged on the text, which takes
 * milliseconds where walking millions of parsed values takes a second.
 */
const isTooDeep = (text: string): boolean => {
  let depth = 0
  let isInString = false
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (isInString) {
      if (code === backslash) index++
      else if (code === quote) isInString = false
    } else if (code === quote) isInString = true
    else if (code === openBrace || code === openBracket) {
      if (++depth > maxDepth) return true
    } else if (code === closeBrace || code === closeBracket) depth--
  }
  return false
}

const parseJson = (text: string): unknown => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new JsonSyntaxError((error as Error).message)
  }
  if (isTooDeep(text)) throw tooDeep()
  return value
}

const isJson = (contentType: string) =>
  contentType === '' || contentType === 'application/json' || /^application\/[\w.-]+\+json$/.test(contentType)

interface BodySchema {
  type?: string
  anyOf?: BodySchema[]
}

interface Route {
  method: string
  path: string
  hooks: { body?: unknown; parse?: unknown }
}

/** Types at the top of a schema, e.g. `object` and `null`. */
const topTypes = (schema: BodySchema | undefined): string[] =>
  schema?.anyOf ? schema.anyOf.flatMap(topTypes) : [schema?.type ?? 'any']

const typeOf = (value: unknown) => {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

/**
 * Elysia makes an object of whatever comes before it checks a schema that wants one: `[]` and nothing at all would pass
 * as `{}`. What really came is remembered, and judged once it is known who asks.
 */
const rememberTypes = (listRoutes: () => Route[]) => {
  const sent = new WeakMap<Request, string>()
  let accepted: Map<string, string[]> | undefined
  return {
    remember: (request: Request, value: unknown) => {
      if (typeOf(value) !== 'object') sent.set(request, typeOf(value))
    },
    check: (request: Request, route: string) => {
      const type = sent.get(request)
      if (type === undefined) return
      accepted ??= new Map(
        listRoutes().map(({ method, path, hooks }) => [
          `${method} ${path}`,
          topTypes(hooks.body as BodySchema | undefined),
        ]),
      )
      const types = accepted.get(`${request.method} ${route}`) ?? []
      if (!types.includes('object') || types.includes('any') || types.includes(type)) return
      if (type === 'null') throw new FieldError([], 'missing', 'Field required')
      throw new FieldError([], 'dict_type', 'Input should be a valid object')
    },
  }
}

/** The schemas of bodies with lists, by method and path of their routes. */
const listSchemas = (listRoutes: () => Route[]) => {
  let schemas: Map<string, BodySchema> | undefined
  return (method: string, path: string) => {
    schemas ??= new Map(
      listRoutes()
        .map(({ method: one, path: at, hooks }) => [`${one} ${at}`, hooks.body as BodySchema] as const)
        .filter(([, schema]) => typeof schema === 'object' && hasLists(schema)),
    )
    return schemas.get(`${method} ${path}`)
  }
}

/** Whether a route reads its request itself: Elysia asks a global parser before it looks at `parse: 'none'`. */
const unparsedRoutes = (listRoutes: () => Route[]) => {
  let routes: Set<string> | undefined
  const isUnparsed = ({ hooks: { parse } }: Route) =>
    Array.isArray(parse) && parse.some(({ fn }: { fn?: unknown }) => fn === 'none')
  return (method: string, path: string) => {
    routes ??= new Set(
      listRoutes()
        .filter(isUnparsed)
        .map((one) => `${one.method} ${one.path}`),
    )
    return routes.has(`${method} ${path}`)
  }
}

/** What is read of a body that the route does not look at. */
const ignoredBodyBytes = 65_536

/** The longest body of each route in bytes, by method and path, where the route names one or takes none. */
const ownLimits = (listRoutes: () => Route[]) => {
  let limits: Map<string, number> | undefined
  const limitOf = ({ hooks: { body } }: Route): number =>
    body === undefined ? ignoredBodyBytes : ((body as { [maxBodyBytes]?: number })[maxBodyBytes] ?? Infinity)
  return (method: string, path: string): number => {
    limits ??= new Map(listRoutes().map((route) => [`${route.method} ${route.path}`, limitOf(route)]))
    return limits.get(`${method} ${path}`) ?? Infinity
  }
}

/**
 * Parses every JSON body. Other types are refused: a form of a foreign web page must not look like JSON.
 * An empty body is no body. Uploads use `parse: 'none'` and read the request themselves.
 */
export const jsonBody = ({ config }: Pick<Deps, 'config'>, listRoutes: () => Route[]) => {
  const types = rememberTypes(listRoutes)
  const schemaOf = listSchemas(listRoutes)
  const isUnparsed = unparsedRoutes(listRoutes)
  const ownLimit = ownLimits(listRoutes)
  return new Elysia({ name: 'http.body' })
    .onParse({ as: 'global' }, async ({ request, route }, contentType) => {
      if (isUnparsed(request.method, route)) return null
      const text = await readText(request, Math.min(config.maxRequestBytes, ownLimit(request.method, route)))
      if (text !== '' && !isJson(contentType.toLowerCase())) throw unsupportedType()
      const value = text === '' ? null : parseJson(text)
      types.remember(request, value)
      const schema = schemaOf(request.method, route)
      return schema ? boundLists(schema, value) : value
    })
    .onBeforeHandle({ as: 'global' }, ({ request, route }) => types.check(request, route))
}
