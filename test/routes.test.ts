import { afterAll, describe, expect, test } from 'bun:test'
import { publicRoutes, referenceRoutes, toRouteShape } from './support/route-list.ts'
import { testApp } from './support/test-app.ts'

const server = testApp()
afterAll(server.stop)

const routes = server.app.routes.map(({ method, path, hooks }) => ({ name: `${method} ${path}`, method, path, hooks }))
const guarded = routes.filter(({ name }) => !publicRoutes.includes(name))

const fillIn = (path: string) => path.replaceAll(/:[^/]+|\*/g, 'x')
const hasBody = (method: string) => method !== 'GET' && method !== 'HEAD' && method !== 'DELETE'
/** No schema of ours takes a bare number for a body, nor this text for a number. */
const call = (method: string, path: string) =>
  server.call(method, `${path}?skip=x&limit=x`, hasBody(method) ? '7' : undefined)

describe('every route', () => {
  test('has a summary', () => {
    expect(routes.filter(({ hooks }) => !hooks.detail?.summary).map(({ name }) => name)).toEqual([])
  })

  test('is registered once', () => {
    const shapes = routes.map(({ name }) => toRouteShape(name))
    expect(shapes.filter((shape, index) => shapes.indexOf(shape) !== index)).toEqual([])
  })
})

describe('a stranger with nonsense', () => {
  for (const { name, method, path } of guarded) {
    test(`401: ${name}`, async () => {
      expect(await call(method, fillIn(path))).toMatchObject({ status: 401, body: { code: 'auth.not_authenticated' } })
    })
  }

  test('finds the public routes, and they exist', () => {
    const names = new Set(routes.map(({ name }) => name))
    expect(publicRoutes.filter((route) => !names.has(route))).toEqual([])
  })
})

describe('the public API reference', () => {
  const shapes = new Set(routes.map(({ name }) => toRouteShape(name)))
  for (const route of referenceRoutes) {
    test(`has ${route}`, () => {
      expect(shapes.has(toRouteShape(route))).toBe(true)
    })
  }
})

describe('a slash at the end', () => {
  for (const { name, method, path } of routes) {
    test(`makes no difference to ${name}`, async () => {
      const plain = fillIn(path).replace(/\/$/, '')
      const [without, withSlash] = [await call(method, plain), await call(method, `${plain}/`)]
      expect(withSlash.status).toBe(without.status)
      expect([404, 405]).not.toContain(withSlash.status)
    })
  }
})
