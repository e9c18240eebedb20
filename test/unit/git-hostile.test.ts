import { describe, expect, test } from 'bun:test'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createGitSource } from '../../src/adapters/git/create-git-source.ts'
import { GitError, type GitLimits } from '../../src/adapters/git/types.ts'
import { createGuardedFetch } from '../../src/adapters/web/guarded-fetch.ts'
import {
  advertisement,
  commitObject,
  copyDelta,
  packAnswer,
  packBytes,
  packObject,
  treeObject,
  type PackObject,
} from '../support/pack-bytes.ts'
import { failureOf } from '../support/failure-of.ts'
import { tempFolder } from '../support/temp-folder.ts'

const limits: GitLimits = {
  entries: 300,
  depth: 20,
  fileBytes: 2_000_000,
  totalBytes: 6_000_000,
  receivedBytes: 3_000_000,
  ratio: 1000,
  timeMs: 3000,
  idleMs: 400,
  minPace: { bytes: 1, ms: 60_000 },
}

type Answer = (request: Request) => Response | Promise<Response>

/** Serves `answer` on loopback and checks out from it; tells the reason, and how many files and connections there were. */
const checkOutFrom = async (answer: Answer, options: { limits?: Partial<GitLimits>; signal?: AbortSignal } = {}) => {
  await using folder = await tempFolder()
  const requests: string[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      requests.push(`${request.method} ${new URL(request.url).pathname}`)
      return await answer(request)
    },
  })
  const privateHosts = new Set([`127.0.0.1:${server.port}`])
  const fetch = createGuardedFetch({ maxConcurrent: 10, defaultIdleTimeoutMs: 2000, allowedHosts: privateHosts })
  const into = join(folder.path, 'into')
  await mkdir(into)
  try {
    const result = await createGitSource({ fetch, privateHosts })
      .checkOut({
        url: `http://127.0.0.1:${server.port}/o/r`,
        version: 'main',
        into,
        limits: { ...limits, ...options.limits },
        ...(options.signal && { signal: options.signal }),
      })
      .catch((error: unknown) => (error instanceof GitError ? error : Promise.reject(error)))
    const outside = (await readdir(folder.path)).filter((name) => name !== 'into')
    const tree = (await readdir(into, { recursive: true })).toSorted()
    return result instanceof GitError
      ? { reason: result.reason, message: result.message, tree, outside, requests }
      : { ...result, tree, outside, requests }
  } finally {
    await server.stop(true)
  }
}

const types = {
  list: { 'content-type': 'application/x-git-upload-pack-advertisement' },
  result: { 'content-type': 'application/x-git-upload-pack-result' },
}

/** A Git server that offers one commit on `main`. */
const gitAnswer =
  (commit: PackObject, pack: Uint8Array, refs: Record<string, string> = {}): Answer =>
  (request) =>
    request.method === 'GET'
      ? new Response(advertisement({ HEAD: commit.oid, 'refs/heads/main': commit.oid, ...refs }), {
          headers: types.list,
        })
      : new Response(packAnswer(pack, commit.oid), { headers: types.result })

/** About so many bytes of a list of refs. */
const refLines = (bytes: number) => Buffer.from(`0042${'a'.repeat(40)} refs/heads/long-name\n`.repeat(bytes / 66))

const checkOutTree = (tree: PackObject, objects: PackObject[]) => {
  const commit = commitObject(tree)
  return checkOutFrom(gitAnswer(commit, packBytes([commit, tree, ...objects])))
}

const blob = packObject('blob', 'hello')
const file = (name: string) => ({ mode: '100644', name, oid: blob.oid })
const refused = (reason: string) => ({ reason, tree: [], outside: [] })

