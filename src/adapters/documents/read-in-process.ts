import { dirname } from 'node:path'
import { askProcess } from './ask-process.ts'
import { DocumentError, type DocumentErrorReason, type DocumentRequest, type DocumentText } from './types.ts'

export interface ProcessLimits {
  maxMemoryBytes: number
  maxMs: number
}

/** Reads a document in a process of its own. Throws `DocumentError`, or the signal's reason. */
export const readInProcess = async (
  document: DocumentRequest,
  limits: ProcessLimits,
  signal?: AbortSignal,
): Promise<DocumentText> => {
  const answer = await askProcess({ request: { document }, ...limits }, dirname(document.path), signal)
  if (answer === 'too_slow') {
    const seconds = Math.ceil(limits.maxMs / 1000)
    throw new DocumentError('too_slow', `The document takes longer than ${seconds} seconds to read`)
  }
  if (answer === 'too_large') throw new DocumentError('too_large', 'The document needs more memory than one may have')
  if (answer === 'broken') {
    throw new DocumentError('unreadable', 'The document cannot be read: its reader failed on it')
  }
  if (answer.ok) return answer.result as DocumentText
  if (answer.reason === 'failed') throw new Error(`reading a document failed: ${answer.message}`)
  throw new DocumentError(answer.reason as DocumentErrorReason, answer.message)
}
