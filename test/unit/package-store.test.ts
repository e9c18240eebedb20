import { expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { createPackageStore } from '../../src/areas/plugins/packages/create-package-store.ts'
import { failureOf } from '../support/failure-of.ts'
import { type PackageFiles, writePackage } from '../support/plugin-packages.ts'
import { tempFolder } from '../support/temp-folder.ts'

const withStore = async () => {
  const folder = await tempFolder()
  const store = createPackageStore(join(folder.path, 'plugins'))
  const sealed = async (files: PackageFiles, root = 'tree', signal?: AbortSignal) => {
    const staging = await store.stage()
    await writePackage(join(staging.path, root), files)
    return { staging, sealed: await store.seal(staging, join(staging.path, root), signal) }
  }
  const placed = async (files: PackageFiles) => {
    const one = await sealed(files)
    store.place(one.sealed)
    await one.staging[Symbol.asyncDispose]()
    return one.sealed.contentHash
  }
  const list = (name: string) => {
    const path = join(folder.path, 'plugins', name)
    return existsSync(path) ? readdirSync(path).toSorted() : []
  }
  return { ...folder, store, sealed, placed, list }
}

const waitUntil = async (isDone: () => boolean) => {
  for (let tries = 0; tries < 1000 && !isDone(); tries++) await Bun.sleep(10)
  expect(isDone()).toBe(true)
}

const text = 'let lamp = "on";\n'.repeat(500)

test('a package is placed under the hash of its files, and staging is empty after that', async () => {
  await using one = await withStore()
  const hash = await one.placed({ 'a.txt': 'a', 'dist/b.js': 'b' })
  expect(hash).toMatch(/^[0-9a-f]{64}$/)
  expect(await readFile(join(one.store.filesOf(hash), 'dist/b.js'), 'utf8')).toBe('b')
  expect(one.list('staging')).toEqual([])
  expect(one.list('contents')).toEqual([hash])
  expect((await stat(join(one.path, 'plugins/contents'))).mode & 0o777).toBe(0o700)
})

test('the hash is that of paths and contents: equal for equal files, whatever their folder', async () => {
  await using one = await withStore()
  const hashOf = async (files: PackageFiles, root?: string) => (await one.sealed(files, root)).sealed.contentHash
  const hash = await hashOf({ a: '1', b: '2' })
  expect(await hashOf({ b: '2', a: '1' }, 'tree/deep')).toBe(hash)
  expect(await hashOf({ a: '2', b: '1' })).not.toBe(hash)
  expect(await hashOf({ a: '1', c: '2' })).not.toBe(hash)
  expect(await hashOf({ a: '1' })).not.toBe(hash)
  expect(await hashOf({ 'a/b': '1' })).not.toBe(await hashOf({ ab: '1' }))
})

test('what is there already stays, and the second copy is dropped', async () => {
  await using one = await withStore()
  const hash = await one.placed({ a: '1' })
  const before = await stat(join(one.store.filesOf(hash), 'a'))
  expect(await one.placed({ a: '1' })).toBe(hash)
  expect((await stat(join(one.store.filesOf(hash), 'a'))).ino).toBe(before.ino)
  expect(one.list('staging')).toEqual([])
})

test('texts get compressed copies where these are smaller', async () => {
  await using one = await withStore()
  const noise = crypto.getRandomValues(new Uint8Array(4000))
  const hash = await one.placed({
    'dist/lamp.js': text,
    'dist/LAMP.CSS': text,
    'dist/noise.json': noise,
    'short.js': 'x',
    'lamp.py': text,
    'lamp.png': text,
  })
  const [br, gzip] = [one.store.compressedOf(hash, 'br'), one.store.compressedOf(hash, 'gzip')]
  expect((await readdir(br, { recursive: true })).toSorted()).toEqual(['dist', 'dist/LAMP.CSS', 'dist/lamp.js'])
  expect((await readdir(gzip, { recursive: true })).toSorted()).toEqual(['dist', 'dist/LAMP.CSS', 'dist/lamp.js'])
  expect(brotliDecompressSync(await readFile(join(br, 'dist/lamp.js'))).toString()).toBe(text)
  expect(gunzipSync(await readFile(join(gzip, 'dist/lamp.js'))).toString()).toBe(text)
})

test('a package that holds a link is refused', async () => {
  await using one = await withStore()
  await using staging = await one.store.stage()
  await mkdir(join(staging.path, 'tree'))
  await symlink('/etc/passwd', join(staging.path, 'tree/a'))
  expect((await failureOf(one.store.seal(staging, join(staging.path, 'tree')))).message).toContain('neither a file')
})

test('sealing ends when it is aborted', async () => {
  await using one = await withStore()
  const reason = new Error('enough')
  const failure = await failureOf(one.sealed({ a: text, b: text }, 'tree', AbortSignal.abort(reason)))
  expect(failure).toBe(reason)
})

test('collecting takes what nobody uses, and nothing else', async () => {
  await using one = await withStore()
  const [used, unused] = [await one.placed({ a: '1' }), await one.placed({ a: '2' })]
  one.store.collect((hash) => hash === used)
  expect(one.list('contents')).toEqual([used])
  await waitUntil(() => one.list('trash').length === 0)
  expect(await one.placed({ a: '2' })).toBe(unused)
})

test('recovering removes staged files, trash, strange folders and unused contents', async () => {
  await using one = await withStore()
  one.store.recover(() => true)
  const [used, unused] = [await one.placed({ a: '1' }), await one.placed({ a: '2' })]
  await one.sealed({ a: '3' })
  await writePackage(join(one.path, 'plugins'), { 'trash/x/y': '1', 'contents/strange/y': '1' })
  expect(one.list('staging')).toHaveLength(1)
  one.store.recover((hash) => hash === used)
  expect([one.list('staging'), one.list('trash'), one.list('contents')]).toEqual([[], [], [used]])
  expect(existsSync(one.store.filesOf(unused))).toBe(false)
})

test('only hashes lead to folders', async () => {
  await using one = await withStore()
  for (const hash of ['', '..', '../../x', 'A'.repeat(64), `${'a'.repeat(64)}/..`]) {
    expect(() => one.store.filesOf(hash)).toThrow()
    expect(() => one.store.compressedOf(hash, 'br')).toThrow()
    expect(() => one.store.place({ contentHash: hash, bytes: 0, path: one.path })).toThrow()
  }
})

test('many and large files do not hold up the event loop', async () => {
  await using one = await withStore()
  const staging = await one.store.stage()
  const many = Array.from({ length: 3000 }, (_, index) => [`many/${index % 50}/${index}.js`, `${index}`])
  await writePackage(join(staging.path, 'tree'), {
    ...Object.fromEntries(many),
    'large.js': 'let x = 1;\n'.repeat(1_000_000),
    'larger.bin': new Uint8Array(30_000_000),
  })
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }, 1)
  const sealed = await one.store.seal(staging, join(staging.path, 'tree'))
  one.store.place(sealed)
  one.store.collect(() => false)
  await Bun.sleep(2)
  clearInterval(timer)
  await waitUntil(() => one.list('trash').length === 0)
  // 50 ms on an idle machine; other tests share this one.
  expect(longest).toBeLessThan(500)
}, 30_000)
