import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { findEnabledById, findEnabledBySlug, findOwnEnabled } from '../../src/areas/plugins/files/plugin-files.store.ts'
import { toUuid } from '../../src/shared/ids.ts'
import { plansOf } from '../support/query-plans.ts'
import { files } from '../support/sample-files.ts'
import { servePlugin } from '../support/served-plugin.ts'
import { testApp } from '../support/test-app.ts'

const server = testApp()
afterAll(server.stop)

let bob: string
let pluginId: string
beforeAll(async () => {
  bob = await server.idOf('bob')
  pluginId = servePlugin(server.deps, { userId: bob, files, compressed: ['dist/remoteEntry.js'] }).id
})

describe('which plugin answers', () => {
  test('404: a disabled one, and one without files', async () => {
    await using own = testApp()
    const userId = await own.idOf('ada')
    const disabled = servePlugin(own.deps, { userId, pluginSlug: 'Off', enabled: false, files })
    const bare = servePlugin(own.deps, { userId, pluginSlug: 'Bare', contentHash: null, files })
    const call = (reference: string) => own.call('GET', `/api/v1/public/plugins/${reference}/dist/plain.js`)
    expect(await call(disabled.id)).toMatchObject({ status: 404, body: { detail: 'Plugin not found' } })
    expect(await call('Off')).toMatchObject({ status: 404, body: { detail: 'Plugin not found' } })
    expect(await call(bare.id)).toMatchObject({ status: 404, body: { detail: 'File not found' } })
    expect(await call('Bare')).toMatchObject({ status: 404, body: { detail: 'Plugin not found' } })
  })

  test('by slug as long as all users have the same files, and one of them has it enabled', async () => {
    await using own = testApp()
    const place = async (name: string, text: string, fields: object = {}) =>
      servePlugin(own.deps, {
        userId: await own.idOf(name),
        pluginSlug: 'Chat',
        files: { 'dist/who.js': text },
        ...fields,
      })
    const read = (reference: string) => own.call('GET', `/api/v1/public/plugins/${reference}/dist/who.js`)
    const enable = (name: string, enabled: boolean) => own.as(name)('PATCH', '/api/v1/plugins/Chat', { enabled })
    const notFound = { status: 404, body: { detail: 'Plugin not found' } }
    const ann = await place('ann', 'good')
    await place('ben', 'good')
    await place('cid', 'none', { contentHash: null })
    expect((await read('Chat')).body).toBe('good')
    await enable('ann', false)
    expect((await read('Chat')).body).toBe('good')
    await enable('ben', false)
    expect(await read('Chat')).toMatchObject(notFound)
    // Somebody else's files do not stand in for those that are disabled, nor beside those that are enabled.
    const eve = await place('eve', 'evil')
    expect(await read('Chat')).toMatchObject(notFound)
    await enable('ann', true)
    expect(await read('Chat')).toMatchObject(notFound)
    expect((await read(ann.id)).body).toBe('good')
    expect((await read(eve.id)).body).toBe('evil')
    expect((await own.as('eve')('GET', '/api/v1/plugins/Chat/dist/who.js')).body).toBe('evil')
    expect((await own.as('eve')('DELETE', '/api/v1/plugins/Chat')).status).toBe(200)
    expect((await read('Chat')).body).toBe('good')
  })

  test("a slug that looks like another user's id answers for nobody else", async () => {
    await using own = testApp()
    const [victim, eve] = [await own.idOf('victim'), await own.idOf('eve')]
    servePlugin(own.deps, { userId: eve, pluginSlug: `${victim}_Chat`, files: { 'dist/remoteEntry.js': 'evil' } })
    for (const reference of [`${victim}_Chat`, `${toUuid(victim)}_Chat`]) {
      const answer = await own.call('GET', `/api/v1/public/plugins/${reference}/dist/remoteEntry.js`)
      expect(answer).toMatchObject({ status: 404, body: { detail: 'Plugin not found' } })
    }
  })

  test('two contents under one slug stay apart', async () => {
    await using own = testApp()
    for (const name of ['ann', 'ben']) {
      const { id } = servePlugin(own.deps, { userId: await own.idOf(name), files: { 'dist/who.js': name } })
      expect((await own.call('GET', `/api/v1/public/plugins/${id}/dist/who.js`)).body).toBe(name)
    }
  })

  test('a bundle beside the metadata: everything but the metadata', async () => {
    await using own = testApp()
    const root = { 'remoteEntry.js': 'js', 'chunk.js': 'c', 'package.json': '{}', 'braindrive.plugin.json': '{}' }
    const { id } = servePlugin(own.deps, {
      userId: await own.idOf('ada'),
      bundleLocation: 'remoteEntry.js',
      files: { ...root, 'lib/Package.JSON': '{}', 'lifecycle_manager.py': '', 'lib/more.js': 'm' },
    })
    const status = async (path: string) => (await own.call('GET', `/api/v1/public/plugins/${id}/${path}`)).status
    for (const path of ['remoteEntry.js', 'chunk.js', 'lib/more.js']) expect(await status(path)).toBe(200)
    for (const path of ['package.json', 'braindrive.plugin.json', 'lib/Package.JSON'])
      expect(await status(path)).toBe(404)
    expect(await status('lifecycle_manager.py')).toBe(403)
  })

  test('without a bundle: assets alone', async () => {
    await using own = testApp()
    const { id } = servePlugin(own.deps, { userId: await own.idOf('ada'), bundleLocation: null, files })
    const status = async (path: string) => (await own.call('GET', `/api/v1/public/plugins/${id}/${path}`)).status
    expect(await status('assets/logo.png')).toBe(200)
    expect(await status('dist/plain.js')).toBe(404)
  })

  test('no search reads more than it must', () => {
    const { db } = server.deps
    const plans = plansOf(server.database.sqlite, () => {
      findEnabledById(db, 'a')
      findEnabledBySlug(db, 'a')
      findOwnEnabled(db, 'a', 'a', 'a')
    })
    for (const plan of plans) expect(plan).not.toContain('SCAN')
    expect(plans.join('\n')).not.toContain('plugins_content')
  })
})

