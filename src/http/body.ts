import { Elysia } from 'elysia'
import type { Deps } from '../deps.ts'
import { AppError, defineError } from '../shared/app-error.ts'
import { FieldError } from './validation-details.ts'

const unsupportedType = defineError(415, 'http.unsupported_media_type', 'Send the body as application/json')
const tooDeep = defineError(422, 'http.too_deep', 'The body is nested too deeply')
const undecodable = defineError(400, 'http.undecodable', 'There was an error parsing the body')
const maxDepth = 64

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
  // The server never hands over more than what was announced.
  const bytes = announced >= 0 ? await request.bytes() : await readCounted(request, limitBytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw undecodable()
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

/** A stack overflow in some later recursion is no answer: refuse what nobody sends. */
const isDeeperThan = (value: unknown, depth: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (depth === 0 || Object.values(value).some((inner) => isDeeperThan(inner, depth - 1)))

const parseJson = (text: string): unknown => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new JsonSyntaxError((error as Error).message)
  }
  if (isDeeperThan(value, maxDepth)) throw tooDeep()
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
  hooks: { body?: unknown }
}

const takesOnlyObjects = (schema: BodySchema | undefined): boolean =>
  schema?.type === 'object' || (schema?.anyOf?.every((one) => one.type === 'null' || takesOnlyObjects(one)) ?? false)

const isObject = (value: unknown) => typeof value === 'object' && !Array.isArray(value)

/**
 * Parses every JSON body. Other types are refused: a form of a foreign web page must not look like JSON.
 * An empty body is no body. Uploads use `parse: 'none'` and read the request themselves.
 */
export const jsonBody = ({ config }: Pick<Deps, 'config'>, listRoutes: () => Route[]) => {
  // Elysia copies the fields of a list or a text into an object before it checks the schema: `[]` would pass as `{}`.
  const notObjects = new WeakSet<Request>()
  let objectRoutes: Set<string> | undefined
  const takesObject = (method: string, route: string) => {
    objectRoutes ??= new Set(
      listRoutes().flatMap(({ method: one, path, hooks }) =>
        takesOnlyObjects(hooks.body as BodySchema | undefined) ? [`${one} ${path}`] : [],
      ),
    )
    return objectRoutes.has(`${method} ${route}`)
  }
  return new Elysia({ name: 'http.body' })
    .onParse({ as: 'global' }, async ({ request }, contentType) => {
      const text = await readText(request, config.maxRequestBytes)
      if (text === '') return null
      if (!isJson(contentType.toLowerCase())) throw unsupportedType()
      const value = parseJson(text)
      if (!isObject(value)) notObjects.add(request)
      return value
    })
    .onBeforeHandle({ as: 'global' }, ({ request, route }) => {
      if (notObjects.has(request) && takesObject(request.method, route))
        throw new FieldError([], 'dict_type', 'Input should be a valid object')
    })
}
