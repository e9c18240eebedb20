import { expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { peakMbDuring, residentMb } from '../support/process-memory.ts'
import { account, startFromSource, temporaryFolder } from '../support/server-process.ts'

const mebibyte = 1_048_576
const isLinux = process.platform === 'linux'

test.skipIf(!isLinux)(
  'an upload of 100 MB goes to disk, not into memory',
  async () => {
    using folder = temporaryFolder()
    await using server = await startFromSource(folder.path, { DATA_DIR: folder.path })
    await server.call('POST', '/api/v1/auth/register', account)
    const { body } = await server.call('POST', '/api/v1/auth/login', account)
    const upload = async () => {
      const form = new FormData()
      form.append('method', 'upload')
      form.append('file', new File([Buffer.alloc(100 * mebibyte, 'no archive ')], 'a.zip'))
      const headers = { authorization: `Bearer ${body.access_token}` }
      const response = await fetch(`${server.url}/api/v1/plugins/install`, { method: 'POST', body: form, headers })
      expect(await response.json()).toMatchObject({ code: 'plugins.file_extraction_failed' })
    }
    const { pid } = server.child
    await Bun.sleep(1000)
    const idle = residentMb(pid)
    const peak = await peakMbDuring(pid, upload)
    // `make bench` holds the executable to 60 MB; this is for mistakes that keep the whole file.
    expect(peak - idle).toBeLessThan(80)
    expect(readdirSync(join(folder.path, 'plugins', 'staging'))).toEqual([])
  },
  30_000,
)
