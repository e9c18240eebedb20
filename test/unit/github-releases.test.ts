import { describe, expect, test } from 'bun:test'
import { createGithubReleases } from '../../src/adapters/github/create-github-releases.ts'
import { GithubError } from '../../src/adapters/github/types.ts'
import { createGuardedFetch } from '../../src/adapters/web/guarded-fetch.ts'
import { failureOf } from '../support/failure-of.ts'
import { fakeGithub, type FakeRelease } from '../support/fake-github.ts'

const asset = (name: string) => ({ name, browser_download_url: `https://x.test/${name}`, size: 7 })

const plugin: FakeRelease[] = [
  {
    tag_name: 'v1.2.0',
    published_at: '2026-01-02T03:04:05Z',
    assets: [asset('notes.txt'), asset('p.TAR.GZ'), asset('p.zip')],
  },
  { tag_name: '1.1.0' },
]

const workshop = (releases: Record<string, FakeRelease[]> = { 'ada/plugin': plugin }) => {
  const github = fakeGithub(releases)
  const time = { nowMs: 1_000_000_000_000 }
  const allowedHosts = new Set([github.host])
  const fetch = createGuardedFetch({ maxConcurrent: 5, defaultIdleTimeoutMs: 2000, allowedHosts })
  const { findRelease } = createGithubReleases({ fetch, clock: () => time.nowMs, apiUrl: github.url })
  const find = (version: string, more: { owner?: string; repo?: string; signal?: AbortSignal } = {}) =>
    findRelease({ owner: 'ada', repo: 'plugin', version, ...more })
  const failure = async (version: string) =>
    (await find(version).catch((error: unknown) =>
      error instanceof GithubError ? error : Promise.reject(error),
    )) as GithubError
  return { github, time, find, failure, [Symbol.asyncDispose]: () => github[Symbol.asyncDispose]() }
}

describe('a release', () => {
  test('latest, with the first archive among its assets', async () => {
    await using shop = workshop()
    expect(await shop.find('latest')).toEqual({
      tag: 'v1.2.0',
      publishedAt: '2026-01-02T03:04:05Z',
      assets: [asset('notes.txt'), asset('p.TAR.GZ'), asset('p.zip')].map(({ name, browser_download_url: url }) => ({
        name,
        url,
        sizeBytes: 7,
      })),
      tarballUrl: 'https://x.test/ada/plugin',
      archive: { name: 'p.TAR.GZ', url: 'https://x.test/p.TAR.GZ', isSource: false },
    })
    expect(shop.github.requests[0]?.headers.get('user-agent')).toBe('BrainDrive')
    expect(shop.github.requests[0]?.headers.get('authorization')).toBeNull()
  })

  test('by tag as sent, then with the `v` added or removed', async () => {
    await using shop = workshop()
    expect((await shop.find('v1.2.0'))?.tag).toBe('v1.2.0')
    expect((await shop.find('1.2.0'))?.tag).toBe('v1.2.0')
    expect((await shop.find(' v1.1.0 '))?.tag).toBe('1.1.0')
    expect(await shop.find('9.9.9')).toBeUndefined()
    expect(await shop.find('main')).toBeUndefined()
    expect(shop.github.requests.map(({ path }) => path.replace('/repos/ada/plugin/releases/', ''))).toEqual([
      'tags/v1.2.0',
      'tags/1.2.0',
      'tags/v1.2.0',
      'tags/v1.1.0',
      'tags/1.1.0',
      'tags/9.9.9',
      'tags/v9.9.9',
      'tags/main',
    ])
  })

  test('without an archive it is the source code; broken uploads do not count', async () => {
    await using shop = workshop({
      'ada/plugin': [{ tag_name: 'v1', assets: [{ ...asset('p.zip'), state: 'starter' }, asset('p.exe')] }],
    })
    expect((await shop.find('latest'))?.archive).toEqual({
      name: 'plugin-v1.tar.gz',
      url: 'https://x.test/ada/plugin',
      isSource: true,
    })
  })

  test('names that lead elsewhere in the API are not asked for', async () => {
    await using shop = workshop()
    for (const owner of ['..', 'a/b', 'a?b', '', 'a%2fb']) expect(await shop.find('latest', { owner })).toBeUndefined()
    for (const version of ['..', '.', '', 'x'.repeat(251), '\ud800']) expect(await shop.find(version)).toBeUndefined()
    expect(shop.github.requests).toEqual([])
    expect(await shop.find('../../../user')).toBeUndefined()
    expect(shop.github.requests[0]?.path).toBe('/repos/ada/plugin/releases/tags/../../../user')
  })
})

