import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { toUuid } from '../../src/shared/ids.ts'
import { addContent, addModule, addPlugin } from '../support/plugins-rows.ts'
import { type Call, testApp } from '../support/test-app.ts'

const server = testApp()
afterAll(server.stop)

let ada: Call
let adaId: string

const base = '/api/v1/plugins'
const statusOf = async (plugin: string, call = ada) => (await call('GET', `${base}/${plugin}/status`)).body.data
const tryOut = async (plugin: string, call = ada) => (await call('POST', `${base}/${plugin}/test-loading`)).body

const [good, empty, broken, bare] = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(64)) as [
  string,
  string,
  string,
  string,
]

beforeAll(async () => {
  ada = server.as('ada')
  adaId = await server.idOf('ada')
  addContent(server, good, { 'dist/remoteEntry.js': '12345', 'package.json': '{"name":"x"}', 'assets/a.png': '' })
  addContent(server, empty, { 'dist/remoteEntry.js': '' })
  addContent(server, broken, { 'dist/remoteEntry.js': '1', 'package.json': '{' })
  addContent(server, bare, { 'readme.md': '' })
  addPlugin(server, adaId, 'Good', { contentHash: good })
  addPlugin(server, adaId, 'Empty', { contentHash: empty })
  addPlugin(server, adaId, 'Broken', { contentHash: broken })
  addPlugin(server, adaId, 'NoBundle', { contentHash: bare })
  addPlugin(server, adaId, 'Backend', { contentHash: bare, type: 'backend', bundleLocation: null, scope: null })
  addPlugin(server, adaId, 'Gone', { contentHash: 'e'.repeat(64) })
  addPlugin(server, adaId, 'NoFiles')
  addPlugin(server, adaId, 'Escape', { contentHash: good, bundleLocation: '../../../../../../etc/passwd' })
})

describe('GET /plugins/:pluginId/status', () => {
  test('every field, by slug and by id', async () => {
    for (const one of ['Good', `${adaId}_Good`, `${toUuid(adaId)}_Good`]) {
      const { status, body } = await ada('GET', `${base}/${one}/status`)
      expect(status).toBe(200)
      expect(body).toEqual({
        status: 'success',
        data: {
          plugin_slug: 'Good',
          exists: true,
          installed: true,
          status: 'healthy',
          plugin_id: `${adaId}_Good`,
          plugin_name: 'Name of Good',
          version: '1.2.3',
          plugin_info: {
            id: `${adaId}_Good`,
            name: 'Name of Good',
            version: '1.2.3',
            enabled: 1,
            created_at: '2026-01-01T00:00:00.000Z',
            updated_at: '2026-01-01T00:00:00.000Z',
          },
          health_details: { bundle_exists: true, bundle_size: 5, package_json_valid: true, assets_present: true },
        },
      })
    }
  })

  test('what is wrong with the files', async () => {
    const health = { bundle_exists: true, bundle_size: 0, package_json_valid: null, assets_present: false }
    expect(await statusOf('Empty')).toMatchObject({ status: 'unhealthy', health_details: health })
    expect(await statusOf('Broken')).toMatchObject({
      status: 'unhealthy',
      health_details: { bundle_size: 1, package_json_valid: false },
    })
    expect(await statusOf('NoBundle')).toMatchObject({ status: 'unhealthy', health_details: { bundle_exists: false } })
    expect(await statusOf('Backend')).toMatchObject({ status: 'healthy', health_details: { bundle_exists: false } })
    for (const one of ['Gone', 'NoFiles']) {
      expect(await statusOf(one)).toMatchObject({ exists: true, installed: true, status: 'files_missing' })
    }
  })

  test('a bundle location of an imported row leads nowhere else', async () => {
    expect(await statusOf('Escape')).toMatchObject({ status: 'unhealthy', health_details: { bundle_exists: false } })
  })

  test('a folder is no bundle', async () => {
    mkdirSync(join(server.deps.packageStore.filesOf(bare), 'dist/folder.js'), { recursive: true })
    addPlugin(server, adaId, 'Folder', { contentHash: bare, bundleLocation: 'dist/folder.js' })
    expect(await statusOf('Folder')).toMatchObject({ health_details: { bundle_exists: false } })
  })

  test('200 for what is not installed, and the same for what others have', async () => {
    const bob = server.as('bob')
    const nothing = { exists: false, installed: false, status: 'not_installed' }
    expect(await statusOf('Nothing')).toEqual({ plugin_slug: 'Nothing', ...nothing })
    expect(await statusOf('Good', bob)).toEqual({ plugin_slug: 'Good', ...nothing })
    expect(await statusOf(`${adaId}_Good`, bob)).toEqual({ plugin_slug: `${adaId}_Good`, ...nothing })
  })
})

describe('POST /plugins/:pluginId/test-loading', () => {
  const fine = {
    plugin_installed: true,
    files_exist: true,
    manifest_valid: true,
    bundle_accessible: true,
    modules_configured: [{ moduleName: 'Main', configured: true, hasRequiredFields: true, issues: [] }],
    errors: [],
    warnings: [],
  }

  test('all well, by slug, id and displayed name', async () => {
    for (const one of ['Good', `${adaId}_Good`, 'Name%20of%20Good']) expect(await tryOut(one)).toEqual(fine)
  })

  test('what is missing is named', async () => {
    expect(await tryOut('NoBundle')).toEqual({
      ...fine,
      bundle_accessible: false,
      errors: ['The bundle dist/remoteEntry.js is missing'],
    })
    expect(await tryOut('Empty')).toMatchObject({
      bundle_accessible: false,
      errors: ['The bundle dist/remoteEntry.js is empty'],
    })
    expect(await tryOut('Gone')).toMatchObject({
      files_exist: false,
      bundle_accessible: false,
      errors: ['The files of the plugin are missing: install it again'],
    })
    expect(await tryOut('Broken')).toMatchObject({
      bundle_accessible: true,
      warnings: ['package.json is not readable'],
    })
    expect(await tryOut('Backend')).toMatchObject({ manifest_valid: true, bundle_accessible: true, errors: [] })
  })

  test('a disabled plugin is not served', async () => {
    addPlugin(server, adaId, 'Off', { contentHash: good, enabled: false })
    expect(await tryOut('Off')).toEqual({
      ...fine,
      bundle_accessible: false,
      warnings: ['The plugin is disabled: its files are not served'],
    })
  })

  test('what the loader of the web client would refuse', async () => {
    const row = addPlugin(server, adaId, 'Odd', { contentHash: good, scope: null, bundleLocation: null, modules: [] })
    expect(await tryOut('Odd')).toMatchObject({
      manifest_valid: false,
      bundle_accessible: false,
      errors: [
        'The plugin names no scope (its federation container)',
        'The plugin names no bundle',
        'The plugin has no modules',
      ],
    })
    addModule(server, row, 'Bits', { props: '[]', tags: 'x' })
    const issues = ['props is not readable', 'tags is not readable']
    expect((await tryOut('Odd')).modules_configured).toEqual([
      { moduleName: 'Bits', configured: false, hasRequiredFields: true, issues },
    ])
  })

  test('200 for what is not installed, and the same for what others have', async () => {
    const nothing = {
      plugin_installed: false,
      files_exist: false,
      manifest_valid: false,
      bundle_accessible: false,
      modules_configured: [],
      errors: ['This plugin is not installed'],
      warnings: [],
    }
    expect(await tryOut('Nothing')).toEqual(nothing)
    for (const one of ['Good', `${adaId}_Good`, 'Name%20of%20Good']) {
      expect(await tryOut(one, server.as('bob'))).toEqual(nothing)
    }
  })
})
