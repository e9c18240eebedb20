import { t } from 'elysia'
import { JsonObject } from '../../http/json-object.ts'

const Config = JsonObject('`api_key`, `base_url`, `server_url` … Keys come back masked')

export const ProviderInstance = t.Object({
  id: t.String({ description: '`ai_provider_<provider>_<instance_id>`' }),
  provider: t.String(),
  instance_id: t.String(),
  name: t.String(),
  config: Config,
})
export type ProviderInstance = typeof ProviderInstance.static

export const ProviderInstances = t.Object({ instances: t.Array(ProviderInstance) })

export const SaveProviderInstance = t.Object({
  provider: t.String({ maxLength: 60 }),
  instance_id: t.String({ minLength: 1, maxLength: 200 }),
  name: t.String({ minLength: 1, maxLength: 200 }),
  config: Config,
})
export type SaveProviderInstance = typeof SaveProviderInstance.static

export const InstanceParams = t.Object({
  provider: t.String({ maxLength: 60 }),
  instanceId: t.String({ maxLength: 200 }),
})

export const SettingsParams = t.Object({ settingsId: t.String({ maxLength: 200 }) })

export const Servers = t.Object({
  servers: t.Array(
    t.Object({
      id: t.String(),
      serverName: t.String(),
      serverAddress: t.String(),
      apiKey: t.String({ description: 'Masked' }),
    }),
  ),
})

export const Removed = t.Object({ status: t.Literal('success'), message: t.String() })
