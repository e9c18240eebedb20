import { t } from 'elysia'
import { JsonObject } from '../../http/json-object.ts'
import { Nullable } from '../../http/wire-types.ts'

export const ProviderIds = t.Object({ providers: t.Array(t.String()) })

const CatalogEntry = t.Object({
  id: t.String(),
  label: t.String(),
  settings_id: t.String(),
  server_strategy: t.Union([t.Literal('settings_servers'), t.Literal('single')]),
  default_server_id: Nullable(t.String()),
  configured: t.Boolean(),
  configured_via: Nullable(t.Union([t.Literal('settings'), t.Literal('env')])),
  enabled: t.Boolean(),
  server_count: t.Integer(),
})
export type CatalogEntry = typeof CatalogEntry.static
export const Catalog = t.Object({ user_id: t.String(), providers: t.Array(CatalogEntry) })

const userId = t.Optional(t.String({ maxLength: 200, description: 'Your own id or `current`' }))
export const UserQuery = t.Object({ user_id: userId })

export const ModelsQuery = t.Object({
  provider: t.String({ maxLength: 60 }),
  settings_id: t.String({ maxLength: 200 }),
  server_id: t.String({ maxLength: 200 }),
  user_id: userId,
})
export type ModelsQuery = typeof ModelsQuery.static

const model = {
  id: t.String(),
  name: t.String(),
  provider: t.String(),
  metadata: JsonObject(),
}
export const Models = t.Object({ models: t.Array(t.Object(model)) })

const ServerModel = t.Object({ ...model, server_id: t.String(), server_name: t.String() })
export type ServerModel = typeof ServerModel.static

export const AllModels = t.Object({
  models: t.Array(ServerModel),
  total_count: t.Integer(),
  successful_providers: t.Integer({ description: 'Servers that answered' }),
  errors: t.Array(t.String()),
  summary: t.Object({
    total_providers_checked: t.Integer(),
    successful_providers: t.Integer(),
    failed_providers: t.Integer(),
    total_models: t.Integer(),
  }),
})
export type AllModels = typeof AllModels.static

export const Validate = t.Object({
  provider: t.String({ maxLength: 60 }),
  config: JsonObject('`server_url` (Ollama), `base_url` (OpenAI), `api_key`'),
})
export type Validate = typeof Validate.static

/** Old clients read `status`, others `valid`: both are sent (ai.md 5.3). */
export const Validation = t.Object({
  status: t.Union([t.Literal('success'), t.Literal('error')]),
  valid: t.Boolean(),
  provider: t.String(),
  message: t.String(),
  version: t.Optional(t.String()),
  models_count: t.Optional(t.Integer()),
})
export type Validation = typeof Validation.static
