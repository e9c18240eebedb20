import { describe, expect, test } from 'bun:test'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createDownload } from '../../src/adapters/web/download.ts'
import { createGuardedFetch } from '../../src/adapters/web/guarded-fetch.ts'
import type { DownloadRequest } from '../../src/adapters/web/types.ts'
import { UpstreamError } from '../../src/shared/upstream-error.ts'
import { failureOf } from '../support/failure-of.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** Downloads what `answer` serves on loopback; tells the result or the kind of failure, and what lies in the folder. */
const downloadFrom = async (
  answer: (request: Request) => Response | Promise<Response>,
  more: Partial<DownloadRequest> = {},
) => {
  await using folder = await tempFolder()
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: answer })
  const host = `127.0.0.1:${server.port}`
  const privateHosts = new Set([host])
  const fetch = createGuardedFetch({ maxConcurrent: 5, defaultIdleTimeoutMs: 2000, allowedHosts: privateHosts })
  const request = {
    url: `http://${host}/a`,
    maxBytes: 100_000,
    timeMs: 2000,
    idleMs: 300,
    minPace: { bytes: 1, ms: 60_000 },
    ...more,
  }
  const file = join(folder.path, 'file')
  try {
    const result = await createDownload({ fetch, privateHosts })({ file, ...request }).catch((error: unknown) =>
      error instanceof UpstreamError ? { kind: error.kind, message: error.message } : Promise.reject(error),
    )
    const content = 'bytes' in result ? await readFile(file, 'latin1') : undefined
    const mode = 'bytes' in result ? (await stat(file)).mode & 0o777 : undefined
    return { ...result, content, mode, left: await readdir(folder.path) }
  } finally {
    await server.stop(true)
  }
}

const failed = (kind: string) => ({ kind, left: [] })

describe('a download', () => {
  test('is streamed to a private file, with progress', async () => {
    const seen: (number | undefined)[][] = []
    const onProgress = (...numbers: (number | undefined)[]) => void seen.push(numbers)
    const result = await downloadFrom(() => new Response('hello'), { onProgress })
    expect(result).toEqual({ bytes: 5, content: 'hello', mode: 0o600, left: ['file'] })
    expect(seen.at(-1)).toEqual([5, 5])
    const content = Array.from({ length: 9000 }, (_, index) => `line ${index}\n`).join('')
    expect(await downloadFrom(() => new Response(content))).toMatchObject({ bytes: content.length, content })
  })

  test('follows redirects, and keeps a gzip file as it is', async () => {
    const bytes = gzipSync('x')
    const result = await downloadFrom((request) =>
      request.url.endsWith('/a')
        ? Response.redirect('/b', 302)
        : new Response(bytes, { headers: { 'content-type': 'application/gzip' } }),
    )
    expect(result).toMatchObject({ bytes: bytes.length, content: bytes.toString('latin1') })
  })

  test('does not overwrite', async () => {
    await using folder = await tempFolder()
    const file = join(folder.path, 'there')
    await Bun.write(file, 'old')
    expect((await failureOf(downloadFrom(() => new Response('new'), { file }))).message).toContain('EEXIST')
    expect(await readFile(file, 'utf8')).toBe('old')
  })
})

describe('failures leave nothing', () => {
  test('announced or real size over the limit', async () => {
    expect(await downloadFrom(() => new Response('x'.repeat(100_001)))).toMatchObject(failed('too_large'))
    const endless = async function* () {
      for (;;) {
        yield Buffer.alloc(10_000)
        await Bun.sleep(0)
      }
    }
    const result = await downloadFrom(() => new Response(endless()))
    expect(result).toMatchObject({
      ...failed('too_large'),
      message: 'The file is larger than 0.1 MB, which is the limit',
    })
  })

  test('status, silence, dripping, an end too early', async () => {
    expect(await downloadFrom(() => new Response('no', { status: 404 }))).toMatchObject(failed('status'))
    expect(await downloadFrom(() => new Promise<Response>(() => undefined))).toMatchObject(failed('timeout'))
    const drip = async function* () {
      for (;;) {
        yield Buffer.from('x')
        await Bun.sleep(50)
      }
    }
    const slow = () => new Response(drip())
    expect(await downloadFrom(slow, { timeMs: 400 })).toMatchObject(failed('timeout'))
  })

  test('a pace below the minimum; a slow beginning or a short file is none', async () => {
    const dripping = (pieces: number, piece: string, firstAfterMs: number) => () => {
      const body = async function* () {
        await Bun.sleep(firstAfterMs)
        for (let count = 0; count < pieces; count++) {
          yield Buffer.from(piece)
          await Bun.sleep(20)
        }
      }
      return new Response(body())
    }
    const minPace = { bytes: 1000, ms: 200 }
    const startedAt = performance.now()
    const slow = await downloadFrom(dripping(500, 'x', 0), { minPace })
    expect(slow).toMatchObject(failed('timeout'))
    expect('message' in slow && slow.message).toMatch(/^127\.0\.0\.1:\d+ sends less than 1 kB in 0\.2 seconds$/)
    expect(performance.now() - startedAt).toBeLessThan(1000)
    expect(await downloadFrom(dripping(1, 'x', 250), { minPace })).toMatchObject({ bytes: 1 })
    expect(await downloadFrom(dripping(30, 'x'.repeat(300), 0), { minPace })).toMatchObject({ bytes: 9000 })
    const fastFirst = async function* () {
      yield Buffer.alloc(50_000)
      for (;;) {
        await Bun.sleep(20)
        yield Buffer.from('x')
      }
    }
    expect(await downloadFrom(() => new Response(fastFirst()), { minPace })).toMatchObject(failed('timeout'))
  })

  test('addresses: plain http to hosts that are not listed, private ones, a redirect to one', async () => {
    const any = () => new Response('x')
    for (const url of [
      'http://example.org/a',
      'ftp://example.org/a',
      'https://127.0.0.1/a',
      'https://u:p@example.org/',
      '',
    ]) {
      expect(await downloadFrom(any, { url })).toMatchObject(failed('refused'))
    }
    expect(await downloadFrom(() => Response.redirect('http://127.0.0.1:1/', 302))).toMatchObject(failed('refused'))
  })

  test('an abort, with its reason', async () => {
    const signal = AbortSignal.timeout(50)
    expect((await failureOf(downloadFrom(() => new Promise<Response>(() => undefined), { signal }))).message).toContain(
      'timed out',
    )
  })
})
