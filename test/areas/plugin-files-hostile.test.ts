import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPackageStore } from '../../src/areas/plugins/packages/create-package-store.ts'
import { rawRequest } from '../support/raw-request.ts'
import { servePlugin } from '../support/served-plugin.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { testApp } from '../support/test-app.ts'

const server = testApp()
afterAll(server.stop)

const secret = 'nobody may read this'
const files = {
  'dist/remoteEntry.js': 'bundle',
  'dist/.env.js': secret,
  'dist/.git/config.json': secret,
  'dist/setup.py': secret,
  'dist-secret/a.js': secret,
  'src/a.js': secret,
  'package.json': secret,
}

let pluginId: string
let neighbour: string
beforeAll(async () => {
  const userId = await server.idOf('bob')
  const { id, contentHash } = servePlugin(server.deps, { userId, files, compressed: ['dist/remoteEntry.js'] })
  pluginId = id
  const other = { userId: await server.idOf('eve'), pluginSlug: 'Other', files: { 'dist/a.js': secret } }
  neighbour = servePlugin(server.deps, other).contentHash
  const folder = server.deps.packageStore.filesOf(contentHash)
  writeFileSync(join(server.dataPath, 'secret.js'), secret)
  symlinkSync(join(server.dataPath, 'secret.js'), join(folder, 'dist/link.js'))
  symlinkSync('remoteEntry.js', join(folder, 'dist/inside.js'))
  symlinkSync(server.dataPath, join(folder, 'dist/folder'))
  symlinkSync('../src', join(folder, 'dist/src'))
  mkdirSync(join(folder, 'dist/folder.js'))
})

const get = (target: string, method?: string) => rawRequest(Number(new URL(server.url).port), target, method)

/** The rest of an address after `dist/`, unless it begins with a slash; `{up}` is the way to the data folder. */
const hostile: Record<string, string> = {
  'encoded dots': '%2e%2e/src/a.js',
  'half encoded dots': '.%2e/src/a.js',
  'plain dots': '../src/a.js',
  'dots and an encoded slash': '..%2fsrc%2fa.js',
  'all encoded': '%2e%2e%2fsrc%2fa.js',
  'encoded twice': '%252e%252e%252fsrc%252fa.js',
  'encoded three times': '%25252e%25252e%25252fsrc%25252fa.js',
  'overlong UTF-8 slash': '..%c0%afsrc%c0%afa.js',
  'overlong UTF-8 dots': '%c0%ae%c0%ae/src/a.js',
  'full-width dots': '%EF%BC%8E%EF%BC%8E%2fsrc%2fa.js',
  'two-dot leader': '%E2%80%A5%2fsrc%2fa.js',
  'encoded backslash': '..%5csrc%5ca.js',
  'plain backslash': '..\\src\\a.js',
  'IIS-style unicode': '..%u2215src/a.js',
  'four levels up': '..%2f..%2f..%2f..%2f..%2fsecret.js',
  'many levels up': `${'..%2f'.repeat(40)}etc/hosts.js`,
  'the neighbour': '..%2f..%2f..%2f{neighbour}%2ffiles%2fdist%2fa.js',
  'dots with a parameter': '..;/src/a.js',
  'dots and a space': '..%20%2fsrc%2fa.js',
  'three dots': '...%2fsrc%2fa.js',
  'a dot segment': '.%2fremoteEntry.js',
  NUL: 'remoteEntry.js%00.js',
  'NUL before the suffix': '../setup.py%00.js',
  'a line break': 'a%0d%0aSet-Cookie:%20x=1.js',
  DEL: 'a%7f.js',
  'an empty segment': '/remoteEntry.js',
  'an encoded empty segment': '%2fremoteEntry.js',
  absolute: '%2fetc%2fhosts.js',
  'a drive': 'C:%5cwindows%5cwin.js',
  'a stream': 'remoteEntry.js::$DATA.js',
  'a device': 'nul.js',
  'a trailing dot': 'remoteEntry.js.',
  'a trailing space': 'remoteEntry.js%20',
  'a trailing slash': 'remoteEntry.js/',
  'broken encoding': '%zz.js',
  'invalid UTF-8': '%ff%fe.js',
  'a lone surrogate': '%ed%a0%80.js',
  'a hidden file': '.env.js',
  'a hidden folder': '.git/config.json',
  'another letter case': 'REMOTEENTRY.js',
  'a sibling by prefix': '../dist-secret/a.js',
  'a sibling by prefix, encoded': '..%2fdist-secret%2fa.js',
  'a link to outside': 'link.js',
  'a link to inside': 'inside.js',
  'a file behind a linked folder': 'folder/secret.js',
  'a file of the package behind a linked folder': 'src/a.js',
  'a folder': 'folder.js',
  'an overlong name': `${'a'.repeat(300)}.js`,
  'an overlong path': `${'a/'.repeat(600)}b.js`,
  'a deep path': `${'a/'.repeat(100)}b.js`,
  'a file as a folder': 'remoteEntry.js/x.js',
  'the suffix in the query': 'setup.py?x=.js',
  'the suffix after a hash': 'setup.py%23.js',
}

