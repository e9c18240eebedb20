import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createGitSource } from '../../src/adapters/git/create-git-source.ts'
import { createDownload } from '../../src/adapters/web/download.ts'
import { createGuardedFetch } from '../../src/adapters/web/guarded-fetch.ts'
import { createPluginRegistry } from '../../src/areas/plugins/registry/plugin-registry.ts'
import { createLog } from '../../src/shared/log.ts'
import { dnsAnswers } from '../support/dns-answers.ts'
import { fakeGithub } from '../support/fake-github.ts'
import { gitServer, hasGit, makeRepository } from '../support/git-server.ts'
import { storedFolders } from '../support/plugin-installs.ts'
import { pluginPackage } from '../support/plugin-packages.ts'
import { postForm } from '../support/plugin-source.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { testApp } from '../support/test-app.ts'
import { A_TEST } from '../support/tls-certificates.ts'
import { plainAnswer, rawServer } from '../support/tls-raw-server.ts'

const base = '/api/v1/plugins'
const entry = (slug: string, repo_url: string) => ({ slug, name: slug, repo_url, description: '', author: 'Ada' })
const indexOf = (...plugins: unknown[]) => JSON.stringify({ plugins })
const tool = entry('Tool', 'https://git.home.test/tool')
const redirectTo = (location: string) => plainAnswer('', { Location: location }, '302 Found')

interface Outside {
  registry: string
  privateHosts?: string[]
  names?: Record<string, string[]>
  /** What the names become after the first question. */
  later?: Record<string, string[]>
  timeMs?: number
  env?: Record<string, string>
}

/** A server whose registry, repositories and downloads are reached by names of this test. */
const startServer = (outside: Outside) => {
  const { registry, privateHosts: listed = [], names = {}, later = {}, timeMs, env = {} } = outside
  const privateHosts = new Set(listed)
  const dns = dnsAnswers(names, later)
  const fetch = createGuardedFetch({
    maxConcurrent: 20,
    defaultIdleTimeoutMs: 2000,
    lookup: dns.lookup,
    allowedHosts: privateHosts,
  })
  const lines: string[] = []
  const log = createLog({ level: 'debug', format: 'json', write: (text) => lines.push(text) })
  const clock = { now: 1_000_000 }
  const pluginRegistry = createPluginRegistry({
    fetch,
    log,
    clock: () => clock.now,
    config: { pluginRegistry: registry, privateHosts: listed },
    ...(timeMs ? { timeMs } : {}),
  })
  const git = createGitSource({ fetch, privateHosts })
  const server = testApp({
    env: { PRIVATE_HOSTS: listed.join(','), ...env },
    overrides: { fetch, git, pluginRegistry, download: createDownload({ fetch, privateHosts }) },
  })
  return {
    ...server,
    asked: dns.asked,
    /** Moves the registry's own clock. */
    wait: (ms: number) => {
      clock.now += ms
    },
    registryLog: () => {
      log.flush()
      return lines.join('')
    },
    slugs: async (): Promise<string[]> => {
      const { status, body } = await server.as('ada')('GET', `${base}/available`)
      expect(status).toBe(200)
      return Object.keys(body.data.available_plugins)
    },
  }
}

type RegistryServer = ReturnType<typeof startServer>

/** The built-in registry serves, and the log says why. */
const expectBuiltIn = async (server: RegistryServer, reason: string) => {
  const slugs = await server.slugs()
  expect(slugs).toContain('braindrivechat')
  expect(slugs).not.toContain('tool')
  expect(server.registryLog()).toContain('the plugin registry cannot be used')
  expect(server.registryLog()).toContain(reason)
}

