import { describe, expect, test } from 'bun:test'
import { t } from 'elysia'
import { dropFalseLists, hasLists } from '../../src/http/false-lists.ts'
import { testApp } from '../support/test-app.ts'

const Items = t.Array(t.Object({ name: t.String(), tags: t.Optional(t.Array(t.String())) }))
const Body = t.Object({
  items: Items,
  maybe: t.Optional(t.Union([Items, t.Null()])),
  either: t.Optional(t.Union([Items, t.Object({ length: t.Integer() })])),
  inner: t.Optional(t.Union([t.Object({ items: Items }), t.Null()])),
  open: t.Optional(t.Object({}, { additionalProperties: true })),
})

describe('dropFalseLists', () => {
  test('replaces objects in the places of lists, at any depth, and nothing else', () => {
    const fake = { length: 4_000_000_000 }
    const cases: [sent: unknown, expected: unknown][] = [
      [{ items: fake }, { items: false }],
      [{ items: [{ name: 'a', tags: fake }] }, { items: [{ name: 'a', tags: false }] }],
      [{ maybe: { ...fake } }, { maybe: false }],
      [{ inner: { items: fake } }, { inner: { items: false } }],
      ...[{ either: fake }, { open: fake }, { open: { items: fake } }, { unknown: fake }].map(
        (same): [unknown, unknown] => [same, same],
      ),
      [{ items: 'text' }, { items: 'text' }],
      [{ items: [fake, 5, null] }, { items: [fake, 5, null] }],
    ]
    for (const [sent, expected] of cases) expect(dropFalseLists(Body, structuredClone(sent))).toEqual(expected)
    expect(dropFalseLists(Items, fake)).toBe(false)
    for (const value of [null, 5, 'text', []]) expect(dropFalseLists(Body, value)).toEqual(value)
  })

  test('has nothing to do where no list belongs', () => {
    expect(hasLists(Body)).toBe(true)
    expect(hasLists(t.Object({ a: t.Object({ b: t.String() }), c: t.Union([t.String(), t.Null()]) }))).toBe(false)
  })
})

test('422: an object that claims to be a list of billions is refused at once', async () => {
  await using server = testApp()
  const startedAt = performance.now()
  for (const [path, body] of [
    ['/api/v1/plugin-state/bulk', { states: { length: 4_000_000_000 } }],
    ['/api/v1/plugin-state/sync', { device_id: 'd', states: { length: 4_000_000_000 } }],
    ['/api/v1/ai/providers/chat', { provider: 'ollama', model: 'm', messages: { length: 4_000_000_000 } }],
  ] as const) {
    expect(await server.as('ada')('POST', path, body)).toMatchObject({ status: 422 })
    expect(await server.call('POST', path, body)).toMatchObject({ status: 401 })
  }
  expect(performance.now() - startedAt).toBeLessThan(5000)
})