describe('addresses', () => {
  const source = createGitSource({ fetch: () => Promise.reject(new Error('must not be asked')) })
  test.each([
    'http://example.org/o/r',
    'ftp://example.org/o/r',
    'file:///etc/passwd',
    'https://user:secret@example.org/o/r',
    'https://token@example.org/o/r',
    'not a url',
    '',
  ])('%j is refused without a request or a word of it', async (url) => {
    const error = await source
      .checkOut({ url, version: 'latest', into: '/nowhere', limits })
      .catch((failure: GitError) => failure)
    expect(error).toMatchObject({ reason: 'bad_url' })
    expect((error as GitError).message).not.toMatch(/secret|token|example|passwd/)
  })

  test('a private address is refused by the guarded fetch', async () => {
    const fetch = createGuardedFetch({ maxConcurrent: 10, defaultIdleTimeoutMs: 2000 })
    const work = createGitSource({ fetch }).checkOut({
      url: 'https://127.0.0.1/o/r?token=secret',
      version: 'latest',
      into: '/nowhere',
      limits,
    })
    const error = (await work.catch((failure: unknown) => failure)) as GitError
    expect(error).toMatchObject({ reason: 'refused' })
    expect(error.message).not.toContain('secret')
  })

  test('a redirect to a private address is refused, and nothing arrives there', async () => {
    let reached = 0
    const secret = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response(`${(reached += 1)}`) })
    const result = await checkOutFrom(() => Response.redirect(`http://127.0.0.1:${secret.port}/info/refs`, 302))
    await secret.stop(true)
    expect(result).toMatchObject(refused('refused'))
    expect(reached).toBe(0)
  })

  test('where the list of refs was found is where the pack is asked for', async () => {
    const tree = treeObject([file('a')])
    const commit = commitObject(tree)
    const answer = gitAnswer(commit, packBytes([commit, tree, blob]))
    const result = await checkOutFrom((request) =>
      request.url.includes('/o/r/info')
        ? Response.redirect('/moved/r.git/info/refs?service=git-upload-pack', 301)
        : answer(request),
    )
    expect(result).toMatchObject({ files: 1, tree: ['a'] })
    expect(result.requests).toEqual([
      'GET /o/r/info/refs',
      'GET /moved/r.git/info/refs',
      'POST /moved/r.git/git-upload-pack',
    ])
  })

  test('endless redirects', async () => {
    expect(await checkOutFrom((request) => Response.redirect(`${request.url}&x`, 302))).toMatchObject(
      refused('protocol'),
    )
  })
})

