import { eq } from 'drizzle-orm'
import { findConversation } from '../../../areas/conversations/conversations.store.ts'
import { conversationTags, tags } from '../../../areas/tags/tags.table.ts'
import { type ImportRun, ownerOf, timesOf } from '../import-run.ts'
import { importTable } from '../import-table.ts'
import { RowDropped } from '../row-dropped.ts'
import { hexIdOf, hexReference } from '../source/row-ids.ts'
import type { SourceRow } from '../source/source-row.ts'

const colorOf = (row: SourceRow): string | null => {
  const color = row.line('color')?.trim()
  if (!color || /^#[0-9a-f]{6}$/i.test(color)) return color || null
  row.note('changed', 'color is no colour such as #ff0000: left empty')
  return null
}

const importOwnTags = (run: ImportRun): void =>
  importTable(run, {
    source: 'tags',
    target: tags,
    key: ['id'],
    read: (row) => ({
      id: hexIdOf(row),
      userId: ownerOf(run, row),
      name: row.line('name') ?? '',
      color: colorOf(row),
      ...timesOf(run, row),
    }),
  })

/** Links of a conversation and a tag of one user; `conversationId` as it is stored. */
const importLinks = (run: ImportRun): void => {
  const { db } = run.deps
  const tagOf = (id: string | null) => (id === null ? undefined : db.select().from(tags).where(eq(tags.id, id)).get())
  importTable(run, {
    source: 'conversation_tags',
    target: conversationTags,
    key: ['conversationId', 'tagId'],
    read: (row) => {
      const tag = tagOf(hexReference(row, 'tag_id'))
      if (!tag) throw new RowDropped('its tag was not imported')
      const conversation = findConversation(db, tag.userId, row.line('conversation_id')?.trim() ?? '')
      if (!conversation) throw new RowDropped('its conversation was not imported for its user')
      return { conversationId: conversation.id, tagId: tag.id, createdAt: timesOf(run, row).createdAt }
    },
  })
}

/** After conversations. */
export const importTags = (run: ImportRun): void => {
  importOwnTags(run)
  importLinks(run)
}
