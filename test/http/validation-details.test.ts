import { expect, test } from 'bun:test'
import { testApp } from '../support/test-app.ts'

const fault = (type: string, loc: (string | number)[], msg: string) => ({
  status: 422,
  body: { detail: [{ type, loc, msg }] },
})
const integer = 'Input should be a valid integer'

test('422: what is wrong with a number in a query, and with which one', async () => {
  await using server = testApp()
  const atLeast = (minimum: number) => `Input should be greater than or equal to ${minimum}`
  const atMost = (maximum: number) => `Input should be less than or equal to ${maximum}`
  const cases: [path: string, field: string, value: string, type: string, msg: string][] = [
    ['pages', 'skip', '-1', 'greater_than_equal', atLeast(0)],
    ['personas', 'page', '0', 'greater_than_equal', atLeast(1)],
    ['personas', 'pageSize', '101', 'less_than_equal', atMost(100)],
    ['personas', 'skip', '2147483648', 'less_than_equal', atMost(2_147_483_647)],
    ['plugin-state', 'limit', '5000', 'less_than_equal', atMost(1000)],
    ['users/current/conversations', 'limit', '0', 'greater_than_equal', atLeast(1)],
    ...['abc', '', '1.5', '0x10', '1e2', '1 2', 'NaN', 'Infinity', '١'].map(
      (value): [string, string, string, string, string] => ['plugin-state', 'limit', value, 'int_parsing', integer],
    ),
  ]
  for (const [path, field, value, type, msg] of cases) {
    const answer = await server.as('ada')('GET', `/api/v1/${path}?${field}=${encodeURIComponent(value)}`)
    expect(answer).toMatchObject(fault(type, ['query', field], msg))
  }
  const several = await server.as('ada')('GET', '/api/v1/users/current/conversations?skip=-1&limit=abc')
  expect(several.body.detail).toMatchObject([{ loc: ['query', 'skip'] }, { loc: ['query', 'limit'] }])
})

test('200: numbers in a query as people and programs write them; what is missing has its default', async () => {
  await using server = testApp()
  for (let index = 0; index < 21; index++) await server.as('ada')('POST', '/api/v1/conversations', {})
  const count = async (query: string) =>
    (await server.as('ada')('GET', `/api/v1/users/current/conversations?${query}`)).body.length
  for (const text of ['5', '05', '%205', '5.0', '%2B5']) expect(await count(`limit=${text}`)).toBe(5)
  expect(await count('')).toBe(20)
  expect(await count('skip=20')).toBe(1)
})

test('422: what is wrong with a number, an object or a list in a body', async () => {
  await using server = testApp()
  const persona = { name: 'n', system_prompt: 's' }
  const state = { plugin_id: 'p', state_data: {} }
  const object = 'Input should be a valid object'
  const cases: [method: string, path: string, body: unknown, expected: object][] = [
    ...['a', 1.5, true, {}].map((version): [string, string, unknown, object] => [
      'PUT',
      'plugin-state/x',
      { version },
      fault('int_parsing', ['body', 'version'], integer),
    ]),
    [
      'PUT',
      'plugin-state/x',
      { version: -1 },
      fault('greater_than_equal', ['body', 'version'], 'Input should be greater than or equal to 0'),
    ],
    ['POST', 'plugin-state', { ...state, state_data: [] }, fault('dict_type', ['body', 'state_data'], object)],
    ['POST', 'personas', { ...persona, model_settings: [] }, fault('dict_type', ['body', 'model_settings'], object)],
    ['POST', 'plugin-state/bulk', {}, fault('missing', ['body', 'states'], 'Field required')],
    [
      'POST',
      'plugin-state/bulk',
      { states: [state, { plugin_id: 'p' }] },
      fault('missing', ['body', 'states', 1, 'state_data'], 'Field required'),
    ],
  ]
  for (const [method, path, body, expected] of cases) {
    expect(await server.as('ada')(method, `/api/v1/${path}`, body)).toMatchObject(expected)
  }
})

test('200: a number in a body may be null or text', async () => {
  await using server = testApp()
  const ada = server.as('ada')
  const { id } = (await ada('POST', '/api/v1/plugin-state', { plugin_id: 'p', state_data: {} })).body
  expect(await ada('PUT', `/api/v1/plugin-state/${id}`, { version: '1' })).toMatchObject({ body: { version: 2 } })
  expect(await ada('PUT', `/api/v1/plugin-state/${id}`, { version: null })).toMatchObject({ body: { version: 3 } })
  expect(await ada('PUT', `/api/v1/plugin-state/${id}`, { version: '2' })).toMatchObject({ status: 409 })
})