describe('servers that do not serve', () => {
  test.each([
    [200, 'not_git'],
    [401, 'needs_login'],
    [403, 'needs_login'],
    [404, 'not_found'],
    [429, 'busy'],
    [500, 'protocol'],
    [204, 'protocol'],
  ])('a page with status %d', async (status, reason) => {
    const page = () =>
      new Response(status === 204 ? null : '<html>hi</html>', { status, headers: { 'content-type': 'text/html' } })
    expect(await checkOutFrom(page)).toMatchObject(refused(reason))
  })

  test('a page behind the right content type, and lists that are none', async () => {
    for (const body of ['<html>', '', '0000', '0004', 'ffff', '001e# service=git-upload-pack\n0000', '-001', 'zzzz']) {
      const result = await checkOutFrom(() => new Response(body, { headers: types.list }))
      expect(['protocol', 'empty', 'no_such_version', 'not_git']).toContain(
        'reason' in result ? result.reason : 'success',
      )
    }
  })

  test('nothing listens', async () => {
    const privateHosts = new Set(['127.0.0.1:9'])
    const fetch = createGuardedFetch({ maxConcurrent: 1, defaultIdleTimeoutMs: 500, allowedHosts: privateHosts })
    const request = { url: 'http://127.0.0.1:9/o/r', version: 'latest', into: '/nowhere', limits }
    expect(await failureOf(createGitSource({ fetch, privateHosts }).checkOut(request))).toMatchObject({
      reason: 'unreachable',
    })
  })

  test('silence is cut after the idle limit, dripping after the time limit', async () => {
    const started = performance.now()
    expect(await checkOutFrom(() => new Promise<Response>(() => undefined))).toMatchObject(refused('timeout'))
    expect(performance.now() - started).toBeLessThan(1500)
    const drip = async function* () {
      for (;;) {
        await Bun.sleep(20)
        yield Buffer.from('0')
      }
    }
    const slow = () => new Response(drip(), { headers: types.list })
    const result = await checkOutFrom(slow, { limits: { timeMs: 500 } })
    expect(result).toMatchObject(refused('timeout'))
    expect('message' in result && result.message).toBe('The repository was not read within 0.5 seconds.')
  })

  test('a host that only drips is cut off, whether it sends the list or the pack', async () => {
    const commit = commitObject(treeObject([]))
    const honest = gitAnswer(commit, packBytes([]))
    const drip = async function* (piece: Uint8Array) {
      for (;;) {
        yield piece
        await Bun.sleep(20)
      }
    }
    for (const where of ['GET', 'POST']) {
      const headers = where === 'GET' ? types.list : types.result
      const slow = () => new Response(drip(where === 'GET' ? refLines(66) : Buffer.from('0005\x02')), { headers })
      const startedAt = performance.now()
      const result = await checkOutFrom(
        async (request) => (request.method === where ? slow() : await honest(request)),
        { limits: { minPace: { bytes: 10_000, ms: 300 }, timeMs: 20_000 } },
      )
      expect(performance.now() - startedAt).toBeLessThan(2000)
      expect(result).toMatchObject(refused('timeout'))
      expect('message' in result && result.message).toContain('less than 10 kB in 0.3 seconds.')
    }
  })

  test('an endless pack and an endless list stop at the limit, and the server notices', async () => {
    for (const where of ['GET', 'POST']) {
      const stopped = Promise.withResolvers<void>()
      const endless = async function* () {
        const packet = where === 'POST' ? Buffer.from(`fff0\x01${'x'.repeat(65_515)}`) : refLines(65_000)
        if (where === 'POST') yield Buffer.from('0008NAK\n')
        try {
          for (;;) {
            yield packet
            await Bun.sleep(0)
          }
        } finally {
          stopped.resolve()
        }
      }
      const commit = commitObject(treeObject([]))
      const honest = gitAnswer(commit, packBytes([]))
      const headers = where === 'GET' ? types.list : types.result
      const body = () => new Response(endless(), { headers })
      const result = await checkOutFrom(async (request) => (request.method === where ? body() : await honest(request)))
      expect(result).toMatchObject(refused('too_large'))
      await stopped.promise
    }
  })

  test('an answer that is small only as long as it is encoded', async () => {
    const packed = Bun.gzipSync(refLines(50_000_000))
    const headers = { ...types.list, 'content-encoding': 'gzip' }
    expect(await checkOutFrom(() => new Response(packed, { headers }))).toMatchObject(refused('too_large'))
  })

  test('an abort while the server is silent', async () => {
    const controller = new AbortController()
    const work = checkOutFrom(
      () => {
        controller.abort(new Error('stopped by the user'))
        return new Promise<Response>(() => undefined)
      },
      { signal: controller.signal },
    )
    expect((await failureOf(work)).message).toContain('stopped by the user')
  })
})

