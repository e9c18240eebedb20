import { describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { jsonTextList, jsonTextParts } from '../../src/http/json-text.ts'

/** Texts that take about as long to make as a page of a hundred kilobytes. */
function* slowTexts(count: number): Generator<string> {
  for (let index = 0; index < count; index++) {
    const until = performance.now() + 1
    while (performance.now() < until);
    yield JSON.stringify({ index })
  }
}

/** The longest time for which nothing else could run meanwhile. */
const longestWait = async (work: Promise<unknown>): Promise<number> => {
  let [longest, last] = [0, performance.now()]
  const watch = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 1)
  await work
  clearInterval(watch)
  return longest
}

const serve = (answer: () => Promise<Response>) => {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', development: false, fetch: answer })
  return { port: server.port ?? 0, [Symbol.asyncDispose]: () => server.stop(true) }
}

describe('jsonTextList', () => {
  test('joins its items, however many and however long', async () => {
    const read = async (items: string[]) => (await jsonTextList(items.values(), '{"all":[', '],"n":1}')).json()
    for (const items of [
      [],
      [1],
      [1, 2, 3],
      ['🧠'.repeat(300_000), 'ä'.repeat(300_001), ''],
      Array(20_000).fill('日本語'),
    ]) {
      expect(await read(items.map((item) => JSON.stringify(item)))).toEqual({ all: items, n: 1 })
    }
  })

  test('lets others have their turn, be the list short or long', async () => {
    for (const padding of ['', 'x'.repeat(10_000)]) {
      const texts = slowTexts(500).map((text) => `[${text},"${padding}"]`)
      const work = jsonTextList(texts).then((response) => response.json())
      // Half a second without a pause, about ten milliseconds with them.
      expect(await longestWait(work)).toBeLessThan(250)
      expect(await work).toHaveLength(500)
    }
  })

  test('leaves in pieces of at most 64 KB, and asks for the next item when the client has taken the last', async () => {
    let asked = 0
    const texts = Array.from({ length: 20 }, () => JSON.stringify('x'.repeat(1_000_000))).values()
    const response = await jsonTextList(texts.map((text) => ((asked += 1), text)))
    const reader = response.body!.getReader()
    for (let taken = 0; taken < 1_000_000;) {
      const { value } = await reader.read()
      expect(value!.byteLength).toBeLessThanOrEqual(65_536)
      taken += value!.byteLength
    }
    expect(asked).toBeLessThanOrEqual(2)
    await reader.cancel()
  })
})

const patience = { waitMs: 400, crowdedBytes: 1e9, crowdedWaitMs: 400, checkMs: 50 }

describe('a client that takes nothing', () => {
  /** Begins to read an answer of three items, each 30 MB, then stops. */
  const stall = async (limits: typeof patience) => {
    let isLetGo = false
    function* texts(): Generator<string> {
      try {
        for (let index = 0; index < 3; index++) yield 'x'.repeat(30_000_000)
      } finally {
        isLetGo = true
      }
    }
    const server = serve(() => jsonTextParts(texts(), limits))
    const socket = connect(server.port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await new Promise((resolve) => socket.once('data', resolve))
    socket.pause()
    const readTail = async () => {
      let tail = ''
      socket.on('data', (bytes: Buffer) => (tail = bytes.toString().slice(-5)))
      const ended = new Promise((resolve) => socket.once('end', resolve).once('error', resolve))
      socket.resume()
      await ended
      return tail
    }
    return { isLetGo: () => isLetGo, readTail, [Symbol.asyncDispose]: server[Symbol.asyncDispose] }
  }

  test('is cut off: its answer is let go, and never looks complete', async () => {
    await using client = await stall(patience)
    await Bun.sleep(200)
    expect(client.isLetGo()).toBe(false)
    await Bun.sleep(500)
    expect(client.isLetGo()).toBe(true)
    expect(await client.readTail()).not.toBe('0\r\n\r\n')
  })

  test('is cut off sooner when much waits for all clients together', async () => {
    await using client = await stall({ ...patience, waitMs: 60_000, crowdedBytes: 40_000_000, crowdedWaitMs: 200 })
    await Bun.sleep(400)
    expect(client.isLetGo()).toBe(false)
    await using another = await stall({ ...patience, waitMs: 60_000 })
    await Bun.sleep(400)
    expect([client.isLetGo(), another.isLetGo()]).toEqual([true, false])
  })

  test('may be slow', async () => {
    await using server = serve(() =>
      jsonTextParts(Array.from({ length: 40 }, () => 'x'.repeat(1_000_000)).values(), patience),
    )
    const socket = connect(server.port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
    let bytes = 0
    // Stops after each few megabytes, in all for longer than it may once.
    socket.on('data', (piece: Buffer) => {
      if (Math.floor(bytes / 5e6) !== Math.floor((bytes += piece.length) / 5e6)) {
        socket.pause()
        setTimeout(() => socket.resume(), 100)
      }
    })
    await new Promise((resolve) => socket.once('close', resolve))
    expect(bytes).toBeGreaterThan(40_000_000)
  })
})
