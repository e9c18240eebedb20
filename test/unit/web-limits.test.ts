import { describe, expect, test } from 'bun:test'
import { createGuardedFetch, type GuardedFetchOptions } from '../../src/adapters/web/guarded-fetch.ts'
import { createSlots } from '../../src/adapters/web/slots.ts'
import { UpstreamError } from '../../src/shared/upstream-error.ts'
import { dnsAnswers } from '../support/dns-answers.ts'
import { plainAnswer, rawServer } from '../support/tls-raw-server.ts'

const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
const PIECE = '3\r\nabc\r\n'
const soon = () => ({ signal: AbortSignal.timeout(10) })
const never = () => new Promise<never>(() => undefined)

const setUp = (options: Partial<GuardedFetchOptions> = {}) => {
  const slots = createSlots(options.maxConcurrent ?? 20)
  const get = createGuardedFetch({ maxConcurrent: 20, defaultIdleTimeoutMs: 2000, slots, ...options })
  return { get, slots }
}

const kindOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return 'ok'
  } catch (error) {
    return error instanceof UpstreamError ? error.kind : `not an UpstreamError: ${String(error)}`
  }
}

const elapsedMs = async (work: Promise<unknown>): Promise<number> => {
  const startMs = performance.now()
  await work
  return performance.now() - startMs
}

/** A listener that accepts nothing and whose queue is full: connecting to it neither succeeds nor fails. */
const fullListener = async () => {
  const script = `require('node:net').createServer().listen(0, '127.0.0.1', function () {
    process.stdout.write(this.address().port + '\\n', () => Bun.sleepSync(20000)) })`
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe' })
  const { value } = await child.stdout.getReader().read()
  const port = Number(new TextDecoder().decode(value))
  const isTaken = async () => {
    const opened = Bun.connect({ hostname: '127.0.0.1', port, socket: { data: () => undefined } })
    return await Promise.race([opened.then(() => true).catch(() => false), Bun.sleep(100).then(() => false)])
  }
  while (await isTaken());
  const dispose = async () => {
    child.kill('SIGKILL')
    await child.exited
  }
  return { url: `http://127.0.0.1:${port}/`, [Symbol.asyncDispose]: dispose }
}

describe('places', () => {
  test('a place is held until the body is over, and the next request is told at once', async () => {
    await using server = await rawServer((socket) => socket.write(HEAD + PIECE))
    const { get, slots } = setUp({ maxConcurrent: 2 })
    const first = await get(server.url, 'provider')
    const second = await get(server.url, 'provider')
    expect(await kindOf(get(server.url, 'provider'))).toBe('busy')
    await first.body?.cancel()
    expect(slots.inUse()).toBe(1)
    const third = await get(server.url, 'provider')
    expect(await kindOf(get(server.url, 'provider'))).toBe('busy')
    await Promise.all([second.body?.cancel(), third.body?.cancel()])
    expect(slots.inUse()).toBe(0)
  })

  test('more than Bun runs at once is never promised', async () => {
    const get = createGuardedFetch({ maxConcurrent: 10_000, defaultIdleTimeoutMs: 1000, lookup: never })
    const stop = new AbortController()
    const running = Array.from({ length: 251 }, () =>
      kindOf(get('http://a.test/', 'provider', { signal: stop.signal })),
    )
    expect(await running[250]).toBe('busy')
    stop.abort()
    expect(await running[249]).toBe('aborted')
  })

  test('a thousand mixed outcomes leave no place taken', async () => {
    await using server = await rawServer((socket, head) => {
      const path = /^\w+ \/(\w*)/.exec(head)?.[1]
      if (path === 'ok') socket.write(plainAnswer('x'.repeat(5000)))
      else if (path === 'endless') socket.write(HEAD + PIECE)
      else if (path === 'cut') socket.end(HEAD + PIECE)
      else if (path === 'empty') socket.write('HTTP/1.1 204 No Content\r\n\r\n')
      else if (path === 'moved') socket.write(plainAnswer('', { Location: '/ok' }, '302 Found'))
      else if (path === 'reset') socket.resetAndDestroy()
      else if (path === 'odd') socket.end('HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n')
    })
    const { lookup } = dnsAnswers({})
    const { get, slots } = setUp({ maxConcurrent: 50, lookup })
    const at = (path: string) => `${server.url}${path}`
    const outcomes: (() => Promise<unknown>)[] = [
      async () => (await get(at('ok'), 'provider')).text(),
      async () => (await get(at('endless'), 'provider', { idleTimeoutMs: 10 })).text(),
      async () => (await get(at('endless'), 'provider')).body?.cancel(),
      async () => (await get(at('endless'), 'provider', soon())).text(),
      async () => (await get(at('cut'), 'provider')).text(),
      async () => get(at('empty'), 'provider'),
      async () => (await get(at('moved'), 'provider', { maxRedirects: 1 })).text(),
      async () => get(at('moved'), 'provider'),
      async () => get(at('reset'), 'provider'),
      async () => get(at('odd'), 'provider'),
      async () => get(at('silent'), 'provider', { idleTimeoutMs: 10 }),
      async () => get(at('silent'), 'provider', soon()),
      async () => get(at('ok'), 'provider', { signal: AbortSignal.abort() }),
      async () => get(at('ok'), 'public'),
      async () => get('http://nowhere.test/', 'public'),
      async () => get('nonsense', 'public'),
    ]
    const kinds = new Map<string, number>()
    let next = 0
    // More runners than places, so that some meet `busy`.
    const runner = async () => {
      while (next < 1000) {
        const kind = await kindOf(outcomes[next++ % outcomes.length]?.() ?? never())
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
        expect(slots.inUse()).toBeWithin(0, 51)
      }
    }
    await Promise.all(Array.from({ length: 60 }, runner))
    expect(slots.inUse()).toBe(0)
    const seen = ['aborted', 'busy', 'ok', 'protocol', 'refused', 'timeout', 'unreachable']
    expect([...kinds.keys()].toSorted()).toEqual(seen)
  }, 20_000)

  test('giving a place back twice counts once', () => {
    const slots = createSlots(1)
    const release = slots.take()
    expect(slots.take()).toBeUndefined()
    release?.()
    release?.()
    expect(slots.inUse()).toBe(0)
  })
})