describe('requests', () => {
  test('what is known is asked for with its ETag, and a new answer replaces it', async () => {
    await using shop = workshop()
    const first = await shop.find('latest')
    expect(await shop.find('latest')).toEqual(first)
    plugin.unshift({ tag_name: 'v1.3.0' })
    expect((await shop.find('latest'))?.tag).toBe('v1.3.0')
    plugin.shift()
    expect(shop.github.requests.map(({ ifNoneMatch }) => ifNoneMatch !== null)).toEqual([false, true, true])
  })

  test('the limit of requests is reported with its end, and GitHub is left alone until then', async () => {
    await using shop = workshop()
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(1_000_000_000 + 600) }
    shop.github.answerNext(() => new Response('{}', { status: 403, headers }))
    const error = await shop.failure('latest')
    expect(error).toMatchObject({ reason: 'rate_limited', resetAtMs: 1_000_000_600_000 })
    expect(error.message).toBe('GitHub allows no more requests from this server for now. Try again in 10 minutes.')
    shop.time.nowMs += 599_000
    expect((await shop.failure('latest')).message).toContain('in a minute')
    expect(shop.github.requests).toHaveLength(1)
    shop.time.nowMs += 1000
    expect((await shop.find('latest'))?.tag).toBe('v1.2.0')
  })

  test('429, with and without Retry-After', async () => {
    await using shop = workshop()
    shop.github.answerNext(() => new Response('', { status: 429, headers: { 'retry-after': '90' } }))
    expect(await shop.failure('latest')).toMatchObject({ reason: 'rate_limited', resetAtMs: shop.time.nowMs + 90_000 })
    shop.time.nowMs += 90_000
    shop.github.answerNext(() => new Response('', { status: 429 }))
    expect(await shop.failure('latest')).toMatchObject({ reason: 'rate_limited', resetAtMs: shop.time.nowMs + 60_000 })
    shop.time.nowMs += 60_000
    shop.github.answerNext(() => new Response('', { status: 429, headers: { 'retry-after': '999999999' } }))
    expect(await shop.failure('latest')).toMatchObject({ resetAtMs: shop.time.nowMs + 3_600_000 })
  })

  test.each([
    ['403 for another reason', () => new Response('{}', { status: 403 })],
    ['500', () => new Response('', { status: 500 })],
    ['HTML', () => new Response('<html>')],
    ['JSON of another form', () => Response.json([])],
    ['a release without a tag', () => Response.json({ tag_name: 5, tarball_url: 'x' })],
    ['an endless answer', () => new Response('x'.repeat(4_000_001))],
    ['304 for what was not asked with an ETag', () => new Response(null, { status: 304 })],
    ['a redirect to a private address', () => Response.redirect('http://127.0.0.1:1/', 302)],
  ])('%s: unavailable', async (_, answer) => {
    await using shop = workshop()
    shop.github.answerNext(answer)
    expect(await shop.failure('latest')).toMatchObject({ reason: 'unavailable' })
  })

  test('a renamed repository is followed', async () => {
    await using shop = workshop({ 'ada/plugin': [], 'new/name': [{ tag_name: 'v1' }] })
    shop.github.answerNext(() => Response.redirect('/repos/new/name/releases/latest', 301))
    expect((await shop.find('latest'))?.tag).toBe('v1')
  })

  test('an abort ends it with its reason', async () => {
    await using shop = workshop()
    const signal = AbortSignal.abort(new Error('stopped by the user'))
    expect((await failureOf(shop.find('latest', { signal }))).message).toContain('stopped by the user')
  })
})
