import { describe, expect, test } from 'bun:test'
import { longestWaitDuring } from '../support/latency.ts'
import {
  advertisement,
  commitObject,
  growDelta,
  packAnswer,
  packBytes,
  packObject,
  treeObject,
  type PackObject,
} from '../support/pack-bytes.ts'
import { peakMbDuring, residentMb } from '../support/process-memory.ts'
import { account, startFromSource, temporaryFolder } from '../support/server-process.ts'

const megabyte = 1_048_576
const isLinux = process.platform === 'linux'

const noise = (bytes: number) => packObject('blob', Buffer.concat(Array.from({ length: bytes / 65_536 }, randomPiece)))
const randomPiece = () => crypto.getRandomValues(Buffer.alloc(65_536))

const zeros = (count: number, bytes: number) =>
  Array.from({ length: count }, (_, index) =>
    packObject('blob', Buffer.concat([Buffer.alloc(bytes), Buffer.from([index])])),
  )

const chain = (base: PackObject, length: number) => {
  const objects = [base]
  for (let index = 0; index < length; index++) objects.push(growDelta(objects.at(-1) ?? base, `${index}`))
  return objects
}

/** Each is within all limits: it is unpacked as a whole. */
const packs: Record<string, () => PackObject[]> = {
  'large files of zeros': () => [...zeros(6, 15 * megabyte), noise(megabyte)],
  'many files of 1 MB': () => [...zeros(95, megabyte), noise(megabyte)],
  'a deep chain of deltas': () => [...chain(noise(65_536), 1300), noise(megabyte)],
  'a chain of large deltas, the base last': () => chain(noise(9 * megabyte), 9).toReversed(),
  'files that do not compress': () => [noise(14 * megabyte), noise(14 * megabyte)],
}

/** A Git server with this one pack. */
const servePack = (objects: PackObject[]) => {
  const tree = treeObject(objects.map(({ oid }, index) => ({ mode: '100644', name: `f${index}`, oid })))
  const commit = commitObject(tree)
  const list = advertisement({ HEAD: commit.oid, 'refs/heads/main': commit.oid })
  const answer = packAnswer(packBytes([commit, tree, ...objects]), commit.oid)
  const typeOf = (what: string) => ({ headers: { 'content-type': `application/x-git-upload-pack-${what}` } })
  return Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: ({ method }) =>
      method === 'GET' ? new Response(list, typeOf('advertisement')) : new Response(answer, typeOf('result')),
  })
}

describe.skipIf(!isLinux)('a check-out of', () => {
  test.each(Object.keys(packs))(
    '%s takes little memory, and nobody waits for it',
    async (name) => {
      const git = servePack(packs[name]?.() ?? [])
      using folder = temporaryFolder()
      const env = { DATA_DIR: folder.path, PRIVATE_HOSTS: `127.0.0.1:${git.port}` }
      await using server = await startFromSource(folder.path, env)
      await server.call('POST', '/api/v1/auth/register', account)
      await server.signIn()
      await Bun.sleep(1000)
      const install = async () => {
        const repo_url = `http://127.0.0.1:${git.port}/files`
        const { body } = await server.call('POST', '/api/v1/plugins/install-from-url', { repo_url })
        expect(body).toMatchObject({ code: 'plugins.plugin_validation_failed' })
      }
      const { pid } = server.child
      const idle = residentMb(pid)
      let firstWait = 0
      const peak = await peakMbDuring(pid, async () => {
        firstWait = await longestWaitDuring(server.url, install)
      })
      expect(peak - idle).toBeLessThan(100)
      // Again where the machine was busy: what blocks, blocks each time.
      const waits = [firstWait]
      while (Math.min(...waits) > 50 && waits.length < 4) waits.push(await longestWaitDuring(server.url, install))
      expect(Math.min(...waits)).toBeLessThan(50)
      await git.stop(true)
    },
    60_000,
  )
})
