import type { Schema } from './openapi-schema.ts'

/** The parts of OpenAPI 3.0.3 that we write. */
export interface OpenApiDocument {
  openapi: string
  info: { title: string; version: string; description: string }
  /** Where the paths begin, if not at the root. */
  servers?: { url: string }[]
  tags?: { name: string; description: string }[]
  paths: Record<string, Record<string, Operation>>
  components: Record<string, Record<string, unknown>>
}

export type Content = Record<string, { schema?: Schema; examples?: Record<string, unknown> }>

export interface RequestBody {
  description?: string
  required?: boolean
  content: Content
}

export interface OpenApiResponse {
  description?: string
  headers?: Record<string, unknown>
  content?: Content
  $ref?: string
}

export interface Parameter {
  name: string
  in: 'path' | 'query' | 'header' | 'cookie'
  required?: boolean
  description?: string
  schema: Schema
}

export interface Operation {
  summary?: string
  description?: string
  tags?: string[]
  operationId?: string
  deprecated?: boolean
  security?: Record<string, string[]>[]
  parameters?: Parameter[]
  requestBody?: RequestBody
  responses: Record<string, OpenApiResponse>
  'x-errors'?: DeclaredError[]
}

/** A failure that a route declares with `documented`; without a message when that depends on the request. */
export interface DeclaredError {
  status: number
  code: string
  message?: string
}
