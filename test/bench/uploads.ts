import { peakMbDuring, residentMb } from '../support/process-memory.ts'
import { temporaryFolder } from './folder.ts'
import { atMost, type Row } from './report.ts'
import { type BenchServer, startServer } from './server.ts'

const mebibyte = 1_048_576
const sizeMb = 99
const settleMs = 3000

/** No archive: it is received as a whole before anybody finds out. */
const upload = async ({ url, headers }: BenchServer): Promise<void> => {
  const form = new FormData()
  form.append('method', 'local-file')
  form.append(
    'file',
    new File([crypto.getRandomValues(Buffer.alloc(65_536)), Buffer.alloc(sizeMb * mebibyte)], 'a.zip'),
  )
  const { authorization = '' } = headers
  const response = await fetch(`${url}/api/v1/plugins/install`, {
    method: 'POST',
    body: form,
    headers: { authorization },
  })
  const text = await response.text()
  if (!text.includes('file_extraction')) throw new Error(`the upload was not taken: ${text.slice(0, 300)}`)
}

/** Memory that a large upload costs, and how long it takes. */
export const measureUpload = async (): Promise<Row[]> => {
  using folder = temporaryFolder()
  await using server = await startServer(folder.path)
  await server.signUp()
  await Bun.sleep(settleMs)
  const idle = residentMb(server.pid)
  const startedAt = performance.now()
  const peak = await peakMbDuring(server.pid, () => upload(server))
  const seconds = (performance.now() - startedAt) / 1000
  return [
    {
      measure: 'peak RSS while 100 MB are uploaded',
      ours: `${peak.toFixed(0)} MB`,
      baseline: `${idle.toFixed(0)} MB`,
      figure: `+${(peak - idle).toFixed(1)} MB, ${seconds.toFixed(2)} s`,
      target: atMost(peak - idle, 60, 'MB more'),
    },
  ]
}
