import type { TestServer } from './test-app.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- tests look into pages freely
export type WirePage = any

export const unknownId = '00000000-0000-4000-8000-000000000000'

export const pageNotFound = { status: 404, body: { detail: 'Page not found', code: 'pages.not_found' } }
export const routeExists = {
  status: 400,
  body: { detail: 'A page with this route already exists', code: 'pages.route_exists' },
}
export const unknownNavigationRoute = {
  status: 400,
  body: { detail: 'The specified navigation route does not exist', code: 'pages.unknown_navigation_route' },
}

export const emptyContent = { layouts: { desktop: [], tablet: [], mobile: [] }, modules: {} }

/** A page of this user, made by the API; a second later than the one before, so that lists have an order. */
export const addPage = async (
  server: TestServer,
  name: string,
  fields: Record<string, unknown> = {},
): Promise<WirePage> => {
  server.clock.now += 1000
  const body = { name: 'Page', route: `page-${server.clock.now}`, content: emptyContent, ...fields }
  const answer = await server.as(name)('POST', '/api/v1/pages', body)
  if (answer.status !== 201) throw new Error(`no page: ${JSON.stringify(answer.body)}`)
  return answer.body
}

export const publish = (server: TestServer, name: string, id: string) =>
  server.as(name)('POST', `/api/v1/pages/${id}/publish`, { publish: true })

/** A navigation route of this user, straight into the database. Returns its id. */
export const addNavigationRoute = (server: TestServer, userId: string, route: string): string => {
  const id = crypto.randomUUID().replaceAll('-', '')
  server.database.sqlite.run(
    `INSERT INTO navigation_routes (id, creator_id, name, route, "order", is_visible, is_system_route, can_change_default,
       display_order, is_collapsible, is_expanded, created_at, updated_at)
     VALUES (?, ?, 'Route', ?, 0, 1, 0, 0, 0, 1, 1, 0, 0)`,
    [id, userId, route],
  )
  return id
}

interface RawPage {
  route: string
  parent_route?: string | null
  parent_type?: string | null
  navigation_route_id?: string | null
  is_parent_page?: number
  is_published?: number
  created_at?: number
  /** JSON text. */
  content?: string
}

/** A page of this user, straight into the database. Returns its id, without dashes. */
export const insertPage = (
  { database: { sqlite } }: TestServer,
  userId: string,
  { content = '{}', ...fields }: RawPage,
): string => {
  const id = undashed(crypto.randomUUID())
  const none = { parent_route: null, parent_type: null, navigation_route_id: null }
  const row = {
    ...none,
    is_parent_page: 0,
    is_published: 0,
    created_at: 0,
    ...fields,
    id,
    creator_id: undashed(userId),
  }
  sqlite
    .query(
      `INSERT INTO pages (id, creator_id, name, route, parent_route, parent_type, navigation_route_id, is_parent_page,
         is_published, created_at, updated_at)
       VALUES ($id, $creator_id, 'Page', $route, $parent_route, $parent_type, $navigation_route_id, $is_parent_page,
         $is_published, $created_at, 0)`,
    )
    .run(row)
  sqlite
    .query('INSERT INTO page_contents (page_id, creator_id, size, content) VALUES (?, ?, ?, ?)')
    .run(id, row.creator_id, content.length, content)
  return id
}

/** Of a page of this user, what hangs on its place. */
export const readPlace = async (server: TestServer, name: string, id: string) => {
  const { body } = await server.as(name)('GET', `/api/v1/pages/${id}`)
  return { route: body.route, parent_route: body.parent_route, parent_type: body.parent_type }
}

/** Signs the user in, without the page that an account starts with. Returns the id. */
export const withoutPages = async (server: TestServer, name: string): Promise<string> => {
  const id = await server.idOf(name)
  server.database.sqlite.run('DELETE FROM pages WHERE creator_id = ?', [undashed(id)])
  return id
}

export const undashed = (id: string) => id.replaceAll('-', '')
