import { type AnySQLiteColumn, index, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { boolean, createdAt, id, updatedAt } from '../../db/columns.ts'
import { users } from '../auth/auth.table.ts'
import { pages } from '../pages/pages.table.ts'

/** workspace.md 6, 12. Ids are stored without dashes. */
export const navigationRoutes = sqliteTable(
  'navigation_routes',
  {
    id: id(),
    creatorId: text('creator_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    route: text('route').notNull(),
    icon: text('icon'),
    description: text('description'),
    /** Place in the flat list; `displayOrder` is the place among siblings of the tree. */
    order: integer('order').notNull(),
    isVisible: boolean('is_visible').notNull(),
    /** Made with the account: cannot be renamed, moved to another path or deleted. */
    isSystemRoute: boolean('is_system_route').notNull(),
    defaultComponentId: text('default_component_id'),
    defaultPageId: text('default_page_id').references(() => pages.id, { onDelete: 'set null' }),
    canChangeDefault: boolean('can_change_default').notNull(),
    parentId: text('parent_id').references((): AnySQLiteColumn => navigationRoutes.id, { onDelete: 'set null' }),
    displayOrder: integer('display_order').notNull(),
    isCollapsible: boolean('is_collapsible').notNull(),
    isExpanded: boolean('is_expanded').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex('navigation_routes_creator_route').on(table.creatorId, table.route),
    index('navigation_routes_order').on(table.creatorId, table.order, table.createdAt, table.id),
    index('navigation_routes_parent').on(table.parentId, table.displayOrder),
    index('navigation_routes_default_page').on(table.defaultPageId),
  ],
)
export type NavigationRouteRow = typeof navigationRoutes.$inferSelect
