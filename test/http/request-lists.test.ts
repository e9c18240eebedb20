import { describe, expect, test } from 'bun:test'
import { t } from 'elysia'
import { boundLists, hasLists } from '../../src/http/request-lists.ts'
import { testApp } from '../support/test-app.ts'

const Items = t.Array(t.Object({ name: t.String(), tags: t.Optional(t.Array(t.String())) }))
const Body = t.Object({
  items: Items,
  maybe: t.Optional(t.Union([Items, t.Null()])),
  either: t.Optional(t.Union([Items, t.Object({ length: t.Integer() })])),
  inner: t.Optional(t.Union([t.Object({ items: Items }), t.Null()])),
  open: t.Optional(t.Object({}, { additionalProperties: true })),
})

describe('boundLists', () => {
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
      [
        { items: 'text', maybe: 'text' },
        { items: false, maybe: false },
      ],
      [{ items: 5 }, { items: 5 }],
      [{ items: [fake, 5, null] }, { items: [fake, 5, null] }],
    ]
    for (const [sent, expected] of cases) expect(boundLists(Body, structuredClone(sent))).toEqual(expected)
    expect(boundLists(Items, fake)).toBe(false)
    for (const value of [null, 5, 'text', []]) expect(boundLists(Body, value)).toEqual(value)
  })

  test('leaves one item more than a list may have, at any depth', () => {
    const Short = t.Array(t.Object({ tags: t.Optional(t.Union([t.Array(t.String(), { maxItems: 2 }), t.Null()])) }), {
      maxItems: 3,
    })
    const long = Array.from({ length: 10 }, () => ({ tags: Array.from({ length: 10 }, () => 'a') }))
    const cut = Array.from({ length: 4 }, () => ({ tags: ['a', 'a', 'a'] }))
    expect(boundLists(Short, structuredClone(long))).toEqual(cut)
    expect(boundLists(t.Object({ short: Short }), { short: structuredClone(long) })).toEqual({ short: cut })
    const fitting = [{ tags: ['a', 'a'] }, { tags: null }, {}]
    expect(boundLists(Short, structuredClone(fitting))).toEqual(fitting)
    expect(boundLists(Body, [1, 2])).toEqual([1, 2])
  })

  test('has nothing to do where no list belongs', () => {
    expect(hasLists(Body)).toBe(true)
    expect(hasLists(t.Object({ a: t.Object({ b: t.String() }), c: t.Union([t.String(), t.Null()]) }))).toBe(false)
  })
})

const fault = (type: string, loc: (string | number)[], msg: string) => ({
  status: 422,
  body: { detail: [{ type, loc, msg }] },
})

test('422: what is no list is refused at once, wherever one belongs', async () => {
  await using server = testApp()
  const ada = server.as('ada')
  const startedAt = performance.now()
  const bodies: [path: string, loc: string[], toBody: (list: unknown) => unknown][] = [
    ['plugin-state/bulk', ['states'], (states) => ({ states })],
    ['plugin-state/sync', ['states'], (states) => ({ device_id: 'd', states })],
    [
      'ai/providers/chat',
      ['messages'],
      (messages) => ({ provider: 'p', settings_id: 's', server_id: 's', model: 'm', messages }),
    ],
    ['personas', ['tags'], (tags) => ({ name: 'n', system_prompt: 's', tags })],
    ['navigation-routes/batch-update', [], (list) => list],
  ]
  for (const [path, loc, toBody] of bodies) {
    for (const sent of [{ length: 4_000_000_000 }, {}, loc.length > 0 ? 'x'.repeat(1_000_000) : {}]) {
      const answer = await ada('POST', `/api/v1/${path}`, toBody(sent))
      expect(answer).toMatchObject(fault('list_type', ['body', ...loc], 'Input should be a valid list'))
      expect(await server.call('POST', `/api/v1/${path}`, toBody(sent))).toMatchObject({ status: 401 })
    }
    if (loc.length > 0) {
      const answer = await ada('POST', `/api/v1/${path}`, toBody(5))
      expect(answer).toMatchObject(fault('list_type', ['body', ...loc], 'Input should be a valid list'))
    }
  }
  expect(performance.now() - startedAt).toBeLessThan(5000)
})

test('422: of a list of millions no more is looked at than fits', async () => {
  await using server = testApp()
  const items = Array.from({ length: 1_000_000 }, () => '{}').join(',')
  for (const [path, body, maxItems, loc] of [
    ['plugin-state/bulk', `{"states":[${items}]}`, 500, ['body', 'states']],
    ['navigation-routes/batch-update', `[${items}]`, 1000, ['body']],
    ['personas', `{"name":"n","system_prompt":"s","tags":[${items}]}`, 50, ['body', 'tags']],
  ] as const) {
    const { status, body: answer } = await server.as('ada')('POST', `/api/v1/${path}`, body)
    expect(status).toBe(422)
    expect(answer.detail[0]).toEqual({ type: 'too_long', loc, msg: `List should have at most ${maxItems} items` })
  }
})
