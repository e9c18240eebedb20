import { describe, expect, test } from 'bun:test'
import { installPlugin } from '../../src/areas/plugins/install/install.service.ts'
import { fakeGithub } from '../support/fake-github.ts'
import { uploadOf } from '../support/plugin-installs.ts'
import { pluginPackage } from '../support/plugin-packages.ts'
import { addPlugin } from '../support/plugins-rows.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { testApp } from '../support/test-app.ts'

const base = '/api/v1/plugins'
const fromGithub = {
  packageSource: 'github',
  packageUrl: 'https://github.com/ada/chat',
  packageRef: 'v1.2.3',
} as const

describe('GET /plugins/:pluginId/modules/:moduleId', () => {
  const open = async () => {
    const github = fakeGithub({ 'ada/chat': [{ tag_name: 'v1.3.0' }] })
    const server = testApp({ env: { PRIVATE_HOSTS: github.host, GITHUB_API_URL: github.url } })
    const ada = server.as('ada')
    const plugin = addPlugin(server, await server.idOf('ada'), 'Chat', fromGithub)
    const path = (kind = '') => `${base}${kind}/${plugin.id}/modules/${plugin.id}_Main`
    return {
      github,
      server,
      read: async (kind = '') => (await ada('GET', path(kind))).body.plugin,
      [Symbol.asyncDispose]: async () => {
        await server.stop()
        await github[Symbol.asyncDispose]()
      },
    }
  }

  test('asks GitHub for a newer release, at most once an hour, and keeps the answer', async () => {
    await using world = await open()
    const news = { updateAvailable: true, latestVersion: '1.3.0', lastUpdateCheck: '2026-01-02T03:04:05.678Z' }
    for (let round = 0; round < 3; round++) expect(await world.read()).toMatchObject(news)
    // In the reference both fail from the first check on.
    expect(await world.read('/direct')).toMatchObject(news)
    expect(world.github.requests).toHaveLength(1)
    world.server.database.sqlite.run('update plugins set last_update_check = last_update_check - 3600000')
    expect(await world.read()).toMatchObject(news)
    expect(world.github.requests).toHaveLength(2)
  })

  test('GET /direct asks nobody', async () => {
    await using world = await open()
    expect(await world.read('/direct')).toMatchObject({ updateAvailable: false, lastUpdateCheck: null })
    expect(world.github.requests).toEqual([])
  })

  test('answers all the same when GitHub does not', async () => {
    await using world = await open()
    world.github.answerNext(() => new Response('', { status: 500 }))
    expect(await world.read()).toMatchObject({ updateAvailable: false, latestVersion: null })
    expect(await world.read('/direct')).toMatchObject({ name: 'Name of Chat' })
  })

  test('asks nobody for a stranger', async () => {
    await using world = await open()
    const plugin = `${await world.server.idOf('ada')}_Chat`
    const answer = await world.server.as('bob')('GET', `${base}/${plugin}/modules/${plugin}_Main`)
    expect(answer.status).toBe(404)
    expect(world.github.requests).toEqual([])
  })
})

test('an installed package is read, found, switched off and taken away', async () => {
  await using server = testApp()
  await using folder = await tempFolder()
  const [ada, adaId] = [server.as('ada'), await server.idOf('ada')]
  const id = `${adaId}_Lamp`
  await installPlugin(server.deps, adaId, await uploadOf(folder.path, pluginPackage()))
  const { Lamp } = (await ada('GET', `${base}/manifest/designer`)).body
  expect(Lamp).toMatchObject({ id: 'Lamp', database_id: id, scope: 'Lamp', bundlelocation: 'dist/remoteEntry.js' })
  expect(Lamp.modules).toMatchObject([
    { id: `${id}_LampOn`, pluginId: 'Lamp', name: 'LampOn', props: { watts: 60 }, tags: ['light'] },
    { id: `${id}_LampOff`, pluginId: 'Lamp', name: 'LampOff' },
  ])
  expect((await ada('GET', `${base}/manager?search=LAMPON`)).body).toMatchObject({ totalItems: 1 })
  expect((await ada('GET', `${base}/Lamp/status`)).body.data).toMatchObject({
    status: 'healthy',
    health_details: { bundle_exists: true },
  })
  const works = { plugin_installed: true, files_exist: true, manifest_valid: true, bundle_accessible: true, errors: [] }
  expect((await ada('POST', `${base}/Lamp/test-loading`)).body).toMatchObject(works)
  const bundle = `/api/v1/public/plugins/${id}/dist/remoteEntry.js`
  expect((await server.call('GET', bundle)).status).toBe(200)
  await ada('PATCH', `${base}/${id}`, { enabled: false })
  expect((await server.call('GET', bundle)).status).toBe(404)
  await ada('PATCH', `${base}/${id}`, { enabled: true })
  expect((await ada('DELETE', `${base}/${id}`)).status).toBe(200)
  expect((await server.call('GET', bundle)).status).toBe(404)
  expect((await ada('GET', `${base}/manifest/designer`)).body).toEqual({})
  await installPlugin(server.deps, adaId, await uploadOf(folder.path, pluginPackage()))
  expect((await server.call('GET', bundle)).status).toBe(200)
})
