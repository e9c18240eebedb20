import { t } from 'elysia'
import { Nullable, OptionalText, Timestamp } from '../../http/wire-types.ts'
import { toIso } from '../../shared/clock.ts'
import { maskKeys } from './key-mask.ts'
import { toShownPageId } from './page-id.ts'
import type { OpenInstance } from './sealed-value.ts'
import type { SettingDefinitionRow } from './settings.table.ts'

const Id = t.String({ minLength: 1, maxLength: 200 })
const Scope = t.Union([t.Literal('system'), t.Literal('user'), t.Literal('page'), t.Literal('user_page')])
const anyJson = (description: string) => t.Unknown({ description })
/**
 * `t.Unknown` would do without the field. The object comes last, since lists match it, too; it is no record, since those
 * drop a field named `__proto__`.
 */
const RequiredJson = t.Union(
  [t.Null(), t.String(), t.Number(), t.Boolean(), t.Array(t.Unknown()), t.Object({}, { additionalProperties: true })],
  { description: 'Any JSON of up to 256 KB; null clears' },
)

export const DefinitionParams = t.Object({ definitionId: Id })
export const InstanceParams = t.Object({ instanceId: Id })

export const ListDefinitionsQuery = t.Object({
  category: t.Optional(t.String({ maxLength: 100, description: 'Exact; an empty text is no filter' })),
  scope: t.Optional(Scope),
})

const requiredFields = {
  name: t.String({ minLength: 1, maxLength: 200 }),
  category: t.String({ minLength: 1, maxLength: 100 }),
  type: t.String({
    minLength: 1,
    maxLength: 50,
    description: 'string, number, boolean, object or array; not enforced',
  }),
  allowed_scopes: t.Array(Scope, { maxItems: 16, description: 'Not enforced on values' }),
}
const optionalFields = {
  description: OptionalText(2000),
  default_value: t.Optional(anyJson('Any JSON; every user can read it')),
  // Checked by the service: a schema's normalisation would turn a list into an object.
  validation: t.Optional(anyJson('An object or null')),
  is_multiple: t.Optional(t.Boolean()),
  tags: t.Optional(Nullable(t.Array(t.String({ maxLength: 100 }), { maxItems: 50 }))),
}

export const CreateSettingDefinition = t.Object({ id: Id, ...requiredFields, ...optionalFields })
export type CreateSettingDefinition = typeof CreateSettingDefinition.static

export const UpdateSettingDefinition = t.Partial(t.Object({ ...requiredFields, ...optionalFields }))
export type UpdateSettingDefinition = typeof UpdateSettingDefinition.static

export const ReplaceSettingDefinition = t.Partial(t.Object({ id: Id, ...requiredFields, ...optionalFields }))
export type ReplaceSettingDefinition = typeof ReplaceSettingDefinition.static

export const SettingDefinition = t.Object({
  id: t.String(),
  name: t.String(),
  description: Nullable(t.String()),
  category: t.String(),
  type: t.String(),
  default_value: anyJson('Any JSON'),
  allowed_scopes: t.Array(t.String()),
  validation: anyJson('An object or null'),
  is_multiple: t.Boolean(),
  tags: t.Array(t.String()),
  created_at: Timestamp,
  updated_at: Timestamp,
})

export const toSettingDefinition = (row: SettingDefinitionRow): typeof SettingDefinition.static => ({
  id: row.id,
  name: row.name,
  description: row.description,
  category: row.category,
  type: row.type,
  default_value: row.defaultValue,
  allowed_scopes: row.allowedScopes,
  validation: row.validation,
  is_multiple: row.isMultiple,
  tags: row.tags,
  created_at: toIso(row.createdAt),
  updated_at: toIso(row.updatedAt),
})

export const ListInstancesQuery = t.Object({
  definition_id: t.Optional(t.String({ maxLength: 200 })),
  scope: t.Optional(t.String({ maxLength: 200, description: 'In any case; an unknown one finds nothing' })),
  user_id: t.Optional(t.String({ maxLength: 200, description: '`current` or your own id; any other finds nothing' })),
  page_id: t.Optional(t.String({ maxLength: 200, description: 'Left out: settings without a page' })),
})
export type ListInstancesQuery = typeof ListInstancesQuery.static

export const SaveSettingInstance = t.Object({
  id: OptionalText(200, 'The instance to change; left out, the one of this definition, scope, user and page'),
  action: OptionalText(50, '`delete` deletes the instance `id`'),
  definition_id: Id,
  name: t.String({ maxLength: 200 }),
  value: RequiredJson,
  scope: t.String({ maxLength: 50, description: 'system, user, page or user_page, in any case' }),
  user_id: OptionalText(200, 'Ignored: what you save is your own'),
  page_id: OptionalText(200, 'Needed for the scopes page and user_page'),
})
export type SaveSettingInstance = typeof SaveSettingInstance.static

/** The other fields of a whole instance may be sent, too, and change nothing. */
export const UpdateSettingInstance = t.Object({
  name: t.Optional(t.String({ maxLength: 200 })),
  value: t.Optional(RequiredJson),
})
export type UpdateSettingInstance = typeof UpdateSettingInstance.static

export const SettingInstance = t.Object({
  id: t.String(),
  definition_id: t.String(),
  name: t.String(),
  value: anyJson('Any JSON; API keys are masked'),
  scope: t.String(),
  user_id: Nullable(t.String()),
  page_id: Nullable(t.String()),
  created_at: Timestamp,
  updated_at: Timestamp,
})

export const DeletedInstance = t.Object({ id: t.String(), message: t.String() })
export const SaveAnswer = t.Union([SettingInstance, DeletedInstance])

export const toSettingInstance = (instance: OpenInstance): typeof SettingInstance.static => ({
  id: instance.id,
  definition_id: instance.definitionId,
  name: instance.name,
  value: maskKeys(instance.definitionId, instance.value),
  scope: instance.scope,
  user_id: instance.userId,
  page_id: toShownPageId(instance.pageId),
  created_at: toIso(instance.createdAt),
  updated_at: toIso(instance.updatedAt),
})

export const instanceDeletedMessage = (id: string) => `Setting instance ${id} deleted successfully`

/** Without an instance it was deleted. */
export const toSaveAnswer = (
  instance: OpenInstance | undefined,
  deletedId: string | null | undefined,
): typeof SaveAnswer.static =>
  instance ? toSettingInstance(instance) : { id: deletedId ?? '', message: instanceDeletedMessage(deletedId ?? '') }
