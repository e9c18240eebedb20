import { giveWay } from '../shared/give-way.ts'

const headers = { 'content-type': 'application/json' }

/** More than this leaves as a stream, so that a list of megabytes is never in memory as a whole. */
const wholeUpTo = 262_144
/** What waits for one client is not much more than this and one item. */
const pieceLength = 65_536

/** An answer that is JSON text already, e.g. with a column that holds JSON. No schema checks it. */
export const jsonText = (text: string, status = 200): Response => new Response(text, { status, headers })

/**
 * A list of JSON texts as the answer of a hot route: a `Response` of our own would be taken apart and put together again by
 * Elysia, which takes a fifth of a small request. Document the route by `answeredAsText`.
 */
export const sendJsonList = (set: { headers: Record<string, unknown> }, items: string[]): string => {
  set.headers['content-type'] = 'application/json'
  return `[${items.join(',')}]`
}

/** Adds members whose values are JSON text, such as stored documents, to a plain object: nothing is parsed and written again. */
export const withJsonText = (fields: Record<string, unknown>, texts: Record<string, string | null>): string => {
  const head = JSON.stringify(fields).slice(0, -1)
  const tail = Object.entries(texts).map(([name, text]) => `${JSON.stringify(name)}:${text ?? 'null'}`)
  return `${head}${head === '{' ? '' : ','}${tail.join(',')}}`
}

type Texts = AsyncIterator<string> | Iterator<string>

/** `start`, the items with commas between them, `end`. */
async function* withCommas(start: string, items: Texts, end: string): AsyncGenerator<string> {
  let text = start
  for (let item = await items.next(), isFirst = true; !item.done; item = await items.next(), isFirst = false) {
    yield isFirst ? text + item.value : `,${item.value}`
    text = ''
  }
  yield text + end
}

/** Puts texts together up to about `length`; undefined once there are no more. Others get their turn between them. */
const createGather = (texts: Texts) => {
  let isDone = false
  return async (length: number): Promise<string | undefined> => {
    let text = ''
    while (!isDone && text.length <= length) {
      await giveWay()
      const next = await texts.next()
      if (next.done) isDone = true
      else text += next.value
    }
    return text === '' && isDone ? undefined : text
  }
}

/** How long a client may take nothing of a stream: not as long when what waits for all of them is much. */
const patience = { waitMs: 60_000, crowdedBytes: 268_435_456, crowdedWaitMs: 2000, checkMs: 1000 }
/** What waits in all streams of the process. */
let heldBytes = 0

/** A stream of small pieces, each made when the client has taken the one before. Broken off when it takes none. */
const toStream = (start: string, texts: Texts, gather: ReturnType<typeof createGather>, limits: typeof patience) => {
  const encoder = new TextEncoder()
  const nothing = new Uint8Array()
  let bytes: Uint8Array = nothing
  let sent = 0
  let waitsSince = performance.now()
  let watch: Timer | undefined
  let isOpen = true
  const hold = (next: Uint8Array) => {
    heldBytes += next.length - bytes.length
    bytes = next
    sent = 0
  }
  const stop = () => {
    isOpen = false
    clearInterval(watch)
    hold(nothing)
    void texts.return?.()
  }
  const isTooSlow = () =>
    performance.now() - waitsSince > (heldBytes > limits.crowdedBytes ? limits.crowdedWaitMs : limits.waitMs)
  hold(encoder.encode(start))
  return new ReadableStream<Uint8Array>({
    start(controller) {
      watch = setInterval(() => {
        if (!isTooSlow()) return
        // Not closed, which would make a whole answer of it.
        controller.error(new Error('The client takes nothing of a long answer'))
        stop()
      }, limits.checkMs)
    },
    async pull(controller) {
      waitsSince = Infinity
      try {
        const text = sent === bytes.length ? await gather(pieceLength) : ''
        if (!isOpen) return
        if (text === undefined) {
          controller.close()
          return stop()
        }
        if (text !== '') hold(encoder.encode(text))
      } catch (error) {
        stop()
        throw error
      }
      // A copy: what is on its way to the client must not keep all the rest.
      const piece = bytes.slice(sent, sent + pieceLength)
      sent += piece.length
      controller.enqueue(piece)
      if (sent === bytes.length) hold(nothing)
      waitsSince = performance.now()
    },
    cancel: stop,
  })
}

/**
 * An answer whose JSON comes in parts, read one by one: `texts` is asked for the next one when the client has taken the
 * one before. Short answers are sent whole.
 */
export const jsonTextParts = async (texts: Texts, limits = patience): Promise<Response> => {
  const gather = createGather(texts)
  const text = (await gather(wholeUpTo)) ?? ''
  return text.length <= wholeUpTo ? jsonText(text) : new Response(toStream(text, texts, gather, limits), { headers })
}

/** The same for a list whose items are JSON texts. */
export const jsonTextList = (items: Texts, start = '[', end = ']'): Promise<Response> =>
  jsonTextParts(withCommas(start, items, end))
