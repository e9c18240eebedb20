import { Type } from '@sinclair/typebox'
import { t } from 'elysia'
import { Nullable, OptionalText, QueryFlag, Timestamp } from '../../http/wire-types.ts'
import { toIso } from '../../shared/clock.ts'
import { toUuid } from '../../shared/ids.ts'
import type { NavigationRouteRow } from './navigation.table.ts'

const idText = t.String({ maxLength: 100, description: 'With or without dashes' })
export const maxPlace = 1_000_000
const Name = t.String({ minLength: 1, maxLength: 200 })
const Route = t.String({ minLength: 1, maxLength: 255, description: 'Stored as it comes; yours must all differ' })

export const RouteParams = t.Object({ routeId: idText })
export const ListRoutesQuery = t.Object({
  visible_only: QueryFlag('Without the hidden ones'),
})

/** Not the integer of Elysia, which is a union with text and names the wrong fault. */
const OptionalPlace = (description: string) =>
  t.Optional(Nullable(Type.Integer({ minimum: -maxPlace, maximum: maxPlace, description })))
const OptionalFlag = (description?: string) => t.Optional(Nullable(t.Boolean(description ? { description } : {})))

const parentField = { parent_id: OptionalText(100, 'A route of your own; null or an empty text is the root') }
const siblingField = { display_order: OptionalPlace('Place among the siblings of the tree') }

const optionalFields = {
  icon: OptionalText(500),
  description: OptionalText(2000),
  order: OptionalPlace('Place in the flat list'),
  is_visible: OptionalFlag(),
  default_component_id: OptionalText(100, 'Null or an empty text is none'),
  default_page_id: t.Optional(
    Nullable(
      t.String({
        maxLength: 36,
        pattern: '^([0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$',
        description: 'Your own page, or a published one; null or an empty text is none',
      }),
    ),
  ),
  can_change_default: OptionalFlag('Whether the default page and component may change once they are set'),
  ...parentField,
  ...siblingField,
  is_collapsible: OptionalFlag(),
  is_expanded: OptionalFlag(),
}

export const CreateNavigationRoute = t.Object({ name: Name, route: Route, ...optionalFields })
export type CreateNavigationRoute = typeof CreateNavigationRoute.static

export const UpdateNavigationRoute = t.Object(
  { name: t.Optional(Nullable(Name)), route: t.Optional(Nullable(Route)), ...optionalFields },
  { description: 'What is missing stays as it is; so does what is null, but for the parent and the defaults' },
)
export type UpdateNavigationRoute = typeof UpdateNavigationRoute.static

export const MoveNavigationRoute = t.Object({
  parent_id: OptionalText(100, 'A route of your own; null, missing or empty is the root'),
  display_order: OptionalPlace('Null or missing puts it behind its new siblings'),
})
export type MoveNavigationRoute = typeof MoveNavigationRoute.static

export const BatchUpdate = t.Array(
  t.Object({ id: idText, ...parentField, ...siblingField, is_expanded: OptionalFlag() }),
  { maxItems: 1000, description: 'What is missing stays as it is; unknown routes are skipped' },
)
export type BatchUpdate = typeof BatchUpdate.static

const routeFields = {
  id: t.String({ description: '32 hex characters' }),
  creator_id: t.String(),
  name: t.String(),
  route: t.String(),
  icon: Nullable(t.String()),
  description: Nullable(t.String()),
  order: Type.Integer(),
  is_visible: t.Boolean(),
  is_system_route: t.Boolean(),
  default_component_id: Nullable(t.String()),
  default_page_id: Nullable(t.String({ description: 'UUID' })),
  can_change_default: t.Boolean(),
  parent_id: Nullable(t.String()),
  display_order: Type.Integer(),
  is_collapsible: t.Boolean(),
  is_expanded: t.Boolean(),
  created_at: Timestamp,
  updated_at: Timestamp,
}
export const NavigationRoute = t.Object(routeFields)
export const NavigationRoutes = t.Array(NavigationRoute)

export const NavigationRouteDetail = t.Object({
  ...routeFields,
  creator: Nullable(t.Object({ id: t.String(), username: t.String(), email: t.String() })),
  pages: t.Null(),
})

export const NavigationTree = t.Array(
  t.Object({
    ...routeFields,
    depth_level: Type.Integer({ description: '0 at the root' }),
    children: t.Array(t.Object({}, { additionalProperties: true, description: 'A node like this one' })),
  }),
)
type NavigationRouteAnswer = typeof NavigationRoute.static

export const Nothing = t.Void()

export const toNavigationRoute = (row: NavigationRouteRow): NavigationRouteAnswer => ({
  id: row.id,
  creator_id: row.creatorId,
  name: row.name,
  route: row.route,
  icon: row.icon,
  description: row.description,
  order: row.order,
  is_visible: row.isVisible,
  is_system_route: row.isSystemRoute,
  default_component_id: row.defaultComponentId,
  default_page_id: row.defaultPageId && toUuid(row.defaultPageId),
  can_change_default: row.canChangeDefault,
  parent_id: row.parentId,
  display_order: row.displayOrder,
  is_collapsible: row.isCollapsible,
  is_expanded: row.isExpanded,
  created_at: toIso(row.createdAt),
  updated_at: toIso(row.updatedAt),
})

/** Routes as JSON text, one by one: two thousand can be megabytes. */
export const toRouteTexts = (rows: NavigationRouteRow[]): Iterator<string> =>
  rows.values().map((row) => JSON.stringify(toNavigationRoute(row)))
