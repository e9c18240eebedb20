import { toHexId } from '../../shared/ids.ts'
import type { UpdateNavigationRoute } from './navigation.schema.ts'
import type { RouteChanges } from './navigation.store.ts'

/** The stored spelling of another object's id; null or an empty text is none. */
export const toReference = (id: string | null): string | null => (id ? toHexId(id) : null)

type Sent<Fields> = { [Name in keyof Fields]?: NonNullable<Fields[Name]> }

const withoutNulls = <Fields extends object>(fields: Fields) =>
  Object.fromEntries(
    Object.entries(fields).filter(([, field]) => field !== null && field !== undefined),
  ) as Sent<Fields>

/** The columns that a body sets. A null sets only what refers to something else, and clears it (workspace.md 6.7). */
export const toRouteFields = (body: UpdateNavigationRoute): RouteChanges => ({
  ...withoutNulls({
    name: body.name,
    route: body.route,
    icon: body.icon,
    description: body.description,
    order: body.order,
    isVisible: body.is_visible,
    canChangeDefault: body.can_change_default,
    displayOrder: body.display_order,
    isCollapsible: body.is_collapsible,
    isExpanded: body.is_expanded,
  }),
  ...(body.default_component_id === undefined ? {} : { defaultComponentId: body.default_component_id || null }),
  ...(body.default_page_id === undefined ? {} : { defaultPageId: toReference(body.default_page_id) }),
  ...(body.parent_id === undefined ? {} : { parentId: toReference(body.parent_id) }),
})