describe('a hostile path on the public route', () => {
  for (const [name, path] of Object.entries(hostile)) {
    test(`is refused: ${name}`, async () => {
      const target = `/api/v1/public/plugins/${pluginId}/dist/${path.replace('{neighbour}', neighbour)}`
      for (const method of ['GET', 'HEAD']) {
        const { status, text } = await get(target, method)
        expect([403, 404]).toContain(status)
        expect(text).not.toContain(secret)
        expect(text).not.toContain(server.dataPath)
        expect(text.toLowerCase()).not.toContain('set-cookie')
      }
    })
  }

  test('is refused in the place of the plugin', async () => {
    const references = ['..', '%2e%2e', '..%2f..', `${pluginId}%2f..%2f..`, `${pluginId}%00`, `${pluginId}%20`, '', '*']
    const undecodable = ['%', '%zz', '%ff', 'a'.repeat(256)]
    for (const reference of [...references, ...undecodable]) {
      const { status, text } = await get(`/api/v1/public/plugins/${reference}/dist/remoteEntry.js`)
      expect([reference, status]).toEqual([reference, undecodable.includes(reference) ? 422 : 404])
      expect(text).not.toContain('bundle')
    }
  })

  test('leaves the way to the real file open', async () => {
    expect((await get(`/api/v1/public/plugins/${pluginId}/dist/remoteEntry.js`)).text).toEndWith('bundle')
    // Resolved by every HTTP client and by Bun before anything is looked up: the same file.
    expect((await get(`/api/v1/public/plugins/${pluginId}/src/../dist/remoteEntry.js`)).status).toBe(200)
  })
})

test('compressed copies lead nowhere else either', async () => {
  const userId = await server.idOf('bob')
  const linked = { userId, pluginSlug: 'Linked', files: { 'dist/a.js': 'plain' } }
  const { id, contentHash } = servePlugin(server.deps, linked)
  const folder = join(server.deps.packageStore.compressedOf(contentHash, 'br'), 'dist')
  mkdirSync(folder, { recursive: true })
  symlinkSync(join(server.dataPath, 'secret.js'), join(folder, 'a.js'))
  const response = await server.send('GET', `/api/v1/public/plugins/${id}/dist/a.js`, undefined, {
    'accept-encoding': 'br',
  })
  expect(await response.text()).toBe('plain')
})

test('a store behind a link works', async () => {
  await using folder = await tempFolder()
  mkdirSync(join(folder.path, 'real'))
  symlinkSync('real', join(folder.path, 'link'))
  await using own = testApp({ overrides: { packageStore: createPackageStore(join(folder.path, 'link')) } })
  const { id } = servePlugin(own.deps, { userId: await own.idOf('ada'), files })
  expect((await own.call('GET', `/api/v1/public/plugins/${id}/dist/remoteEntry.js`)).status).toBe(200)
})
