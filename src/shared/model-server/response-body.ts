import { UpstreamError } from '../upstream-error.ts'
import { JSON_LIMIT_BYTES } from './limits.ts'
import { parseJson } from '../json-fields.ts'
import { answerTooLarge, brokenJson } from './protocol-errors.ts'

interface ByteReader {
  read(): Promise<{ value?: Uint8Array | undefined }>
  cancel(): Promise<void>
}

const toUpstreamError = (error: unknown, signal: AbortSignal): UpstreamError => {
  if (signal.aborted) return new UpstreamError('aborted', 'The request was cancelled', { cause: signal.reason })
  if (error instanceof UpstreamError) return error
  return new UpstreamError('protocol', 'The connection to the model server broke off', { cause: error })
}

const nextPiece = async (reader: ByteReader, signal: AbortSignal): Promise<Uint8Array | undefined> => {
  try {
    signal.throwIfAborted()
    const { value } = await reader.read()
    // A reader cancelled by the signal reports a normal end.
    signal.throwIfAborted()
    return value
  } catch (error) {
    throw toUpstreamError(error, signal)
  }
}

/**
 * The body as it arrives. Leaving the loop early, an error and an abort all cancel the body, which closes the connection.
 * Throws `UpstreamError`: `aborted`, or `protocol` for a connection that breaks off and past `limitBytes`; what the response's
 * own stream throws of that class (`timeout`) passes through.
 */
export async function* readBytes(
  response: Response,
  limitBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (!response.body) return
  const reader: ByteReader = response.body.getReader()
  const cancel = () => void reader.cancel().catch(() => undefined)
  signal.addEventListener('abort', cancel)
  let readSoFarBytes = 0
  try {
    for (;;) {
      const piece = await nextPiece(reader, signal)
      if (!piece) return
      readSoFarBytes += piece.byteLength
      if (readSoFarBytes > limitBytes) throw answerTooLarge()
      yield piece
    }
  } finally {
    signal.removeEventListener('abort', cancel)
    cancel()
  }
}

/** The whole body as text; the same errors as `readBytes`. */
export const readText = async (response: Response, limitBytes: number, signal: AbortSignal): Promise<string> => {
  const decoder = new TextDecoder()
  let text = ''
  for await (const piece of readBytes(response, limitBytes, signal)) text += decoder.decode(piece, { stream: true })
  return text + decoder.decode()
}

/** A complete JSON answer of at most `limitBytes`; the same errors as `readBytes`, and `protocol` when it is not JSON. */
export const readJson = async (
  response: Response,
  signal: AbortSignal,
  limitBytes = JSON_LIMIT_BYTES,
): Promise<unknown> => {
  const json = parseJson(await readText(response, limitBytes, signal))
  if (json === undefined) throw brokenJson()
  return json
}
