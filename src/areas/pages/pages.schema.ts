import { t } from 'elysia'
import { JsonObject, JsonObjectOrNull } from '../../http/json-object.ts'
import { pageFields } from '../../http/pagination.ts'
import { Nullable, OptionalText, QueryFlag, Timestamp } from '../../http/wire-types.ts'
import { toIso } from '../../shared/clock.ts'
import { toUuid } from '../../shared/ids.ts'
import { lastSegment, maxRouteLength } from './page-routes.ts'
import type { PageRow } from './pages.table.ts'

const IdText = t.String({ maxLength: 100, description: 'With or without dashes' })
const Name = t.String({ minLength: 1, maxLength: 200 })
const Route = t.String({
  minLength: 1,
  maxLength: maxRouteLength,
  // Clients would resolve `.` and `..` before they send a path.
  pattern: `^(?!(.*/)?(\\.|%2[eE]){1,2}(/|$))(/|/?[^/\\u0000-\\u001f\\u007f][^\\u0000-\\u001f\\u007f]*)$`,
  description: 'The whole path, with or without a slash at the start; unlike every other route of yours',
})
const OptionalFlag = t.Optional(Nullable(t.Boolean()))
const content = 'Any JSON object; it comes back as it is'

export const PageParams = t.Object({ pageId: IdText })

export const ListPagesQuery = t.Object({
  ...pageFields(100, 1000),
  published_only: QueryFlag(),
  parent_type: t.Optional(t.String({ maxLength: 50 })),
  parent_route: t.Optional(t.String({ maxLength: maxRouteLength })),
  is_parent_page: QueryFlag(),
  navigation_route_id: t.Optional(IdText),
  creator_id: t.Optional(
    t.String({ maxLength: 100, description: 'Yourself, or somebody whose published pages you want' }),
  ),
})
export type ListPagesQuery = typeof ListPagesQuery.static

const placeFields = {
  parent_route: OptionalText(
    maxRouteLength,
    'Route of a parent page of yours, or of a navigation route when parent_type is navigation; empty for none',
  ),
  parent_type: OptionalText(50, 'page, navigation, dashboard, plugin-studio, settings or empty'),
  is_parent_page: OptionalFlag,
}

const optionalFields = {
  ...placeFields,
  description: OptionalText(2000),
  icon: OptionalText(500),
  navigation_route_id: OptionalText(100, 'A navigation route of yours; null or empty for none'),
}

export const CreatePage = t.Object({
  ...optionalFields,
  name: Name,
  route: Route,
  route_segment: OptionalText(maxRouteLength, 'Not used: it is the last part of the route'),
  content: JsonObject(content),
})
export type CreatePage = typeof CreatePage.static

export const UpdatePage = t.Object(
  {
    ...optionalFields,
    name: t.Optional(Nullable(Name)),
    route: t.Optional(Nullable(Route)),
    content: t.Optional(JsonObjectOrNull(content)),
    is_published: OptionalFlag,
  },
  { description: 'What is missing or null stays as it is; a null navigation_route_id takes the page off its route' },
)
export type UpdatePage = typeof UpdatePage.static

export const UpdateHierarchy = t.Object(
  { ...placeFields, route_segment: OptionalText(200, 'The new last part of the route') },
  { description: 'What is missing or null stays as it is' },
)
export type UpdateHierarchy = typeof UpdateHierarchy.static

/** Where a page is wanted. */
export type PlaceBody = Pick<UpdateHierarchy, 'parent_route' | 'parent_type'>

export const PublishPage = t.Object({ publish: t.Boolean() })
export const BackUpPage = t.Object({ create_backup: t.Boolean({ default: true }) })

const pageAnswerFields = {
  id: t.String({ description: 'UUID' }),
  name: t.String(),
  description: Nullable(t.String()),
  icon: Nullable(t.String()),
  route: t.String(),
  route_segment: t.String(),
  parent_route: Nullable(t.String()),
  parent_type: Nullable(t.String()),
  is_parent_page: t.Boolean(),
  navigation_route_id: Nullable(t.String({ description: '32 hex characters' })),
  creator_id: t.String({ description: 'UUID' }),
  is_published: t.Boolean(),
  publish_date: Nullable(Timestamp),
  backup_date: Nullable(Timestamp),
  created_at: Timestamp,
  updated_at: Timestamp,
  content: JsonObject(),
}
export const Page = t.Object(pageAnswerFields)
export const Pages = t.Object({ pages: t.Array(Page), total: t.Integer({ description: 'Before skip and limit' }) })
export const PageDetail = t.Object({
  ...pageAnswerFields,
  creator: t.Null(),
  navigation_route: t.Null(),
  content_backup: JsonObjectOrNull('Null for everybody but the creator'),
})
export const Nothing = t.Void()

const toIsoOrNull = (ms: number | null) => (ms === null ? null : toIso(ms))

/** All but the contents, which are JSON text already. */
export const toPageFields = (row: PageRow): Omit<typeof Page.static, 'content'> => ({
  id: toUuid(row.id),
  name: row.name,
  description: row.description,
  icon: row.icon,
  route: row.route,
  route_segment: lastSegment(row.route),
  parent_route: row.parentRoute,
  parent_type: row.parentType,
  is_parent_page: row.isParentPage,
  navigation_route_id: row.navigationRouteId,
  creator_id: toUuid(row.creatorId),
  is_published: row.isPublished,
  publish_date: toIsoOrNull(row.publishDate),
  backup_date: toIsoOrNull(row.backupDate),
  created_at: toIso(row.createdAt),
  updated_at: toIso(row.updatedAt),
})
