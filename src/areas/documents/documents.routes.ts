import { join } from 'node:path'
import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { limited } from '../../http/rate-limit.ts'
import { requireUser } from '../../http/session.ts'
import { filesBody, readFiles, type UploadTarget, uploadErrors } from '../../http/upload.ts'
import { canonicalTypes, supportedExtensions, supportedTypes } from '../../shared/document-types.ts'
import { createPerKeyLimit } from '../../shared/per-key-limit.ts'
import * as errors from './documents.errors.ts'
import * as schema from './documents.schema.ts'
import { processDocument, processDocuments, processForContext, type UploadedDocument } from './documents.service.ts'

const maxFiles = 10
/** Each of them may hold its files on the disk. */
const uploadsPerUser = 8

const readErrors = [
  errors.fileTooLarge,
  errors.unreadable,
  errors.tooMuch,
  errors.tooManyDocuments,
  errors.tooManyOwnDocuments,
  errors.failed,
  ...uploadErrors,
]

/** work.md 3. A document may wait for its turn: the server's own time limit for silence is off. */
export const documentsRoutes = (deps: Deps) => {
  const { maxDocumentBytes } = deps.config
  const oneOfFew = createPerKeyLimit(uploadsPerUser, errors.tooManyOwnDocuments)
  const target = { maxFileBytes: maxDocumentBytes, fileTooLarge: () => errors.fileTooLarge(maxDocumentBytes) }
  const several = { field: 'files', several: { max: maxFiles, tooMany: () => errors.tooManyFiles(maxFiles) } }

  /** Hands over the files of a form, which are gone afterwards in any case. */
  const withFiles = <Answer>(
    userId: string,
    request: Request,
    options: Partial<UploadTarget>,
    use: (files: [UploadedDocument, ...UploadedDocument[]]) => Promise<Answer>,
  ): Promise<Answer> =>
    oneOfFew(userId, async () => {
      await using staging = await deps.documentReader.stage()
      return await use(await readFiles(request, { ...target, ...options, path: join(staging.path, 'file') }))
    })

  return new Elysia({ name: 'areas.documents', prefix: '/api/v1/documents' })
    .use(requireUser(deps))
    .use(limited(deps))
    .get(
      '/supported-types',
      () => ({
        supported_types: supportedTypes,
        extensions: supportedExtensions,
        canonical_types: canonicalTypes,
        max_file_size_mb: Math.round((maxDocumentBytes / 1_048_576) * 100) / 100,
        max_files_per_request: maxFiles,
      }),
      { response: schema.SupportedTypes, detail: documented('Which documents can be read') },
    )
    .post(
      '/process',
      async ({ user, request, query, server }) => {
        server?.timeout(request, 0)
        const reader = { userId: user.id, signal: request.signal }
        return await withFiles(user.id, request, {}, ([file]) => processDocument(deps, reader, file, query))
      },
      {
        user: true,
        limit: 'rateLimitDocument',
        parse: 'none',
        query: schema.ReadQuery,
        response: schema.DocumentAnswer,
        detail: {
          ...documented('Text of a document', errors.unsupported, ...readErrors),
          requestBody: filesBody('file', 'The document'),
        },
      },
    )
    .post(
      '/process-multiple',
      async ({ user, request, query, server }) => {
        server?.timeout(request, 0)
        const reader = { userId: user.id, signal: request.signal }
        return await withFiles(user.id, request, several, (files) => processDocuments(deps, reader, files, query))
      },
      {
        user: true,
        limit: 'rateLimitDocumentBatch',
        parse: 'none',
        query: schema.ReadQuery,
        response: schema.BatchAnswer,
        detail: {
          ...documented(
            'Texts of several documents, each of which may fail',
            errors.tooManyFiles,
            errors.fileTooLarge,
            errors.tooManyOwnDocuments,
            ...uploadErrors,
          ),
          requestBody: filesBody('files', 'The documents', maxFiles),
        },
      },
    )
    .post(
      '/process-text-context',
      async ({ user, request, server }) => {
        server?.timeout(request, 0)
        const reader = { userId: user.id, signal: request.signal }
        return await withFiles(user.id, request, {}, ([file]) => processForContext(deps, reader, file))
      },
      {
        user: true,
        limit: 'rateLimitDocumentContext',
        parse: 'none',
        response: schema.ContextAnswer,
        detail: {
          ...documented('Text of a document in segments for a chat', errors.unsupportedForContext, ...readErrors),
          requestBody: filesBody('file', 'The document'),
        },
      },
    )
}
