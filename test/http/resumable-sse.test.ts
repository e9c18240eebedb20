import { describe, expect, test } from 'bun:test'
import { type EventFollower, type EventSink, openResumableSse } from '../../src/http/resumable-sse.ts'

const piece = new Uint8Array(1000)

/** A stream without a server, and what its follower was told. */
const openStream = (
  follow: (sink: EventSink) => Partial<EventFollower>,
  request = new Request('http://localhost/'),
) => {
  const told = { rooms: 0, closes: 0 }
  const response = openResumableSse({ request, server: null, set: { headers: {} } }, (sink) => {
    const follower = follow(sink)
    return {
      onRoom() {
        told.rooms++
        follower.onRoom?.()
      },
      onCheck: () => {},
      onClose: () => void told.closes++,
    }
  })
  return { response, told }
}

describe('openResumableSse', () => {
  test('has room for 64 KB, and again for what was taken', async () => {
    let written = 0
    const { response } = openStream((sink) => ({
      onRoom() {
        while (sink.hasRoom()) {
          sink.write(piece)
          written++
        }
      },
    }))
    await Bun.sleep(10)
    expect(written).toBe(66)
    const reader = response.body!.getReader()
    for (let count = 0; count < 10; count++) await reader.read()
    await Bun.sleep(10)
    expect(written).toBe(76)
    await reader.cancel()
  })

  test('does not ask who writes for more while it writes', async () => {
    let depth = 0
    let deepest = 0
    const { response, told } = openStream((sink) => ({
      onRoom() {
        depth++
        deepest = Math.max(deepest, depth)
        for (let count = 0; count < 5; count++) sink.write(piece)
        depth--
        if (told.rooms === 3) sink.end()
      },
    }))
    expect((await response.bytes()).length).toBe(told.rooms * 5 * piece.length)
    expect(deepest).toBe(1)
  })

  test('tells its follower of the end once, whoever ended it', async () => {
    const sinks: EventSink[] = []
    const ended = openStream((sink) => (sinks.push(sink), {}))
    sinks[0]?.write(piece)
    sinks[0]?.end()
    sinks[0]?.end()
    sinks[0]?.write(piece)
    expect((await ended.response.bytes()).length).toBe(1000)
    expect(ended.told.closes).toBe(1)

    const left = openStream(() => ({}))
    await left.response.body?.cancel()
    expect(left.told.closes).toBe(1)

    const failed = openStream(() => ({
      onRoom() {
        throw new Error('no such table')
      },
    }))
    expect(failed.response.text()).rejects.toThrow('no such table')
    await Bun.sleep(1)
    expect(failed.told.closes).toBe(1)
  })

  test('notices a client that goes, and one that was gone before', () => {
    const controller = new AbortController()
    const going = openStream(() => ({}), new Request('http://localhost/', { signal: controller.signal }))
    expect(going.told.closes).toBe(0)
    controller.abort()
    expect(going.told.closes).toBe(1)
    const gone = openStream(() => ({}), new Request('http://localhost/', { signal: AbortSignal.abort() }))
    expect(gone.told.closes).toBe(1)
  })

  test('a refusal while it is opened is thrown', () => {
    const refuse = () => {
      throw new Error('too many')
    }
    expect(() => openStream(refuse)).toThrow('too many')
  })
})
