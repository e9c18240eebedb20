import { basename } from 'node:path'
import type { TestResponse, TestServer } from './test-app.ts'
import { readResponse } from './test-app.ts'

export const toFile = (name: string, content: string | Uint8Array, type = ''): File =>
  new File([content], name, { type })

export const fileOf = async (path: string): Promise<File> => toFile(basename(path), await Bun.file(path).bytes())

/** Uploads files of a user to a route below `/documents`. */
export const uploadDocuments = async (
  server: TestServer,
  route: string,
  files: File[],
  {
    user = 'ada',
    field = files.length > 1 ? 'files' : 'file',
    signal,
  }: { user?: string; field?: string; signal?: AbortSignal } = {},
): Promise<TestResponse> => {
  const form = new FormData()
  for (const file of files) form.append(field, file)
  const headers = { authorization: `Bearer ${await server.tokenOf(user)}` }
  const url = `${server.url}/api/v1/documents/${route}`
  return readResponse(await fetch(url, { method: 'POST', body: form, headers, ...(signal ? { signal } : {}) }))
}