describe('packs', () => {
  test('the honest one works', async () => {
    const inner = treeObject([file('b')])
    const tree = treeObject([file('a'), { mode: '40000', name: 'd', oid: inner.oid }])
    expect(await checkOutTree(tree, [inner, blob])).toMatchObject({ files: 2, bytes: 10, tree: ['a', 'd', 'd/b'] })
  })

  test('a bomb: honest about its size, or not', async () => {
    const zeros = packObject('blob', Buffer.alloc(200_000_000))
    const tree = treeObject([{ mode: '100644', name: 'a', oid: zeros.oid }])
    expect(await checkOutTree(tree, [zeros])).toMatchObject(refused('too_large'))
    expect(await checkOutTree(tree, [{ ...zeros, declaredSize: 1000 }])).toMatchObject(refused('protocol'))
    expect(await checkOutTree(tree, [{ ...blob, declaredSize: 2 ** 45 }])).toMatchObject(refused('too_large'))
  })

  test('more than so many times its size, however many objects it is', async () => {
    const zeros = Array.from({ length: 12 }, (_, index) => packObject('blob', Buffer.alloc(1_000_000, `${index}`)))
    const tree = treeObject(zeros.map(({ oid }, index) => ({ mode: '100644', name: `f${index}`, oid })))
    const commit = commitObject(tree)
    const answer = gitAnswer(commit, packBytes([commit, tree, ...zeros]))
    const large = { totalBytes: 100_000_000 }
    const result = await checkOutFrom(answer, { limits: { ...large, ratio: 100 } })
    expect(result).toMatchObject(refused('too_large'))
    expect('message' in result && result.message).toContain('more than 100 times its size')
    expect(await checkOutFrom(answer, { limits: { ...large, ratio: 2000 } })).toMatchObject({ files: 12 })
  })

  test('objects of several pieces, as they are and as deltas, and deltas in front of their base', async () => {
    const base = packObject('blob', crypto.getRandomValues(Buffer.alloc(700_000)))
    const twice = copyDelta(base, 2)
    const fourTimes = copyDelta(twice, 1)
    const tree = treeObject([
      { mode: '100644', name: 'base', oid: base.oid },
      { mode: '100644', name: 'twice', oid: twice.oid },
    ])
    for (const objects of [
      [base, twice, fourTimes],
      [fourTimes, twice, base],
      [twice, base, fourTimes],
    ]) {
      expect(await checkOutTree(tree, objects)).toMatchObject({ files: 2, bytes: 2_100_000 })
    }
  })

  test('many objects that are each small enough', async () => {
    const objects = Array.from({ length: 8 }, (_, index) => packObject('blob', Buffer.alloc(1_000_000, `${index}`)))
    const tree = treeObject(objects.map(({ oid }, index) => ({ mode: '100644', name: `f${index}`, oid })))
    expect(await checkOutTree(tree, objects)).toMatchObject(refused('too_large'))
  })

  test('deltas: honest ones work; what they unpack to counts, as stated and as it is', async () => {
    const base = packObject('blob', Buffer.alloc(1000, 'base'))
    const treeOf = ({ oid }: PackObject) => treeObject([{ mode: '100644', name: 'a', oid }])
    const twice = copyDelta(base, 2)
    expect(await checkOutTree(treeOf(twice), [base, twice])).toMatchObject({ files: 1, bytes: 2000 })
    const large = copyDelta(packObject('blob', Buffer.alloc(1_000_000)), 3)
    expect(await checkOutTree(treeOf(large), [base, large])).toMatchObject(refused('too_large'))
    const overstated = copyDelta(base, 2, 2 ** 40)
    expect(await checkOutTree(treeOf(overstated), [base, overstated])).toMatchObject(refused('too_large'))
    const understated = copyDelta(base, 2000, 10)
    expect(await checkOutTree(treeOf(understated), [base, understated])).toMatchObject(refused('protocol'))
    const orphan = copyDelta(packObject('blob', 'elsewhere'), 1)
    expect(await checkOutTree(treeOf(orphan), [base, orphan])).toMatchObject(refused('protocol'))
  })

  test('a long chain of deltas', async () => {
    const chain = [packObject('blob', 'x'.repeat(100))]
    for (let index = 0; index < 3000; index += 1) {
      const base = chain.at(-1) ?? blob
      // Equal contents have one name: each link differs in its last byte, which is inserted.
      const content = Buffer.concat([base.content.subarray(0, 96), Buffer.from(String(index).padStart(4, '0'))])
      const bytes = Buffer.from([100, 100, 0b1001_0000, 96, 4, ...content.subarray(96)])
      chain.push({ ...packObject('blob', content), delta: { base, bytes } })
    }
    const last = chain.at(-1) ?? blob
    const tree = treeObject([{ mode: '100644', name: 'a', oid: last.oid }])
    expect(await checkOutTree(tree, chain)).toMatchObject({ files: 1 })
    expect(await checkOutTree(tree, chain.toReversed())).not.toMatchObject({ reason: 'timeout' })
  })

  test('objects that are missing, or not what the tree says', async () => {
    expect(await checkOutTree(treeObject([file('a')]), [])).toMatchObject(refused('protocol'))
    const asTree = treeObject([{ mode: '40000', name: 'a', oid: blob.oid }])
    expect(await checkOutTree(asTree, [blob])).toMatchObject(refused('protocol'))
    const commit = commitObject(treeObject([]))
    expect(await checkOutFrom(gitAnswer(commit, packBytes([])))).toMatchObject(refused('protocol'))
    expect(await checkOutFrom(gitAnswer(commit, Buffer.alloc(0)))).toMatchObject(refused('protocol'))
  })

  test('an error of the server in the middle', async () => {
    const commit = commitObject(treeObject([]))
    const honest = gitAnswer(commit, packBytes([]))
    const broken = () => new Response('0008NAK\n0017\x03out of memory 12340000', { headers: types.result })
    const result = await checkOutFrom(async (request) => (request.method === 'POST' ? broken() : await honest(request)))
    expect(result).toMatchObject(refused('protocol'))
  })
})

