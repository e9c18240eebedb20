import { type Static, type TObject } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { ValidationError } from 'elysia'
import { defineError } from '../shared/app-error.ts'
import { rejectOnAbort } from '../shared/reject-on-abort.ts'
import { FieldError } from './validation-details.ts'
import { incompleteBody, JsonSyntaxError, readText } from './body.ts'
import {
  badForm,
  createFormParser,
  fileField,
  type FormTarget,
  formTooLarge,
  maxFormOverhead,
  type ReceivedFile,
  type ReceivedForm,
  tooManyFiles,
} from './form-parser.ts'

const maxJsonBytes = 65_536
const defaultIdleMs = 30_000
const defaultTimeMs = 30 * 60_000

const unsupportedForm = defineError(
  415,
  'http.unsupported_form',
  'Send the body as multipart/form-data, or as application/json when there is no file',
)
const tooSlow = defineError(400, 'http.upload_too_slow', 'The upload stood still for too long, or took too long')

/** For `documented`: the failures of `readUpload`, besides those of all bodies. */
export const uploadErrors = [badForm, tooManyFiles, formTooLarge, unsupportedForm, tooSlow]

export interface UploadTarget extends FormTarget {
  /** Longest silence of the client. */
  idleMs?: number
  /** For the whole upload. */
  timeMs?: number
}

export interface Upload<Fields> {
  fields: Fields
  /** Undefined when none was sent. */
  file: ReceivedFile | undefined
}

/** One signal for everything that ends an upload: the first failure is its reason. */
const watchUpload = ({ idleMs = defaultIdleMs, timeMs = defaultTimeMs }: UploadTarget) => {
  const controller = new AbortController()
  const fail = (error: unknown) => controller.abort(error)
  const idle = setTimeout(() => fail(tooSlow()), idleMs)
  const total = setTimeout(() => fail(tooSlow()), timeMs)
  const stop = () => {
    clearTimeout(idle)
    clearTimeout(total)
  }
  return { signal: controller.signal, fail, touch: () => void idle.refresh(), stop }
}

type Watch = ReturnType<typeof watchUpload>

/** What cannot be a form with an allowed file is not read on. */
const checkSize = ({ maxFileBytes, fileTooLarge, several }: FormTarget, bytes: number) => {
  if (bytes > maxFileBytes * (several?.max ?? 1) + maxFormOverhead) throw fileTooLarge(bytes)
}

const pump = async (request: Request, write: (piece: Uint8Array) => Promise<void>, watch: Watch): Promise<void> => {
  const reader = request.body?.getReader()
  if (!reader) return
  try {
    for (;;) {
      const { done, value } = await rejectOnAbort(reader.read(), watch.signal)
      if (done) return
      watch.touch()
      await rejectOnAbort(write(value), watch.signal)
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

const parseForm = async (request: Request, target: FormTarget, watch: Watch): Promise<ReceivedForm> => {
  const parser = createFormParser(request.headers.get('content-type') ?? '', target, watch.fail)
  let received = 0
  const write = (piece: Uint8Array) => {
    received += piece.byteLength
    checkSize(target, received)
    return parser.write(piece)
  }
  try {
    await pump(request, write, watch)
    return await rejectOnAbort(parser.end(), watch.signal)
  } catch (error) {
    // Who hangs up in the middle is no failure of ours.
    throw request.signal.aborted || (error as Error).name === 'AbortError' ? incompleteBody() : error
  } finally {
    await parser.close()
  }
}

const receiveForm = async (request: Request, target: UploadTarget): Promise<ReceivedForm> => {
  const announced = Number(request.headers.get('content-length') ?? 0)
  // The size that was announced says more than where we stopped to read.
  const fileTooLarge = (bytes: number) => target.fileTooLarge(Math.max(bytes, announced))
  checkSize({ ...target, fileTooLarge }, announced)
  const watch = watchUpload(target)
  try {
    return await parseForm(request, { ...target, fileTooLarge }, watch)
  } finally {
    watch.stop()
  }
}

const receiveJson = async (request: Request): Promise<unknown> => {
  const text = await readText(request, maxJsonBytes)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new JsonSyntaxError((error as Error).message)
  }
}

const mediaTypeOf = (request: Request): string | undefined =>
  (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase()

/**
 * Reads a form with at most one file (field `file`), which goes to disk while it comes: never more than a few pieces of it
 * are in memory. Without a file the same fields may come as JSON. For a route with `parse: 'none'`, so that nothing is
 * read before it is known who asks; switch the server's own time limit off there, since ours ends what stands still.
 * Throws `uploadErrors`, what `target.fileTooLarge` makes, `incompleteBody` when the client is gone, and 422 for fields
 * that break their schema.
 */
export const readUpload = async <Schema extends TObject>(
  request: Request,
  schema: Schema,
  target: UploadTarget,
): Promise<Upload<Static<Schema>>> => {
  const type = mediaTypeOf(request)
  const check = (fields: unknown): Static<Schema> => {
    if (Value.Check(schema, fields)) return fields
    throw new ValidationError('body', schema, fields)
  }
  if (type === 'application/json') return { fields: check(await receiveJson(request)), file: undefined }
  if (type !== 'multipart/form-data') throw unsupportedForm()
  const { fields, files } = await receiveForm(request, target)
  return { fields: check(Object.fromEntries(fields)), file: files[0] }
}

/**
 * Reads a form with one file or `several`, and no fields of interest, in the same way. Throws as `readUpload` does, and 422
 * when there is no file with a name.
 */
export const readFiles = async (request: Request, target: UploadTarget): Promise<[ReceivedFile, ...ReceivedFile[]]> => {
  if (mediaTypeOf(request) !== 'multipart/form-data') throw unsupportedForm()
  const { files } = await receiveForm(request, target)
  const [first, ...rest] = files.filter(({ name }) => name !== '')
  if (!first) throw new FieldError([target.field ?? fileField], 'missing', 'Field required')
  return [first, ...rest]
}

/** The body of a route for `readFiles`. */
export const filesBody = (field: string, description: string, max = 1) => {
  const file = { type: 'string' as const, format: 'binary', description }
  const several = { type: 'array' as const, items: file, minItems: 1, maxItems: max }
  const properties = { [field]: max === 1 ? file : several }
  const schema = { type: 'object' as const, properties, required: [field] }
  return { required: true, content: { 'multipart/form-data': { schema } } }
}

/** The body of a route for `readUpload`. */
export const uploadBody = (schema: TObject, fileDescription: string) => {
  const file = { type: 'string', format: 'binary', description: fileDescription }
  const withFile = { ...schema, properties: { ...schema.properties, [fileField]: file } }
  // The document's own types know neither symbols nor undefined, which a schema may hold.
  const toContent = (one: object) => ({ schema: one as { type: 'object' } })
  return {
    required: true,
    content: { 'multipart/form-data': toContent(withFile), 'application/json': toContent(schema) },
  }
}
