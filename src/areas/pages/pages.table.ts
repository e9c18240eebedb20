import { sql } from 'drizzle-orm'
import { index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { boolean, createdAt, id, timestamp, updatedAt } from '../../db/columns.ts'
import { users } from '../auth/auth.table.ts'

/** Beside `null`, which clients read as `page` (contract decision 20). */
export const parentTypes = ['page', 'navigation', 'dashboard', 'plugin-studio', 'settings'] as const
export type ParentType = (typeof parentTypes)[number]

/** workspace.md 4, 12. Ids are stored without dashes. Contents are apart: moving thousands of pages must not write them. */
export const pages = sqliteTable(
  'pages',
  {
    id: id(),
    creatorId: text('creator_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    /** The whole path, as the client wrote it: with or without a slash at the start. */
    route: text('route').notNull(),
    /** The route of the parent, which is a page or a navigation route of the same user. */
    parentRoute: text('parent_route'),
    parentType: text('parent_type', { enum: parentTypes }),
    isParentPage: boolean('is_parent_page').notNull(),
    description: text('description'),
    icon: text('icon'),
    /** No reference, since the tables would refer to each other: a route that pages use cannot be deleted. */
    navigationRouteId: text('navigation_route_id'),
    isPublished: boolean('is_published').notNull(),
    publishDate: timestamp('publish_date'),
    backupDate: timestamp('backup_date'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex('pages_creator_route').on(table.creatorId, table.route),
    // All that a list sorts and filters by, so that filtering reads this index alone.
    index('pages_list').on(
      table.creatorId,
      table.createdAt,
      table.id,
      table.isPublished,
      table.isParentPage,
      table.parentType,
      table.parentRoute,
      table.navigationRouteId,
    ),
    index('pages_parent').on(table.creatorId, table.parentRoute),
    index('pages_navigation_route').on(table.navigationRouteId),
    index('pages_published_route')
      .on(table.route, table.publishDate)
      .where(sql`is_published = 1`),
  ],
)
export type PageRow = typeof pages.$inferSelect

/** Exactly one row for each page. JSON text, handed on as it is. */
export const pageContents = sqliteTable(
  'page_contents',
  {
    pageId: text('page_id')
      .primaryKey()
      .references(() => pages.id, { onDelete: 'cascade' }),
    /** The creator of the page, for adding up what a user stores. */
    creatorId: text('creator_id').notNull(),
    /** Bytes of content and backup. No generated column: SQLite would read the contents to add them up. */
    size: integer('size').notNull(),
    content: text('content').notNull(),
    contentBackup: text('content_backup'),
  },
  (table) => [index('page_contents_usage').on(table.creatorId, table.size)],
)
export type PageContentRow = typeof pageContents.$inferSelect