describe('silence', () => {
  test('in the lookup', async () => {
    const { get, slots } = setUp({ lookup: never })
    expect(await kindOf(get('http://a.test/', 'provider', { idleTimeoutMs: 50 }))).toBe('timeout')
    expect(slots.inUse()).toBe(0)
  })

  test('while connecting: the connect limit says unreachable, the idle limit timeout', async () => {
    await using listener = await fullListener()
    const { get } = setUp({ connectTimeoutMs: 100 })
    expect(await kindOf(get(listener.url, 'provider'))).toBe('unreachable')
    expect(await kindOf(get(listener.url, 'provider', { idleTimeoutMs: 50 }))).toBe('timeout')
  })

  test('before the headers, with the connection closed', async () => {
    await using server = await rawServer(() => undefined)
    const { get } = setUp()
    const work = get(server.url, 'provider', { idleTimeoutMs: 50 })
    const message = `127.0.0.1:${server.port}: silent for 50 ms`
    expect(await work.catch((error: unknown) => error)).toMatchObject({ kind: 'timeout', message })
    await server.closed(2)
  })

  test('inside the headers', async () => {
    await using server = await rawServer((socket) => socket.write('HTTP/1.1 200 OK\r\nX-'))
    expect(await kindOf(setUp().get(server.url, 'provider', { idleTimeoutMs: 50 }))).toBe('timeout')
    await server.closed(2)
  })

  test('between two pieces, counted from the last one', async () => {
    await using server = await rawServer((socket) => {
      socket.write(HEAD + PIECE)
      let pieces = 1
      const timer = setInterval(() => (pieces++ < 5 ? socket.write(PIECE) : clearInterval(timer)), 60)
    })
    const { get, slots } = setUp()
    const response = await get(server.url, 'provider', { idleTimeoutMs: 120 })
    let text = ''
    const read = async () => {
      for await (const piece of response.body ?? []) text += new TextDecoder().decode(piece)
    }
    const startMs = performance.now()
    expect(await kindOf(read())).toBe('timeout')
    expect(performance.now() - startMs).toBeWithin(300, 800)
    expect(text).toBe('abc'.repeat(5))
    expect(slots.inUse()).toBe(0)
    await server.closed(2)
  })

  test('of the server is not what the reader takes to work on a piece', async () => {
    await using server = await rawServer((socket) => {
      socket.write(HEAD)
      setTimeout(() => socket.write(PIECE), 100)
      setTimeout(() => socket.write('0\r\n\r\n'), 250)
    })
    const reader = (await setUp().get(server.url, 'provider', { idleTimeoutMs: 150 })).body?.getReader()
    expect((await reader?.read())?.done).toBe(false)
    await Bun.sleep(100)
    expect((await reader?.read())?.done).toBe(true)
  })

  test('of the reader: a forgotten response gives its place and its connection back', async () => {
    await using server = await rawServer((socket) => socket.write(HEAD + PIECE.repeat(1000)))
    const { get, slots } = setUp()
    const response = await get(server.url, 'provider', { idleTimeoutMs: 50 })
    await server.closed(2)
    expect(slots.inUse()).toBe(0)
    expect(await kindOf(response.text())).toBe('timeout')
  })
})