describe('GET /plugins/{plugin_id}/{path}', () => {
  test('200: own files by id in both spellings, and by slug', async () => {
    for (const reference of [pluginId, `${toUuid(bob)}_Sample`, 'Sample']) {
      const answer = await server.as('bob')('GET', `/api/v1/plugins/${reference}/dist/plain.js`)
      expect(answer).toMatchObject({ status: 200, body: 'plain' })
      expect(answer.headers.get('cache-control')).toBe('private, no-cache')
      expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    }
  })

  test('200 to HEAD', async () => {
    const authorization = `Bearer ${await server.tokenOf('bob')}`
    const response = await server.send('HEAD', '/api/v1/plugins/Sample/dist/plain.js', undefined, { authorization })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-length')).toBe('5')
  })

  test("404: another user's plugin, for administrators too", async () => {
    for (const name of ['root', 'eve']) {
      for (const reference of [pluginId, `${toUuid(bob)}_Sample`, 'Sample']) {
        const answer = await server.as(name)('GET', `/api/v1/plugins/${reference}/dist/plain.js`)
        expect(answer).toMatchObject({ status: 404, body: { detail: 'Plugin not found' } })
      }
    }
  })

  test('401: strangers', async () => {
    expect(await server.call('GET', `/api/v1/plugins/${pluginId}/dist/plain.js`)).toMatchObject({
      status: 401,
      body: { code: 'auth.not_authenticated' },
    })
  })

  test('403 and 404 as on the public route, and nothing under update/', async () => {
    const call = (path: string) => server.as('bob')('GET', `/api/v1/plugins/${pluginId}/${path}`)
    expect(await call('dist/setup.py')).toMatchObject({ status: 403, body: { detail: 'File type not allowed' } })
    for (const path of [
      'modules/a/x.js',
      'update/x.js',
      'package.json',
      'dist-secret/other.js',
      '..%2f..%2fdata.json',
    ]) {
      expect(await call(path)).toMatchObject({ status: 404, body: { detail: 'File not found' } })
    }
  })

  test('is asked last: other addresses with two parts are no files', async () => {
    const call = (path: string) => server.as('bob')('GET', `/api/v1/plugins/${path}`)
    expect(await call('manifest/designer')).toMatchObject({ status: 200, body: { Sample: { database_id: pluginId } } })
    expect(await call('Sample/info')).toMatchObject({ status: 200, body: { id: pluginId } })
    expect(await call('Sample/modules')).toMatchObject({ status: 200, body: { modules: [] } })
    expect(await call('direct/Sample/modules/x.js')).toMatchObject({
      status: 404,
      body: { code: 'plugins.module_not_found' },
    })
    expect(await call('Sample')).toMatchObject({ status: 405 })
  })
})