describe('the address of a registry', () => {
  test('in a private network: refused by address and by name, whatever else the name has; nothing is sent', async () => {
    await using trap = await rawServer((socket) => socket.write(plainAnswer(indexOf(tool))), { tls: A_TEST })
    const names = {
      'a.test': ['127.0.0.1'],
      'b.test': ['10.0.0.1'],
      'c.test': ['93.184.216.34', '::1'],
      'd.test': ['fd00::1'],
    }
    const places = ['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '0x7f000001', '169.254.169.254', ...Object.keys(names)]
    for (const place of places) {
      await using server = startServer({ registry: `https://${place}:${trap.port}/plugins.json`, names })
      await expectBuiltIn(server, 'is not allowed')
    }
    expect(trap.connections()).toBe(0)
  })

  test('a metadata service: refused even where an administrator lists it', async () => {
    for (const host of ['169.254.169.254', 'metadata.google.internal']) {
      const names = { 'metadata.google.internal': ['93.184.216.34'] }
      await using server = startServer({ registry: `http://${host}/plugins.json`, privateHosts: [`${host}:80`], names })
      await expectBuiltIn(server, host)
    }
  })

  test('a listed one is read, but what it redirects to is judged on its own', async () => {
    await using trap = await rawServer((socket) => socket.write(plainAnswer(indexOf(tool))))
    const names = { 'home.test': ['127.0.0.1'], 'other.test': ['127.0.0.1'] }
    for (const target of [
      trap.url,
      `http://other.test:${trap.port}/`,
      'http://169.254.169.254/latest/meta-data',
      'file:///etc/passwd',
      'http://ada:secret@93.184.216.34/',
      '/again',
    ]) {
      await using site = await rawServer((socket) => socket.write(redirectTo(target)))
      const listed = `home.test:${site.port}`
      await using server = startServer({ registry: `http://${listed}/plugins.json`, privateHosts: [listed], names })
      await expectBuiltIn(server, 'UpstreamError')
      expect(site.heads.length).toBeGreaterThan(0)
    }
    expect(trap.connections()).toBe(0)
    const listed = [`home.test:${trap.port}`]
    await using server = startServer({ registry: `http://${listed[0]}/plugins.json`, privateHosts: listed, names })
    expect(await server.slugs()).toEqual(['tool'])
  })

  test('rebinding: each hop is resolved once; a name that turns private later leaves what was read', async () => {
    await using site = await rawServer((socket) => socket.write(plainAnswer(indexOf(tool))))
    const listed = `home.test:${site.port}`
    await using server = startServer({
      registry: `http://${listed}/plugins.json`,
      privateHosts: [listed],
      names: { 'home.test': ['127.0.0.1'] },
      later: { 'home.test': ['169.254.169.254'] },
    })
    expect(await server.slugs()).toEqual(['tool'])
    expect(server.asked).toEqual(['home.test'])
    server.wait(3_600_000)
    expect(await server.slugs()).toEqual(['tool'])
    for (let tries = 0; tries < 300 && server.registryLog() === ''; tries++) await Bun.sleep(10)
    expect(server.registryLog()).toContain('is not allowed')
    expect(await server.slugs()).toEqual(['tool'])
    expect(site.heads).toHaveLength(1)
  })

  test('its key is in no log', async () => {
    await using server = startServer({ registry: 'https://ada:hunter2@127.0.0.1/plugins.json?token=hunter3' })
    await expectBuiltIn(server, '127.0.0.1')
    expect(server.registryLog()).not.toMatch(/hunter/)
  })
})

describe('what a registry answers', () => {
  const deep = '['.repeat(1_000_000)
  const answers: [string, string, string][] = [
    ['no JSON', plainAnswer('<html>'), 'JSON'],
    ['nothing', plainAnswer(''), 'JSON'],
    ['half of it', plainAnswer(indexOf(tool).slice(0, -3)), 'JSON'],
    ['another shape', plainAnswer('[1]'), 'form of a registry at /'],
    ['a member of another shape', plainAnswer(indexOf({ ...tool, slug: 7 })), 'form of a registry at /plugins/0/slug'],
    ['too many', plainAnswer(indexOf(...Array.from({ length: 20_000 }, () => 0))), 'form of a registry at /plugins'],
    ['an address with a password', plainAnswer(indexOf(entry('T', 'https://a:b@x.test/t'))), '/plugins/0/repo_url'],
    ['a million brackets', plainAnswer(deep), 'the plugin registry cannot be used'],
    ['brackets that are closed', plainAnswer(`${deep}${deep.replaceAll('[', ']')}`), 'form of a registry'],
    [
      'more than it announces',
      `HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n${'x'.repeat(2_200_000)}`,
      'too long',
    ],
    ['a bomb', bomb(), 'too long'],
    ['an error', plainAnswer(indexOf(tool), {}, '500 No'), 'status 500'],
    ['nothing new', plainAnswer('', {}, '304 Not Modified'), 'status 304'],
    ['no HTTP', 'SSH-2.0-OpenSSH\r\n', 'the plugin registry cannot be used'],
  ]
  test.each(answers)('%s: the built-in one serves, with a line in the log', async (_, answer, reason) => {
    await using site = await rawServer((socket) => socket.write(Buffer.from(answer, 'latin1')))
    const host = `127.0.0.1:${site.port}`
    await using server = startServer({ registry: `http://${host}/`, privateHosts: [host] })
    await expectBuiltIn(server, reason)
    expect(await postForm(server, 'ada', { method: 'marketplace', slug: 'Tool' })).toMatchObject({
      status: 400,
      body: { code: 'plugins.not_in_registry', detail: 'Plugin directory not found for slug: Tool' },
    })
    expect(site.heads).toHaveLength(1)
  })

  test.each(['silence', 'a byte now and then'])(
    '%s: it ends after a while, and meanwhile nobody else waits',
    async (kind) => {
      await using site = await rawServer((socket) => {
        if (kind === 'silence') return
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n')
        const timer = setInterval(() => socket.write(' '), 20)
        socket.on('close', () => clearInterval(timer))
      })
      const host = `127.0.0.1:${site.port}`
      await using server = startServer({ registry: `http://${host}/`, privateHosts: [host], timeMs: 700 })
      await server.tokenOf('bob')
      const startedAt = performance.now()
      const waiting = Promise.all([server.slugs(), server.slugs(), server.as('bob')('GET', `${base}/available`)])
      await Bun.sleep(50)
      const others = ['/manifest', '/manager', '/manifest/designer', '/updates/available', '/Lamp/status']
      for (const path of others) expect((await server.as('bob')('GET', base + path)).status).toBe(200)
      expect(performance.now() - startedAt).toBeLessThan(700)
      const [slugs] = await waiting
      expect(performance.now() - startedAt).toBeLessThan(3000)
      expect(slugs).toContain('braindrivechat')
      expect(server.registryLog()).toContain('it was not read within 0.7 seconds')
      // Nobody waits for it again within a minute.
      const again = performance.now()
      await server.slugs()
      expect(performance.now() - again).toBeLessThan(500)
      expect(site.heads).toHaveLength(1)
      await site.closed()
    },
  )
})

describe('repositories that a registry names', () => {
  /** Serves this index at a listed address. */
  const withIndex = async (plugins: unknown[], outside: Partial<Outside> = {}) => {
    const site = await rawServer((socket) => socket.write(plainAnswer(indexOf(...plugins))))
    const host = `127.0.0.1:${site.port}`
    const privateHosts = [host, ...(outside.privateHosts ?? [])]
    const server = startServer({ ...outside, registry: `http://${host}/`, privateHosts })
    return {
      server,
      install: (slug: string) => postForm(server, 'ada', { method: 'marketplace', plugin_slug: slug }),
      [Symbol.asyncDispose]: async () => {
        await server.stop()
        await site[Symbol.asyncDispose]()
      },
    }
  }

  const expectRefused = async (
    { server, install }: Awaited<ReturnType<typeof withIndex>>,
    slug: string,
    { step, message }: { step: string; message: RegExp },
  ) => {
    const bySlug = () => server.as('ada')('POST', `${base}/${slug}/install`)
    for (const { status, body } of [await install(slug), await bySlug()]) {
      expect({ status, step: body.detail?.details?.step }).toEqual({ status: 400, step })
      expect(body.detail.message).toMatch(message)
      expect(body.detail.suggestions.length).toBeGreaterThan(0)
    }
    expect(storedFolders(server.dataPath)).toMatchObject({ staging: [], contents: [] })
  }

  test('in a private network: refused without a connection; the others of the registry are not concerned', async () => {
    await using trap = await rawServer((socket) => socket.write(plainAnswer('secret')))
    const { port } = trap
    const [download, url] = ['download_and_extract', 'url_parsing']
    const entries: [string, string, RegExp][] = [
      [`https://127.0.0.1:${port}/x`, download, /The address of 127\.0\.0\.1:\d+ is not allowed/],
      [`https://[::1]:${port}/x`, download, /is not allowed/],
      [`https://2130706433:${port}/x`, download, /is not allowed/],
      [`https://inside.test:${port}/x`, download, /The address of inside\.test:\d+ is not allowed/],
      [`https://both.test:${port}/x`, download, /is not allowed/],
      ['https://169.254.169.254/latest/meta-data', download, /is not allowed/],
      ['https://metadata.google.internal/x', download, /is a metadata service/],
      ['https://inside.test:22/x', download, /is not a web port/],
      [`http://127.0.0.1:${port}/x`, url, /must begin with https:\/\//],
      ['http://8.8.8.8/x', url, /must begin with https:\/\//],
    ]
    const index = entries.map(([address], number) => entry(`P${number}`, address))
    const names = { 'inside.test': ['192.168.1.1'], 'both.test': ['93.184.216.34', '127.0.0.1'] }
    await using one = await withIndex([...index, tool], { names })
    for (const [number, [, step, message]] of entries.entries()) {
      await expectRefused(one, `P${number}`, { step, message })
    }
    expect(trap.connections()).toBe(0)
    expect((await one.server.slugs()).includes('tool')).toBe(true)
  })

  test('that redirect there: refused at each step of Git', async () => {
    await using trap = await rawServer((socket) => socket.write(plainAnswer('secret')))
    for (const location of [trap.url, `http://inside.test:${trap.port}/`, 'http://169.254.169.254/']) {
      await using site = await rawServer((socket) => socket.write(redirectTo(location)))
      const privateHosts = [`git.test:${site.port}`]
      const names = { 'git.test': ['127.0.0.1'], 'inside.test': ['10.1.2.3'] }
      await using one = await withIndex([entry('Lamp', `http://${privateHosts[0]}/lamp`)], { names, privateHosts })
      await expectRefused(one, 'Lamp', { step: 'download_and_extract', message: /is not allowed/ })
      expect(site.heads).toHaveLength(2)
    }
    expect(trap.connections()).toBe(0)
  })

  test.skipIf(!hasGit)('a name that turns private between two requests of one check-out is refused', async () => {
    await using folder = await tempFolder()
    await makeRepository(join(folder.path, 'lamp'), pluginPackage())
    await using gits = gitServer(folder.path)
    const listed = gits.host.replace('127.0.0.1', 'git.test')
    const lamp = entry('Lamp', `http://${listed}/lamp`)
    const names = { 'git.test': ['127.0.0.1'] }
    await using rebound = await withIndex([lamp], {
      names,
      later: { 'git.test': ['169.254.169.254'] },
      privateHosts: [listed],
    })
    const { status, body } = await rebound.install('Lamp')
    expect({ status, message: body.detail.message }).toMatchObject({
      status: 400,
      message: expect.stringContaining('is not allowed'),
    })
    await using steady = await withIndex([lamp], { names, privateHosts: [listed] })
    expect(await steady.install('lamp')).toMatchObject({ status: 200, body: { data: { source: 'marketplace' } } })
    expect(await steady.server.slugs()).toEqual(['lamp'])
  })

  test('on GitHub whose release lies in a private network, or redirects there: refused', async () => {
    await using trap = await rawServer((socket) => socket.write(plainAnswer('secret')))
    await using site = await rawServer((socket) => socket.write(redirectTo(trap.url)))
    const host = `127.0.0.1:${site.port}`
    const release = (url: string) => [
      { tag_name: 'v1', assets: [{ name: 'a.zip', browser_download_url: url, size: 9, state: 'uploaded' }] },
    ]
    await using github = fakeGithub({
      'home/plain': release(trap.url),
      'home/inside': release(trap.url.replace('http:', 'https:')),
      'home/moved': release(`http://${host}/a.zip`),
    })
    const names = ['plain', 'inside', 'moved']
    const index = names.map((name) => entry(name, `https://github.com/home/${name}`))
    await using one = await withIndex(index, {
      privateHosts: [host, github.host],
      env: { GITHUB_API_URL: github.url },
    })
    const step = 'download_and_extract'
    await expectRefused(one, 'plain', { step, message: /must begin with https:\/\// })
    await expectRefused(one, 'inside', { step, message: /is not allowed/ })
    await expectRefused(one, 'moved', { step, message: /is not allowed/ })
    expect(trap.connections()).toBe(0)
  })
})

function bomb(): string {
  const packed = gzipSync(Buffer.alloc(50_000_000, ' '))
  return (
    plainAnswer('', { 'Content-Encoding': 'gzip', 'Content-Length': String(packed.length) }) + packed.toString('latin1')
  )
}
