import { seedNavigation } from '../../src/areas/navigation/seed.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import { toUuid } from '../../src/shared/ids.ts'
import { insertPage } from './pages.ts'
import { testApp, type TestServer } from './test-app.ts'

export const navigationPath = '/api/v1/navigation-routes'

export const routeNotFound = (id: string) => ({
  status: 404,
  body: { detail: `Navigation route with ID ${id} not found`, code: 'navigation.not_found' },
})
export const refused = (code: string, detail: string) => ({ status: 400, body: { detail, code: `navigation.${code}` } })
export const parentNotFound = refused('parent_not_found', 'Parent route not found')

/** Runs the step of a registration again. */
export const seedRoutes = (server: TestServer, userId: string) =>
  inTransaction(server.deps.db, () => seedNavigation(server.deps, userId))

/** Two accounts with their system routes. */
export const openNavigation = async () => {
  const server = testApp()
  const open = async (name: string) => {
    const id = await server.idOf(name)
    const call = server.as(name)
    return {
      id,
      call,
      /** Adds a route and returns the answer's body. */
      add: async (route: string, fields: object = {}) => {
        const { status, body } = await call('POST', navigationPath, { name: route, route, ...fields })
        if (status !== 201) throw new Error(`cannot add ${route}: ${JSON.stringify(body)}`)
        return body
      },
      /** A system route. */
      system: async (route: string) =>
        (await call('GET', navigationPath)).body.find((one: { route: string }) => one.route === route),
    }
  }
  const [ada, bob] = [await open('ada'), await open('bob')]
  return { server, ada, bob, [Symbol.asyncDispose]: server.stop }
}
export type Account = Awaited<ReturnType<typeof openNavigation>>['ada']

export const addPage = (
  server: TestServer,
  creatorId: string,
  fields: { published?: boolean; under?: string } = {},
) => {
  const route = crypto.randomUUID()
  const id = insertPage(server, creatorId, {
    route,
    navigation_route_id: fields.under ?? null,
    is_published: fields.published ? 1 : 0,
  })
  return toUuid(id)
}
