import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { Busboy } from '@fastify/busboy'
import { type AppError, defineError, defineErrorWith } from '../shared/app-error.ts'
import { writeAll } from '../shared/write-all.ts'

const MAX_PARTS = 20
const MAX_FIELD_BYTES = 65_536
const MAX_HEADER_BYTES = 16_384
const MAX_HEADERS = 20
/**
 * More than one piece of a request, so that a part which is passed over never fills its buffer and ends in the same piece:
 * version 3.2.6 of the parser would wait for ever then (the limit for standing still ends what is left of that).
 */
const PART_BUFFER_BYTES = 2_097_152

/** What a form may take up besides its file. */
export const maxFormOverhead = MAX_PARTS * (MAX_FIELD_BYTES + MAX_HEADER_BYTES)

/** The one field that a file may come in. */
export const fileField = 'file'

export const badForm = defineErrorWith(400, 'http.bad_form', (reason: string) => `The form cannot be read: ${reason}`)
export const formTooLarge = defineError(
  413,
  'http.form_too_large',
  `A form has at most ${MAX_PARTS} parts, and its fields at most ${MAX_FIELD_BYTES / 1024} KB`,
)
export const tooManyFiles = defineError(400, 'http.too_many_files', 'Send one file')

export interface ReceivedFile {
  /** As the part says, without folders; empty when it says none. */
  name: string
  bytes: number
}

export interface ReceivedForm {
  fields: Map<string, string>
  file?: ReceivedFile
}

export interface FormTarget {
  /** Where the file goes; must not exist yet. Whoever named it removes it, also after a failure. */
  path: string
  maxFileBytes: number
  /** What to answer for a larger one. */
  fileTooLarge: (bytes: number) => AppError
}

export interface FormParser {
  /** Resolves when the next piece may come: files are on disk by then, but for a small rest. */
  write: (piece: Uint8Array) => Promise<void>
  end: () => Promise<ReceivedForm>
  /** Lets go of the file. Call it in any case. */
  close: () => Promise<void>
}

/** Browsers send an empty part for a file that nobody chose. */
const isNoFile = ({ name, bytes }: ReceivedFile) => name === '' && bytes === 0

const save = async (content: Readable, path: string): Promise<number> => {
  const file = await open(path, 'wx', 0o600)
  let bytes = 0
  try {
    for await (const piece of content as AsyncIterable<Uint8Array>) {
      await writeAll(file, piece)
      bytes += piece.byteLength
    }
    return bytes
  } finally {
    await file.close()
  }
}

const createBusboy = (contentType: string, maxFileBytes: number) => {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      fileHwm: PART_BUFFER_BYTES,
      limits: {
        parts: MAX_PARTS,
        files: 1,
        fileSize: maxFileBytes,
        fieldSize: MAX_FIELD_BYTES,
        headerSize: MAX_HEADER_BYTES,
        headerPairs: MAX_HEADERS,
      },
      isPartAFile: (name, type, filename) =>
        name === fileField || filename !== undefined || type === 'application/octet-stream',
    })
  } catch {
    throw badForm('its boundary is missing')
  }
}

/** Reads a multipart form; `fail` hears of the first thing that is wrong, at any time. Throws `badForm`. */
export const createFormParser = (
  contentType: string,
  { path, maxFileBytes, fileTooLarge }: FormTarget,
  fail: (error: unknown) => void,
): FormParser => {
  const busboy = createBusboy(contentType, maxFileBytes)
  const form: ReceivedForm = { fields: new Map() }
  const finished = Promise.withResolvers<void>()
  let content: Readable | undefined
  let saved: Promise<void> = Promise.resolve()
  const keep = async (stream: Readable, name: string) => {
    const file = { name, bytes: await save(stream, path) }
    if (!isNoFile(file)) form.file = file
  }
  const malformed = () => fail(badForm('it ends early, or its parts are malformed'))
  busboy
    .on('field', (name, value, _, isCut) => {
      if (isCut) fail(formTooLarge())
      else if (form.fields.has(name)) fail(badForm('a field comes twice'))
      else if (typeof name === 'string') form.fields.set(name, value)
    })
    .on('file', (field, stream, name: string | undefined) => {
      content = stream
      // Before anything else: an error that nobody listens to would end the process.
      stream.on('error', malformed).on('limit', () => fail(fileTooLarge(maxFileBytes + 1)))
      if (field !== fileField) return fail(badForm(`its file is not in the field "${fileField}"`))
      saved = keep(stream, name ?? '')
      saved.catch(fail)
    })
    .on('partsLimit', () => fail(formTooLarge()))
    .on('filesLimit', () => fail(tooManyFiles()))
    .on('error', malformed)
    .on('finish', finished.resolve)
  return {
    write: ({ buffer, byteOffset, byteLength }) =>
      new Promise((resolve, reject) => {
        busboy.write(Buffer.from(buffer, byteOffset, byteLength), (error) => (error ? reject(error) : resolve()))
      }),
    end: async () => {
      busboy.end()
      await finished.promise
      await saved
      return form
    },
    close: async () => {
      content?.destroy()
      await saved.catch(() => undefined)
    },
  }
}
