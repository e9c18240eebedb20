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

/** What a form may take up besides its files. */
export const maxFormOverhead = MAX_PARTS * (MAX_FIELD_BYTES + MAX_HEADER_BYTES)

/** The field that files come in, unless a target names another. */
export const fileField = 'file'

export const badForm = defineErrorWith(400, 'http.bad_form', (reason: string) => `The form cannot be read: ${reason}`)
export const formTooLarge = defineError(
  413,
  'http.form_too_large',
  `A form has at most ${MAX_PARTS} parts, and its fields at most ${MAX_FIELD_BYTES / 1024} KB`,
)
export const tooManyFiles = defineError(400, 'http.too_many_files', 'Send one file')

export interface ReceivedFile {
  path: string
  /** As the part says, without folders; empty when it says none. */
  name: string
  /** Its media type, as the part says. */
  type: string
  bytes: number
  /** It was larger than a file may be, and is not whole. Only where a target asks for such files. */
  isCut: boolean
}

export interface ReceivedForm {
  fields: Map<string, string>
  files: ReceivedFile[]
}

export interface FormTarget {
  /**
   * Where the file goes, and further ones with `-1`, `-2`… behind it; must not exist yet. Whoever named it removes them, also
   * after a failure.
   */
  path: string
  maxFileBytes: number
  /** What to answer for a larger one. */
  fileTooLarge: (bytes: number) => AppError
  /** `file` when it is left out. */
  field?: string
  several?: SeveralFiles
}

/** For a form with more than one file: one that is too large is marked, and the others are kept. */
export interface SeveralFiles {
  max: number
  tooMany: () => AppError
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

const createBusboy = (contentType: string, { maxFileBytes, several, field = fileField }: FormTarget) => {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      fileHwm: PART_BUFFER_BYTES,
      limits: {
        parts: MAX_PARTS,
        files: several?.max ?? 1,
        fileSize: maxFileBytes,
        fieldSize: MAX_FIELD_BYTES,
        headerSize: MAX_HEADER_BYTES,
        headerPairs: MAX_HEADERS,
      },
      isPartAFile: (name, type, filename) =>
        name === field || filename !== undefined || type === 'application/octet-stream',
    })
  } catch {
    throw badForm('its boundary is missing')
  }
}

/** Reads a multipart form; `fail` hears of the first thing that is wrong, at any time. Throws `badForm`. */
export const createFormParser = (
  contentType: string,
  target: FormTarget,
  fail: (error: unknown) => void,
): FormParser => {
  const { maxFileBytes, fileTooLarge, field: fileName = fileField, several } = target
  const busboy = createBusboy(contentType, target)
  const fields: ReceivedForm['fields'] = new Map()
  const finished = Promise.withResolvers<void>()
  let content: Readable | undefined
  let saved: Promise<void> = Promise.resolve()
  // One part may be on disk before the one in front of it is.
  const inOrder: (ReceivedFile | undefined)[] = []
  const keep = async (stream: Readable & { truncated?: boolean }, name: string, type: string) => {
    const at = inOrder.push(undefined) - 1
    const path = at === 0 ? target.path : `${target.path}-${at}`
    const bytes = await save(stream, path)
    inOrder[at] = { path, name, type, bytes, isCut: stream.truncated === true }
  }
  const malformed = () => fail(badForm('it ends early, or its parts are malformed'))
  busboy
    .on('field', (name, value, _, isCut) => {
      if (isCut) fail(formTooLarge())
      else if (fields.has(name)) fail(badForm('a field comes twice'))
      else if (typeof name === 'string') fields.set(name, value)
    })
    .on('file', (field, stream, ...[name, , type]: [string | undefined, string, string]) => {
      content = stream
      // Before anything else: an error that nobody listens to would end the process.
      stream.on('error', malformed)
      if (!several) stream.on('limit', () => fail(fileTooLarge(maxFileBytes + 1)))
      if (field !== fileName) return fail(badForm(`its file is not in the field "${fileName}"`))
      const before = saved
      saved = keep(stream, name ?? '', type).then(() => before)
      saved.catch(fail)
    })
    .on('partsLimit', () => fail(formTooLarge()))
    .on('filesLimit', () => fail(several ? several.tooMany() : tooManyFiles()))
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
      const files = inOrder.filter((file) => file !== undefined).filter((file) => !isNoFile(file))
      return { fields, files }
    },
    close: async () => {
      content?.destroy()
      await saved.catch(() => undefined)
    },
  }
}
