import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mixtures, type Sample, samples } from './ownership/samples.ts'
import {
  type Caller,
  createTemplate,
  dump,
  type Ids,
  marker,
  openWorld,
  type Template,
  type World,
} from './ownership/world.ts'
import { publicRoutes } from './support/route-list.ts'
import { testApp } from './support/test-app.ts'

let template: Template
/** For requests that are refused or only read: they leave it as it is. */
let shared: World
beforeAll(async () => {
  template = await createTemplate()
  shared = openWorld(template)
})
afterAll(async () => {
  await shared[Symbol.asyncDispose]()
  await template[Symbol.asyncDispose]()
})

const make = <T>(value: T | ((ids: Ids) => T), ids: Ids): T =>
  typeof value === 'function' ? (value as (ids: Ids) => T)(ids) : value

const toRequest = (route: string, { path = {}, query, body }: Sample, ids: Ids) => {
  const [method = '', pattern = ''] = route.split(' ')
  const filled = pattern.replaceAll(/:(\w+)|\*/g, (name, word: string) => path[word ?? '*'] ?? ids[word] ?? name)
  const search = query === undefined ? '' : `?${make(query, ids)}`
  return [method, filled + search, body === undefined ? undefined : make(body, ids)] as const
}

/** Whether an object of bob's is in the path. */
const namesBob = (route: string, { path = {} }: Sample) =>
  route.includes('route/*') || [...route.matchAll(/:(\w+)/g)].some(([, name = '']) => !(name in path))

/** Whoever asks: bob's rows stay as they are, and a refusal changes nothing at all. */
const ask = async (world: World, caller: Caller, [method, path, body]: ReturnType<typeof toRequest>) => {
  const [all, bobs] = [dump(world), dump(world, world.bobId)]
  const answer = await world.as(caller)(method, path, body)
  expect(dump(world, world.bobId)).toBe(bobs)
  if (answer.status >= 400) expect(dump(world)).toBe(all)
  return answer
}

/** No object of bob's is in the answer. A refusal may repeat the id that the caller sent. */
const expectNothingOfBob = (body: unknown, { bobId }: World, ids: Ids) => {
  const text = JSON.stringify(body ?? null).replaceAll('-', '')
  const own = Object.entries(ids).filter(([name, id]) => !name.startsWith('eve') && /^[0-9a-f-]{32,36}(_|$)/.test(id))
  for (const [, id] of own) expect(text).not.toContain(`"id":"${id.replaceAll('-', '')}"`)
  for (const field of ['user_id', 'userId', 'creator_id']) expect(text).not.toContain(`"${field}":"${bobId}"`)
}

test('there is a sample request for every route, and for no other', async () => {
  await using server = testApp()
  const routes = server.app.routes.map(({ method, path }) => `${method} ${path}`)
  const guarded = routes.filter((route) => !publicRoutes.includes(route))
  expect(Object.keys(samples).toSorted()).toEqual(guarded.toSorted())
})

for (const [route, sample] of Object.entries(samples)) {
  const { isAdminOnly = false } = sample
  const isRead = route.startsWith('GET ')

  describe(route, () => {
    test('401 for strangers and for expired tokens', async () => {
      const request = toRequest(route, sample, shared.idsAs(true))
      for (const caller of ['stranger', 'expired'] as const) {
        expect((await ask(shared, caller, request)).status).toBe(401)
      }
    })

    test('nothing of bob for another user', async () => {
      await using world = openWorld(template)
      for (const ids of [world.idsAs(true), world.idsAs(false)]) {
        const { status, body } = await ask(world, 'eve', toRequest(route, sample, ids))
        if (isAdminOnly) expect(status).toBe(403)
        else if (namesBob(route, sample)) {
          expect([403, 404]).toContain(status)
          expect(JSON.stringify(body)).not.toContain(marker)
        }
        expectNothingOfBob(body, world, ids)
      }
    })

    test(isAdminOnly ? '2xx for the administrator' : 'nothing of bob for the administrator', async () => {
      await using world = openWorld(template)
      const ids = world.idsAs(true)
      const request = toRequest(route, sample, ids)
      if (isAdminOnly) return expect((await world.as('root')(...request)).status).toBeLessThan(300)
      const { status, body } = await ask(world, 'root', request)
      if (namesBob(route, sample)) expect([403, 404]).toContain(status)
      expect(JSON.stringify(body ?? null)).not.toContain(marker)
    })

    if (isAdminOnly || sample.isRefused) return
    test('2xx for bob himself, in both spellings', async () => {
      for (const isDashed of [true, false]) {
        await using world = isRead ? undefined : openWorld(template)
        const { as, idsAs } = world ?? shared
        const { status, body } = await as('bob')(...toRequest(route, sample, idsAs(isDashed)))
        expect(status, JSON.stringify(body)).toBeLessThan(300)
      }
    })
  })
}

describe('an own request with an id of somebody else inside', () => {
  for (const [index, [route, sample]] of mixtures.entries()) {
    test(`${route} (${index})`, async () => {
      await using world = openWorld(template)
      for (const ids of [world.idsAs(true), world.idsAs(false)]) {
        const { body } = await ask(world, 'eve', toRequest(route, sample, ids))
        if (!sample.showsPublished) expectNothingOfBob(body, world, ids)
        expect(JSON.stringify(body ?? null)).not.toContain(marker)
      }
    })
  }
})
