import { STATUS_CODES } from 'node:http'
import { toOpenApiSchema } from './openapi-schema.ts'
import type { Content, OpenApiResponse, Parameter, RequestBody } from './openapi-types.ts'

const json = 'application/json'
const form = 'multipart/form-data'

/** The generator lists these three for everything, whatever a route reads or answers. */
const isGuess = (content: Content) => json in content && form in content && 'text/plain' in content

const complete = (content: Content, toType: (type: string) => string, guess = json): Content => {
  const types = isGuess(content) ? [guess] : Object.keys(content)
  const entries = types.map((type) => {
    const { schema, ...media } = content[type] ?? {}
    return [toType(type), schema ? { ...media, schema: toOpenApiSchema(schema) } : media] as const
  })
  return Object.fromEntries(entries)
}

/** A bare string is answered as it is. */
const isText = (content: Content) => content[json]?.schema?.type === 'string'

export const completeBody = (body: RequestBody): RequestBody => {
  const content = complete(body.content, (type) => (type === 'formdata' ? form : type))
  const mayBeNull = Object.values(content).some(({ schema }) => schema?.nullable === true)
  return { ...body, content, required: body.required === true && !mayBeNull }
}

/** How a route reads its body is where the generator takes the type of the answer from: what only a body can be is JSON. */
const toAnswerType = (type: string) => (type.includes('/') && type !== form ? type : json)

/** The generator spreads parts of the schema over the response: only these members belong there. */
export const completeAnswer = (status: string, response: OpenApiResponse): OpenApiResponse => {
  if (response.$ref) return response
  const { description, headers, content } = response
  return {
    description: description ?? STATUS_CODES[status] ?? status,
    ...(headers ? { headers } : {}),
    ...(content ? { content: complete(content, toAnswerType, isText(content) ? 'text/plain' : json) } : {}),
  }
}

export const completeParameter = ({ name, in: place, required, description, schema }: Parameter): Parameter => ({
  name: name === '*' ? 'path' : name,
  in: place,
  required: place === 'path' || (required === true && schema['default'] === undefined),
  ...(description ? { description } : {}),
  schema: toOpenApiSchema(schema),
})
