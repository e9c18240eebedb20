import { existsSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { pluginServices } from '../../src/areas/plugins/plugins.table.ts'
import { toUuid } from '../../src/shared/ids.ts'
import { addContent, addPlugin } from '../support/plugins-rows.ts'
import { type Call, testApp } from '../support/test-app.ts'

const server = testApp()
afterAll(server.stop)
const { sqlite } = server.database

let ada: Call
let bob: Call
let adaId: string
let id: string

const base = '/api/v1/plugins'
const permission = "or you don't have permission"
const isEnabled = (table: string, one: string) =>
  sqlite.query<{ enabled: number }, [string]>(`select enabled from ${table} where id = ?`).get(one)?.enabled
const eventsOf = (type: string) =>
  sqlite.query(`select resource_id from audit_logs where event_type = ? and status = 'success'`).values(type).flat()

beforeAll(async () => {
  ;[ada, bob] = [server.as('ada'), server.as('bob')]
  adaId = await server.idOf('ada')
  await server.idOf('bob')
  id = `${adaId}_Chat`
})
beforeEach(() => {
  sqlite.run('delete from plugins')
  addPlugin(server, adaId, 'Chat')
})

describe('PATCH /plugins/:pluginId', () => {
  test('disables and enables, by id in any spelling and by slug', async () => {
    for (const one of [id, `${toUuid(adaId)}_Chat`, 'Chat']) {
      const off = await ada('PATCH', `${base}/${one}`, { enabled: false })
      expect(off).toMatchObject({
        status: 200,
        body: { status: 'success', message: `Plugin ${one} disabled successfully` },
      })
      expect((await ada('GET', `${base}/manifest`)).body).toEqual({})
      expect((await ada('GET', `${base}/manifest/designer`)).body).toEqual({})
      const on = await ada('PATCH', `${base}/${one}`, { enabled: true })
      expect(on.body).toEqual({ status: 'success', message: `Plugin ${one} enabled successfully` })
      expect((await ada('GET', `${base}/manifest`)).body).toHaveProperty('Chat')
    }
    expect(eventsOf('plugin.disabled')).toEqual([id, id, id])
    expect(eventsOf('plugin.enabled')).toEqual([id, id, id])
  })

  test('moves updated_at, and nothing else', async () => {
    const row = () => sqlite.query('select * from plugins').get() as Record<string, unknown>
    const before = row()
    await ada('PATCH', `${base}/Chat`, { enabled: false, name: 'x', user_id: 'y' })
    expect(row()).toEqual({ ...before, enabled: 0, updated_at: server.clock.now })
  })

  test('empty values and the word "false" are false, all others true', async () => {
    for (const enabled of [false, 0, '', null, [], {}, 'false', 'False', ' FALSE ']) {
      await ada('PATCH', `${base}/Chat`, { enabled: true })
      await ada('PATCH', `${base}/Chat`, { enabled })
      expect(isEnabled('plugins', id), JSON.stringify(enabled)).toBe(0)
    }
    for (const enabled of [true, 1, -1, 'true', 'x', [0], { a: 1 }]) {
      await ada('PATCH', `${base}/Chat`, { enabled: false })
      await ada('PATCH', `${base}/Chat`, { enabled })
      expect(isEnabled('plugins', id), JSON.stringify(enabled)).toBe(1)
    }
  })

  test('400 without the field, before anything is looked for', async () => {
    const refusal = { status: 400, body: { detail: "Missing 'enabled' field in request body" } }
    for (const one of ['Chat', 'Nothing'])
      expect(await ada('PATCH', `${base}/${one}`, { on: true })).toMatchObject(refusal)
    expect(await ada('PATCH', `${base}/Chat`, '{"__proto__":{"enabled":false}}')).toMatchObject(refusal)
    expect(await ada('PATCH', `${base}/Nothing/modules/x`, {})).toMatchObject(refusal)
  })

  test('404 for what is not there and what is not yours', async () => {
    for (const one of [id, 'Chat']) {
      const detail = `Plugin ${one} not found ${permission}`
      expect(await bob('PATCH', `${base}/${one}`, { enabled: false })).toMatchObject({ status: 404, body: { detail } })
    }
    expect(isEnabled('plugins', id)).toBe(1)
  })

  test('422 for a body that is no object', async () => {
    for (const body of ['[]', '"x"', 'null', '7', '']) {
      expect((await ada('PATCH', `${base}/Chat`, body)).status).toBe(422)
    }
  })
})

describe('PATCH /plugins/:pluginId/modules/:moduleId', () => {
  test('disables and enables; the manifest shows it', async () => {
    for (const [plugin, module] of [
      [id, `${id}_Main`],
      ['Chat', `${toUuid(adaId)}_Chat_Main`],
    ]) {
      const path = `${base}/${plugin}/modules/${module}`
      const off = await ada('PATCH', path, { enabled: false })
      expect(off.body).toEqual({ status: 'success', message: `Module ${module} disabled successfully` })
      const { Chat } = (await ada('GET', `${base}/manifest/designer`)).body
      expect(Chat.modules).toMatchObject([{ name: 'Main', enabled: false }])
      expect((await ada('PATCH', path, { enabled: true })).body.message).toBe(`Module ${module} enabled successfully`)
      expect(isEnabled('plugin_modules', `${id}_Main`)).toBe(1)
    }
  })

  test('404 for what is not there and what is not yours', async () => {
    addPlugin(server, adaId, 'Other')
    for (const [call, plugin, module] of [
      [ada, 'Chat', 'x'],
      [ada, 'Nothing', `${id}_Main`],
      [ada, 'Other', `${id}_Main`],
      [bob, id, `${id}_Main`],
    ] as const) {
      const detail = `Module ${module} not found in plugin ${plugin} ${permission}`
      const answer = await call('PATCH', `${base}/${plugin}/modules/${module}`, { enabled: false })
      expect(answer).toMatchObject({ status: 404, body: { detail } })
    }
    expect(isEnabled('plugin_modules', `${id}_Main`)).toBe(1)
  })
})

describe('DELETE /plugins/:pluginId', () => {
  const countOf = (table: string) => sqlite.query(`select count(*) from ${table}`).values().flat()[0]

  test('takes modules and services along, and nothing of other plugins', async () => {
    server.deps.db
      .insert(pluginServices)
      .values({ id: 's', pluginId: id, userId: adaId, name: 's', status: 'pending', createdAt: 1, updatedAt: 1 })
      .run()
    addPlugin(server, adaId, 'Other')
    const answer = await ada('DELETE', `${base}/${id}`)
    expect(answer).toMatchObject({
      status: 200,
      body: { status: 'success', message: `Plugin ${id} unregistered successfully` },
    })
    expect([countOf('plugins'), countOf('plugin_modules'), countOf('plugin_services')]).toEqual([1, 1, 0])
    expect((await ada('GET', `${base}/manager`)).body).toMatchObject({ totalItems: 1 })
    expect(eventsOf('plugin.uninstalled')).toEqual([id])
    expect((await ada('DELETE', `${base}/${id}`)).status).toBe(404)
    // Nothing is left that would be in the way of the next installation.
    addPlugin(server, adaId, 'Chat')
  })

  test('by slug, and by id with dashes', async () => {
    expect((await ada('DELETE', `${base}/Chat`)).status).toBe(200)
    addPlugin(server, adaId, 'Chat')
    expect((await ada('DELETE', `${base}/${toUuid(adaId)}_Chat`)).status).toBe(200)
    expect(countOf('plugins')).toBe(0)
  })

  test('404 for what is not there and what is not yours', async () => {
    for (const one of [id, 'Chat', 'Nothing']) {
      const detail = `Plugin ${one} not found ${permission}`
      expect(await bob('DELETE', `${base}/${one}`)).toMatchObject({ status: 404, body: { detail } })
    }
    expect(countOf('plugins')).toBe(1)
  })

  test('asks the store to collect what nobody uses any more, in a transaction', async () => {
    const hash = 'f'.repeat(64)
    const asked: boolean[][] = []
    await using own = testApp({
      overrides: {
        packageStore: {
          ...server.deps.packageStore,
          collect: (isUsed) => void asked.push([isUsed(hash), own.database.sqlite.inTransaction]),
        },
      },
    })
    for (const name of ['ada', 'bob']) addPlugin(own, await own.idOf(name), 'Shared', { contentHash: hash })
    await own.as('ada')('DELETE', `${base}/Shared`)
    await own.as('bob')('DELETE', `${base}/Shared`)
    expect(asked).toEqual([
      [true, true],
      [false, true],
    ])
  })

  test('files that another user has, too, stay', async () => {
    const hash = 'ab'.repeat(32)
    addContent(server, hash, { 'dist/remoteEntry.js': '1' })
    addPlugin(server, await server.idOf('bob'), 'Shared', { contentHash: hash })
    addPlugin(server, adaId, 'Shared', { contentHash: hash })
    await ada('DELETE', `${base}/Shared`)
    expect((await bob('GET', `${base}/Shared/status`)).body.data.status).toBe('healthy')
    expect(existsSync(server.deps.packageStore.filesOf(hash))).toBe(true)
  })
})

test('POST /plugins/refresh-cache counts your enabled plugins', async () => {
  addPlugin(server, adaId, 'Off', { enabled: false })
  addPlugin(server, await server.idOf('bob'), 'Bobs')
  expect(await ada('POST', `${base}/refresh-cache`)).toMatchObject({
    status: 200,
    body: { total: 1, new: [], removed: [] },
  })
})

describe('POST /plugins/:pluginId/services/…', () => {
  for (const verb of ['restart', 'start', 'stop']) {
    test(`${verb}: never claims to do it`, async () => {
      const path = `${base}/Chat/services/${verb}`
      const call = { definition_id: 'x', user_id: 'current', service_name: 's', env: { A: '1' } }
      const unsupported = { status: 501, body: { detail: expect.any(String), code: 'plugins.services_unsupported' } }
      for (const user_id of ['current', adaId, toUuid(adaId), undefined]) {
        expect(await ada('POST', path, { ...call, user_id })).toMatchObject(unsupported)
      }
      const foreign = { status: 403, body: { detail: 'Cannot access settings for another user' } }
      expect(await ada('POST', path, { ...call, user_id: await server.idOf('bob') })).toMatchObject(foreign)
      expect(await ada('POST', path, { user_id: 'somebody' })).toMatchObject(foreign)
      const missing = { status: 400, body: { detail: 'definition_id is required' } }
      for (const definition_id of [undefined, '', null]) {
        expect(await ada('POST', path, { ...call, definition_id })).toMatchObject(missing)
      }
      for (const body of [undefined, '[]', { definition_id: 7 }]) {
        expect((await ada('POST', path, body)).status).toBe(422)
      }
    })
  }
})