describe('trees', () => {
  test.each([
    ['..', 'unsafe_path'],
    ['.', 'unsafe_path'],
    ['../x', 'unsafe_path'],
    ['/etc', 'unsafe_path'],
    ['a/b', 'unsafe_path'],
    ['a\\b', 'unsafe_path'],
    ['C:x', 'unsafe_path'],
    ['a\nb', 'unsafe_path'],
    ['con', 'unsafe_path'],
    ['n'.repeat(256), 'unsafe_path'],
  ])('a file named %j', async (name, reason) => {
    const result = await checkOutTree(treeObject([file('0'), file(name)]), [blob])
    expect(result).toMatchObject(refused(reason))
  })

  test('names that collide, and a link', async () => {
    expect(await checkOutTree(treeObject([file('A'), file('a')]), [blob])).toMatchObject(refused('path_collision'))
    expect(await checkOutTree(treeObject([file('a'), file('a')]), [blob])).toMatchObject(refused('path_collision'))
    const link = treeObject([{ ...file('l'), mode: '120000' }])
    expect(await checkOutTree(link, [blob])).toMatchObject(refused('link'))
  })

  test('a tree that contains one subtree again and again, ten levels deep', async () => {
    const levels = [treeObject([file('leaf')])]
    for (let level = 0; level < 10; level += 1) {
      const { oid } = levels.at(-1) ?? blob
      levels.push(treeObject(Array.from({ length: 10 }, (_, index) => ({ mode: '40000', name: `d${index}`, oid }))))
    }
    const top = levels.at(-1) ?? blob
    expect(await checkOutTree(top, [...levels.slice(0, -1), blob])).toMatchObject(refused('too_many_files'))
  })

  test('names of refs never become files', async () => {
    const tree = treeObject([file('a')])
    const commit = commitObject(tree)
    const refs = { 'refs/heads/../../../../evil': commit.oid, '../../../evil': commit.oid }
    expect(await checkOutFrom(gitAnswer(commit, packBytes([commit, tree, blob]), refs))).toMatchObject({
      tree: ['a'],
      outside: [],
    })
  })
})

test('400 mutated answers: a GitError or a success, nothing outside, no hang', async () => {
  const tree = treeObject([file('a'), file('b')])
  const commit = commitObject(tree)
  const list = advertisement({ HEAD: commit.oid, 'refs/heads/main': commit.oid, 'refs/tags/v1': commit.oid })
  const pack = packAnswer(packBytes([commit, tree, blob]), commit.oid)
  let seed = 7
  const next = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31
    return seed % below
  }
  const mutate = (source: Buffer) => {
    const bytes = Buffer.from(source)
    for (let change = 0; change <= next(4); change += 1) bytes[next(bytes.length)] = next(256)
    return next(8) === 0 ? bytes.subarray(0, next(bytes.length)) : bytes
  }
  const reasons: Record<string, number> = {}
  for (let round = 0; round < 400; round += 1) {
    const isList = round % 2 === 0
    const result = await checkOutFrom((request) =>
      request.method === 'GET'
        ? new Response(isList ? mutate(list) : list, { headers: types.list })
        : new Response(isList ? pack : mutate(pack), { headers: types.result }),
    )
    const reason = 'reason' in result ? result.reason : 'success'
    reasons[reason] = (reasons[reason] ?? 0) + 1
    expect(result.outside).toEqual([])
  }
  expect(reasons['timeout'] ?? 0).toBe(0)
}, 60_000)
