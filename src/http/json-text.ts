const headers = { 'content-type': 'application/json' }

/** More than this leaves as a stream, so that a list of megabytes is never in memory as a whole. */
const wholeUpTo = 262_144

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

/**
 * A list whose items are JSON texts, read one by one: `items` is asked for the next one when the client has taken the
 * one before. Small lists are sent whole.
 */
export const jsonTextList = async (items: Texts, start = '[', end = ']'): Promise<Response> => {
  const pieces = withCommas(start, items, end)
  let text = ''
  while (text.length <= wholeUpTo) {
    const piece = await pieces.next()
    if (piece.done) return jsonText(text)
    text += piece.value
  }
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(text)),
    async pull(controller) {
      const piece = await pieces.next()
      if (piece.done) controller.close()
      else controller.enqueue(encoder.encode(piece.value))
    },
    cancel: () => void pieces.return(undefined),
  })
  return new Response(body, { headers })
}
