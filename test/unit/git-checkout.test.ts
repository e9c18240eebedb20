import { describe, expect, test } from 'bun:test'
import { lstat, mkdir, readdir, readFile, rename, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createGitSource } from '../../src/adapters/git/create-git-source.ts'
import { GitError, type CheckOutRequest, type GitLimits } from '../../src/adapters/git/types.ts'
import { createGuardedFetch } from '../../src/adapters/web/guarded-fetch.ts'
import { commitAll, git, gitServer, hasGit, makeRepository } from '../support/git-server.ts'
import { failureOf } from '../support/failure-of.ts'
import { tempFolder } from '../support/temp-folder.ts'

if (!hasGit) console.log('git-checkout.test.ts is skipped: git with http-backend is not installed')

const limits: GitLimits = {
  entries: 200,
  depth: 8,
  fileBytes: 3_000_000,
  totalBytes: 8_000_000,
  receivedBytes: 10_000_000,
  ratio: 1000,
  timeMs: 10_000,
  idleMs: 2000,
  minPace: { bytes: 1, ms: 60_000 },
}

/** A Git server over a fresh folder `repo`, and how to check out from it. */
const workshop = async () => {
  const folder = await tempFolder()
  const root = join(folder.path, 'srv')
  const repo = join(root, 'plugin')
  await mkdir(repo, { recursive: true })
  const server = gitServer(root)
  const privateHosts = new Set([server.host])
  const fetch = createGuardedFetch({ maxConcurrent: 10, defaultIdleTimeoutMs: 2000, allowedHosts: privateHosts })
  const source = createGitSource({ fetch, privateHosts })
  let count = 0
  const checkOut = async (version = 'latest', options: Partial<CheckOutRequest> = {}) => {
    count += 1
    const into = join(folder.path, `into${count}`)
    await mkdir(into)
    const url = `${server.url}/plugin`
    const result = await source.checkOut({ url, version, into, limits, ...options }).catch((error: unknown) => {
      if (error instanceof GitError) return { reason: error.reason, message: error.message }
      throw error
    })
    return { ...result, tree: (await readdir(into, { recursive: true })).toSorted(), into }
  }
  const close = async () => {
    await server[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  }
  return { repo, root, server, checkOut, [Symbol.asyncDispose]: close }
}

const bundle = { 'dist/remoteEntry.js': 'bundle', 'package.json': '{}', 'ünï/😀.txt': 'u' }

describe.skipIf(!hasGit)('a real Git server', () => {
  test('the default branch, when there is no version: files only, 0644', async () => {
    await using shop = await workshop()
    await makeRepository(shop.repo, { ...bundle, 'run.sh': '#!/bin/sh' })
    await git(shop.repo, 'update-index', '--chmod=+x', 'run.sh')
    await commitAll(shop.repo, 'executable')
    await git(shop.repo, 'tag', 'nightly')
    const received: number[] = []
    const result = await shop.checkOut('latest', { onProgress: (bytes) => received.push(bytes) })
    const commit = await git(shop.repo, 'rev-parse', 'HEAD')
    expect(result).toMatchObject({ ref: 'main', commit, files: 4, bytes: 18 })
    expect(result.tree).toEqual(['dist', 'dist/remoteEntry.js', 'package.json', 'run.sh', 'ünï', 'ünï/😀.txt'])
    expect(await readFile(join(result.into, 'dist/remoteEntry.js'), 'utf8')).toBe('bundle')
    expect((await lstat(join(result.into, 'run.sh'))).mode & 0o777).toBe(0o644)
    expect(received.at(-1)).toBeGreaterThan(100)
    expect(shop.server.requests).toHaveLength(2)
  })

  test('another default branch than main', async () => {
    await using shop = await workshop()
    await makeRepository(shop.repo, bundle)
    await git(shop.repo, 'branch', '-m', 'trunk')
    expect(await shop.checkOut()).toMatchObject({ ref: 'trunk', files: 3 })
  })

  test('latest is the highest version by number, whatever its spelling; annotated tags lead to their commit', async () => {
    await using shop = await workshop()
    await makeRepository(shop.repo, { version: '1.9.0' })
    await git(shop.repo, 'tag', 'v1.9.0')
    await Bun.write(join(shop.repo, 'version'), '1.10.0')
    await commitAll(shop.repo, 'second')
    await git(shop.repo, 'tag', '-a', '1.10.0', '-m', 'annotated')
    const commit = await git(shop.repo, 'rev-parse', 'HEAD')
    await Bun.write(join(shop.repo, 'version'), 'later')
    await commitAll(shop.repo, 'third')
    await git(shop.repo, 'tag', 'v2.0.0-beta')
    await git(shop.repo, 'tag', 'release-99')
    const latest = await shop.checkOut()
    expect(latest).toMatchObject({ ref: '1.10.0', commit })
    expect(await readFile(join(latest.into, 'version'), 'utf8')).toBe('1.10.0')
    const read = async (version: string) => {
      const { into, ...result } = await shop.checkOut(version)
      return 'ref' in result ? [result.ref, await readFile(join(into, 'version'), 'utf8')] : result.reason
    }
    expect(await read('1.9.0')).toEqual(['v1.9.0', '1.9.0'])
    expect(await read('v1.9.0')).toEqual(['v1.9.0', '1.9.0'])
    expect(await read('v1.10.0')).toEqual(['1.10.0', '1.10.0'])
    expect(await read('v2.0.0-beta')).toEqual(['v2.0.0-beta', 'later'])
    expect(await read('2.0.0-beta')).toEqual(['v2.0.0-beta', 'later'])
    expect(await read('main')).toEqual(['main', 'later'])
    for (const absent of ['3.0.0', 'HEAD', 'refs/heads/main', '../main', '', 'main~1']) {
      expect(await read(absent)).toBe('no_such_version')
    }
  })

  test('branches with slashes, deltas, and history that is not fetched', async () => {
    await using shop = await workshop()
    const text = Array.from({ length: 3000 }, (_, index) => `line ${index * 7919}`).join('\n')
    await makeRepository(shop.repo, { 'a.txt': text, 'b.txt': `${text}\nmore`, 'c.txt': `first\n${text}` })
    await Bun.write(join(shop.repo, 'secret.txt'), crypto.getRandomValues(Buffer.alloc(2_000_000)))
    await commitAll(shop.repo, 'large')
    await git(shop.repo, 'rm', '-q', 'secret.txt')
    await commitAll(shop.repo, 'removed')
    await git(shop.repo, 'switch', '-q', '-c', 'feature/x')
    await git(shop.repo, 'repack', '-adq')
    let received = 0
    const onProgress = (bytes: number) => {
      received = bytes
    }
    const result = await shop.checkOut('feature/x', { onProgress })
    expect(result).toMatchObject({ ref: 'feature/x', tree: ['a.txt', 'b.txt', 'c.txt'] })
    expect(await readFile(join(result.into, 'c.txt'), 'utf8')).toBe(`first\n${text}`)
    expect(received).toBeLessThan(100_000)
  })

  test('.git in the address, and a bare folder whose name ends so', async () => {
    await using shop = await workshop()
    await makeRepository(shop.repo, bundle)
    expect(await shop.checkOut('main', { url: `${shop.server.url}/plugin/.git` })).toMatchObject({ files: 3 })
    await rename(join(shop.repo, '.git'), join(shop.root, 'bare.git'))
    expect(await shop.checkOut('main', { url: `${shop.server.url}/bare/` })).toMatchObject({ files: 3 })
  })

  test('submodules are left out, and what is not kept', async () => {
    await using shop = await workshop()
    await makeRepository(shop.repo, { ...bundle, 'node_modules/a/b.js': 'x' })
    const head = await git(shop.repo, 'rev-parse', 'HEAD')
    await git(shop.repo, 'update-index', '--add', '--cacheinfo', `160000,${head},vendored`)
    await git(shop.repo, 'commit', '-qm', 'submodule')
    const keep = (path: string) => path !== 'node_modules'
    expect((await shop.checkOut('main', { keep })).tree).toEqual([
      'dist',
      'dist/remoteEntry.js',
      'package.json',
      'ünï',
      'ünï/😀.txt',
    ])
  })

  test('links are refused before anything is written', async () => {
    await using shop = await workshop()
    await makeRepository(shop.repo, bundle)
    await symlink('/etc/passwd', join(shop.repo, 'z-link'))
    await commitAll(shop.repo, 'link')
    expect(await shop.checkOut()).toMatchObject({ reason: 'link', tree: [] })
  })

  test('limits: entries, one file, all files, received bytes', async () => {
    await using shop = await workshop()
    const noise = () => crypto.getRandomValues(Buffer.alloc(60_000))
    const files = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`d/f${index}`, noise()]))
    await makeRepository(shop.repo, files)
    const withLimits = (changed: Partial<GitLimits>) => shop.checkOut('main', { limits: { ...limits, ...changed } })
    expect(await withLimits({})).toMatchObject({ files: 60, bytes: 3_600_000 })
    expect(await withLimits({ entries: 60 })).toMatchObject({ reason: 'too_many_files', tree: [] })
    expect(await withLimits({ fileBytes: 59_999 })).toMatchObject({ reason: 'too_large', tree: [] })
    expect(await withLimits({ totalBytes: 3_500_000 })).toMatchObject({ reason: 'too_large', tree: [] })
    expect(await withLimits({ receivedBytes: 1_000_000 })).toMatchObject({ reason: 'too_large', tree: [] })
    expect(await withLimits({ depth: 1 })).toMatchObject({ reason: 'unsafe_path', tree: [] })
  })

  test('the same large file at many places counts each time', async () => {
    await using shop = await workshop()
    const same = Buffer.alloc(1_000_000, 'same')
    await makeRepository(shop.repo, Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`f${index}`, same])))
    expect(await shop.checkOut()).toMatchObject({ reason: 'total_too_large' })
  })

  test('an empty repository, a missing one, a tag of something that is no commit', async () => {
    await using shop = await workshop()
    await git(shop.repo, 'init', '-q', '-b', 'main')
    expect(await shop.checkOut()).toMatchObject({ reason: 'empty' })
    expect(await shop.checkOut('main', { url: `${shop.server.url}/absent` })).toMatchObject({ reason: 'not_found' })
    await commitAll(shop.repo, 'first')
    await Bun.write(join(shop.repo, 'x'), 'x')
    await git(shop.repo, 'tag', 'blob', await git(shop.repo, 'hash-object', '-w', 'x'))
    expect(await shop.checkOut('blob')).toMatchObject({ reason: 'protocol' })
    expect(await shop.checkOut('main')).toMatchObject({ files: 0, tree: [] })
  })

  test('an abort ends it with its reason, and nothing is written afterwards', async () => {
    await using shop = await workshop()
    await makeRepository(shop.repo, bundle)
    const controller = new AbortController()
    const onProgress = () => controller.abort(new Error('stopped by the user'))
    expect((await failureOf(shop.checkOut('main', { signal: controller.signal, onProgress }))).message).toContain(
      'stopped by the user',
    )
    expect(
      (await failureOf(shop.checkOut('main', { signal: AbortSignal.abort(new Error('before')) }))).message,
    ).toContain('before')
  })
})
