import { t } from 'elysia'
import { Nullable, OptionalText, Timestamp } from '../../http/wire-types.ts'
import { toIso } from '../../shared/clock.ts'
import { toUuid } from '../../shared/ids.ts'
import type { ComponentRow } from './components.table.ts'

const Name = t.String({ minLength: 1, maxLength: 200 })
const idOptions = { minLength: 1, maxLength: 100, description: 'The name that navigation routes use' }
const ComponentId = t.String(idOptions)
/** Clients would resolve `.` and `..` before they send a path. */
const NewComponentId = t.String({ ...idOptions, pattern: '^(?!(\\.|%2[eE]){1,2}$)' })
const texts = { description: OptionalText(10_000), icon: OptionalText(2000) }

export const ComponentParams = t.Object({ componentId: ComponentId })
export const OwnerQuery = t.Object({
  user_id: t.Optional(t.String({ maxLength: 100, description: 'Whose component; left out, your own' })),
})

export const CreateComponent = t.Object({
  name: Name,
  component_id: NewComponentId,
  user_id: OptionalText(100, 'Whose component it becomes; left out, your own'),
  is_system: t.Optional(Nullable(t.Boolean({ description: 'Cannot be deleted' }))),
  ...texts,
})
export type CreateComponent = typeof CreateComponent.static

export const UpdateComponent = t.Object(
  { name: t.Optional(Name), ...texts },
  { description: 'What is missing stays as it is' },
)
export type UpdateComponent = typeof UpdateComponent.static

export const Component = t.Object({
  id: t.String({ description: 'UUID' }),
  name: t.String(),
  component_id: t.String(),
  description: Nullable(t.String()),
  icon: Nullable(t.String()),
  is_system: t.Boolean(),
  user_id: t.String(),
  created_at: Timestamp,
  updated_at: Nullable(Timestamp),
})
export const Components = t.Array(Component)

export const Nothing = t.Void()

export const toComponent = (row: ComponentRow): typeof Component.static => ({
  id: toUuid(row.id),
  name: row.name,
  component_id: row.componentId,
  description: row.description,
  icon: row.icon,
  is_system: row.isSystem,
  user_id: row.userId,
  created_at: toIso(row.createdAt),
  updated_at: row.updatedAt === null ? null : toIso(row.updatedAt),
})
