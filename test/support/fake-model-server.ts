/** One request as it arrived. */
export interface RecordedRequest {
  method: string
  /** With the query. */
  path: string
  /** Names in lower case. */
  headers: Record<string, string>
  /** Parsed JSON; `undefined` without a body. */
  body: unknown
}

/**
 * What the fake does. The fields may be changed at any time; each request reads them when it arrives. `fault` spoils chat
 * replies, `instead` replaces every answer.
 */
export interface FakeScript {
  /** Text of the reply, one stream step each. */
  pieces: string[]
  /** In the provider's own words. */
  finishReason: string
  usage: { promptTokens: number; completionTokens: number }
  /** Entries of the model list, as the provider writes them. */
  models: unknown[]
  /** Requests without exactly this key get the provider's 401. */
  requiredKey: string | undefined
  /** Before the headers. */
  latencyMs: number
  /** Before each piece. */
  delayMs: number
  /** After that many pieces: silence for ever, a cut connection, an error inside the stream, an end without its marker. */
  fault: { kind: 'hang' | 'drop' | 'error' | 'truncate'; after: number } | undefined
  instead: { status: number; json: unknown } | { html: string } | { longLineBytes: number } | undefined
  /** Sends streams in pieces of at most that many bytes. */
  cutEvery: number | undefined
  newline: '\n' | '\r\n'
  /** Changes to the script for this request alone. */
  respond: ((request: RecordedRequest) => Partial<FakeScript> | undefined) | undefined
}

export interface FakeModelServer {
  /** What goes into `ModelServer.baseUrl`. */
  url: string
  requests: RecordedRequest[]
  script: FakeScript
  /** Requests that are being answered. */
  readonly openConnections: number
  /** Requests whose client went away before the answer was complete. */
  readonly abortedRequests: number
  /** Resolves as soon as the condition holds, e.g. `until(() => fake.abortedRequests === 1)`. */
  until(condition: () => boolean): Promise<void>
  /** Cuts what is still open. */
  stop(): Promise<void>
}

/** What one provider's wire adds. Frames are complete lines, blank lines included, with `\n`. */
export interface FakeWire {
  /** Path of the base URL, e.g. `/v1`. */
  basePath: string
  streamType: string
  /** What a line of a stream starts with. */
  linePrefix: string
  findKey(headers: Record<string, string>): string | undefined
  unauthorized(key: string | undefined): unknown
  isChat(path: string): boolean
  /** JSON of a path that is no chat; `undefined` = 404. */
  lookUp(path: string, script: FakeScript): unknown
  start(request: RecordedRequest, script: FakeScript): string[]
  piece(text: string): string
  error(message: string): string
  finish(request: RecordedRequest, script: FakeScript): string[]
  /** The answer to a chat request that does not ask for a stream. */
  complete(request: RecordedRequest, script: FakeScript): unknown
}

/** The message of `fault: { kind: 'error' }`. */
export const FAKE_ERROR = 'the model runner has crashed'

const KIB64 = 64 * 1024
export const DROPPED = new Error('the script drops the connection')

export const record = async (request: Request): Promise<RecordedRequest> => {
  const { pathname, search } = new URL(request.url)
  const text = await request.text()
  const headers = Object.fromEntries(request.headers)
  return { method: request.method, path: pathname + search, headers, body: text ? JSON.parse(text) : undefined }
}

async function* playFault(wire: FakeWire, kind: 'hang' | 'drop' | 'error' | 'truncate') {
  if (kind === 'hang') await new Promise<never>(() => {})
  if (kind === 'drop') {
    // A reset may overtake bytes that the client has not read yet.
    await Bun.sleep(20)
    throw DROPPED
  }
  if (kind === 'error') yield wire.error(FAKE_ERROR)
}

async function* playReply(wire: FakeWire, request: RecordedRequest, script: FakeScript) {
  const { pieces, fault, delayMs } = script
  yield* wire.start(request, script)
  for (const text of pieces.slice(0, fault?.after)) {
    if (delayMs > 0) await Bun.sleep(delayMs)
    yield wire.piece(text)
  }
  if (fault) yield* playFault(wire, fault.kind)
  else yield* wire.finish(request, script)
}

function* playLongLine(prefix: string, sizeBytes: number) {
  yield prefix
  for (let left = sizeBytes; left > 0; left -= KIB64) yield 'x'.repeat(Math.min(left, KIB64))
  yield '\n'
}

