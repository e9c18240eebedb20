import { t } from 'elysia'
import { Nullable, OptionalText, Timestamp } from '../../http/wire-types.ts'
import { toIso } from '../../shared/clock.ts'
import type { TagRow } from './tags.table.ts'

export const UserTagsParams = t.Object({
  userId: t.String({
    pattern: '^(?:current|[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$',
    description: 'Your own id, or `current`',
  }),
})
export const TagParams = t.Object({ tagId: t.String({ maxLength: 100, description: 'With or without dashes' }) })

const Name = t.String({ minLength: 1, maxLength: 50 })
const Color = t.Optional(Nullable(t.String({ pattern: '^#[0-9A-Fa-f]{6}$', examples: ['#ff0000'] })))

export const CreateTag = t.Object({
  name: Name,
  color: Color,
  user_id: OptionalText(100, 'Your own id, if sent at all'),
})
export type CreateTag = typeof CreateTag.static

export const UpdateTag = t.Object(
  { name: t.Optional(Nullable(Name)), color: Color },
  { description: 'What is null or missing stays as it is' },
)
export type UpdateTag = typeof UpdateTag.static

const tagFields = {
  id: t.String({ description: '32 hex characters' }),
  name: t.String(),
  color: Nullable(t.String()),
  user_id: t.String(),
  created_at: Timestamp,
  updated_at: Timestamp,
}
/** A tag inside the conversations that carry it. */
export const Tag = t.Object(tagFields)
export const TagWithCount = t.Object({
  ...tagFields,
  conversation_count: t.Integer({ description: 'How many conversations carry it' }),
})
export const Tags = t.Array(TagWithCount)

export const Nothing = t.Void()

export const toTag = (row: TagRow): typeof Tag.static => ({
  id: row.id,
  name: row.name,
  color: row.color,
  user_id: row.userId,
  created_at: toIso(row.createdAt),
  updated_at: toIso(row.updatedAt),
})

export const toTagWithCount = (row: TagRow & { conversationCount: number }): typeof TagWithCount.static => ({
  ...toTag(row),
  conversation_count: row.conversationCount,
})