describe('abort', () => {
  test('before the start nothing is looked up or sent', async () => {
    const dns = dnsAnswers({ 'a.test': ['127.0.0.1'] })
    const { get } = setUp({ lookup: dns.lookup })
    expect(await kindOf(get('http://a.test/', 'provider', { signal: AbortSignal.abort() }))).toBe('aborted')
    expect(dns.asked).toEqual([])
  })

  test('in the lookup, which is told', async () => {
    const stop = new AbortController()
    const told = Promise.withResolvers<void>()
    const lookup = async (_name: string, signal: AbortSignal) => {
      signal.addEventListener('abort', () => told.resolve())
      return never()
    }
    const work = kindOf(setUp({ lookup }).get('http://a.test/', 'provider', { signal: stop.signal }))
    setTimeout(() => stop.abort(), 20)
    expect(await elapsedMs(work)).toBeLessThan(100)
    expect(await work).toBe('aborted')
    await told.promise
  })

  test('while connecting', async () => {
    await using listener = await fullListener()
    const work = kindOf(setUp().get(listener.url, 'provider', { signal: AbortSignal.timeout(30) }))
    expect(await elapsedMs(work)).toBeLessThan(150)
    expect(await work).toBe('aborted')
  })

  test('before the headers: the server sees the close within 100 ms', async () => {
    const stop = new AbortController()
    await using server = await rawServer(() => void setTimeout(() => stop.abort(), 20))
    const work = kindOf(setUp().get(server.url, 'provider', { signal: stop.signal }))
    expect(await elapsedMs(server.closed(2))).toBeLessThan(150)
    expect(await work).toBe('aborted')
  })

  test('inside the body, a read pending: the server sees the close within 100 ms', async () => {
    const stop = new AbortController()
    await using server = await rawServer((socket) => socket.write(HEAD + PIECE))
    const { get, slots } = setUp()
    const response = await get(server.url, 'provider', { signal: stop.signal })
    const work = kindOf(response.text())
    await Bun.sleep(20)
    stop.abort()
    expect(slots.inUse()).toBe(0)
    expect(await work).toBe('aborted')
    expect(await elapsedMs(server.closed(2))).toBeLessThan(100)
  })

  test('in the instant the headers arrive', async () => {
    await using server = await rawServer((socket) => socket.write(HEAD + PIECE))
    const { get, slots } = setUp()
    const kinds = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const stop = new AbortController()
        const work = kindOf(get(server.url, 'provider', { signal: stop.signal }))
        while (server.heads.length === 0) await Bun.sleep(0)
        for (let count = 0; count < index * 3; count += 1) await Promise.resolve()
        stop.abort()
        return work
      }),
    )
    expect(kinds.filter((kind) => kind !== 'ok' && kind !== 'aborted')).toEqual([])
    expect(slots.inUse()).toBe(0)
  })

  test('inside the body, nobody reading', async () => {
    const stop = new AbortController()
    await using server = await rawServer((socket) => socket.write(HEAD + PIECE))
    const response = await setUp().get(server.url, 'provider', { signal: stop.signal })
    stop.abort()
    expect(await elapsedMs(server.closed(2))).toBeLessThan(100)
    expect(await kindOf(response.text())).toBe('aborted')
  })

  test('after the end it changes nothing, and no listener stays on the signal', async () => {
    const stop = new AbortController()
    let listeners = 0
    const { signal } = stop
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...given: Parameters<typeof add>) => (listeners++, add(...given))
    signal.removeEventListener = (...given: Parameters<typeof remove>) => (listeners--, remove(...given))
    await using server = await rawServer((socket) => socket.write(plainAnswer()))
    const response = await setUp().get(server.url, 'provider', { signal })
    expect(await response.text()).toBe('ok')
    expect(await kindOf(setUp().get(server.url, 'public', { signal }))).toBe('refused')
    expect(listeners).toBe(0)
    stop.abort()
  })
})

describe('the body', () => {
  test('cancelling closes the connection within 100 ms', async () => {
    await using server = await rawServer((socket) => socket.write(HEAD + PIECE))
    const { get, slots } = setUp()
    const reader = (await get(server.url, 'provider')).body?.getReader()
    await reader?.read()
    const work = reader?.cancel()
    expect(await elapsedMs(server.closed(2))).toBeLessThan(100)
    await work
    expect(slots.inUse()).toBe(0)
  })

  test('leaving a for-await loop closes too', async () => {
    await using server = await rawServer((socket) => socket.write(HEAD + PIECE))
    for await (const piece of (await setUp().get(server.url, 'provider')).body ?? []) {
      expect(piece).toHaveLength(3)
      break
    }
    expect(await elapsedMs(server.closed(2))).toBeLessThan(100)
  })

  test('a body read to its end leaves the connection for the next request', async () => {
    await using server = await rawServer((socket) => socket.write(plainAnswer()))
    const { get } = setUp()
    for (let count = 0; count < 5; count += 1) await (await get(server.url, 'provider')).text()
    // One probe and one connection for all five.
    expect(server.connections()).toBe(2)
  })

  test('a slow reader slows the server down instead of filling memory', async () => {
    let sentBytes = 0
    await using server = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      const block = Buffer.alloc(1 << 20)
      const send = () => {
        while (!socket.destroyed && sentBytes < 2e9) {
          sentBytes += block.length
          if (!socket.write(block)) break
        }
      }
      socket.on('drain', send)
      send()
    })
    const reader = (await setUp().get(server.url, 'provider')).body?.getReader()
    await reader?.read()
    await Bun.sleep(200)
    expect(sentBytes).toBeLessThan(64e6)
    await reader?.cancel()
  })
})