async function* toBytes(frames: AsyncIterable<string> | Iterable<string>, script: FakeScript) {
  for await (const frame of frames) {
    const bytes = Buffer.from(frame.replaceAll('\n', script.newline))
    const step = script.cutEvery ?? bytes.length
    for (let start = 0; start < bytes.length; start += step) {
      yield bytes.subarray(start, start + step)
      // Gives the socket a turn, or it would send the pieces as one.
      if (script.cutEvery) await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

/** Counts requests in flight and wakes whoever waits for a change. */
export const createTally = () => {
  const waiting = new Set<() => void>()
  const tally = { open: 0, aborted: 0 }
  const notify = () => {
    for (const check of waiting) check()
  }
  const until = (condition: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!condition()) return
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      check()
    })
  /** Called once per request; what it returns is called at the end, and only the first call counts. */
  const enter = () => {
    let isOpen = true
    tally.open += 1
    notify()
    return (how: 'answered' | 'aborted') => {
      if (!isOpen) return
      isOpen = false
      tally.open -= 1
      if (how === 'aborted') tally.aborted += 1
      notify()
    }
  }
  return { tally, until, enter }
}

type Leave = (how: 'answered' | 'aborted') => void

export const toStream = (bytes: AsyncGenerator<Uint8Array>, leave: Leave) =>
  new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await bytes.next()
          if (!done) return controller.enqueue(value)
          leave('answered')
          controller.close()
        } catch (error) {
          leave('answered')
          // Bun prints what a stream fails with, and resets the connection in either case.
          controller.error(error === DROPPED ? undefined : error)
        }
      },
      cancel: () => leave('aborted'),
    },
    { highWaterMark: 0 },
  )

const answerWith = (wire: FakeWire, request: RecordedRequest, script: FakeScript, leave: Leave): Response => {
  const stream = (frames: AsyncIterable<string> | Iterable<string>) =>
    new Response(toStream(toBytes(frames, script), leave), { headers: { 'content-type': wire.streamType } })
  const json = (body: unknown, status = 200) => {
    leave('answered')
    return Response.json(body, { status })
  }
  const { instead } = script
  if (instead && 'longLineBytes' in instead) return stream(playLongLine(wire.linePrefix, instead.longLineBytes))
  if (instead && 'status' in instead) return json(instead.json, instead.status)
  if (instead) {
    leave('answered')
    return new Response(instead.html, { headers: { 'content-type': 'text/html; charset=utf-8' } })
  }
  const key = wire.findKey(request.headers)
  if (script.requiredKey !== undefined && key !== script.requiredKey) return json(wire.unauthorized(key), 401)
  if (!wire.isChat(request.path)) {
    const found = wire.lookUp(request.path, script)
    return found === undefined ? json({ error: 'not found' }, 404) : json(found)
  }
  const { body } = request
  const asksForStream = typeof body === 'object' && body !== null && 'stream' in body && body.stream === true
  return asksForStream ? stream(playReply(wire, request, script)) : json(wire.complete(request, script))
}

const defaults: Omit<FakeScript, 'models'> = {
  pieces: ['Hello', ' from', ' the', ' fake', '.'],
  finishReason: 'stop',
  usage: { promptTokens: 10, completionTokens: 5 },
  requiredKey: undefined,
  latencyMs: 0,
  delayMs: 0,
  fault: undefined,
  instead: undefined,
  cutEvery: undefined,
  newline: '\n',
  respond: undefined,
}

/** A real HTTP server on 127.0.0.1 that speaks one wire; each provider's own `start…` function calls it. */
export const startFakeModelServer = (
  wire: FakeWire,
  script: Partial<FakeScript> & Pick<FakeScript, 'models'>,
): FakeModelServer => {
  const { tally, until, enter } = createTally()
  const current: FakeScript = { ...defaults, ...script }
  const requests: RecordedRequest[] = []
  const handle = async (incoming: Request): Promise<Response> => {
    const request = await record(incoming)
    requests.push(request)
    const leave = enter()
    incoming.signal.addEventListener('abort', () => leave('aborted'))
    const own = { ...current, ...current.respond?.(request) }
    if (own.latencyMs > 0) await Bun.sleep(own.latencyMs)
    return answerWith(wire, request, own, leave)
  }
  // A model may be silent for longer than Bun's default idle timeout.
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: 0, fetch: handle })
  return {
    url: `http://127.0.0.1:${server.port}${wire.basePath}`,
    requests,
    script: current,
    get openConnections() {
      return tally.open
    },
    get abortedRequests() {
      return tally.aborted
    },
    until,
    stop: () => server.stop(true),
  }
}
