import { expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { gitRegistry } from '../support/git-registry.ts'
import { hasGit } from '../support/git-server.ts'
import { jobsPath } from '../support/jobs.ts'
import { settledFolders } from '../support/plugin-installs.ts'
import { account, startFromSource, temporaryFolder } from '../support/server-process.ts'

const rounds = 6

test.skipIf(!hasGit)(
  'a server that is killed while a job installs a plugin installs it after the next start',
  async () => {
    await using registry = await gitRegistry([])
    await registry.publish('Lamp', '1.0.0', { files: { 'dist/large.js': randomBytes(500_000).toString('hex') } })
    for (let round = 0; round < rounds; round++) {
      using folder = temporaryFolder()
      const first = await startFromSource(folder.path, registry.env)
      await first.call('POST', '/api/v1/auth/register', account)
      await first.signIn()
      const payload = { repo_url: registry.urlOf('Lamp') }
      const { body: job } = await first.call('POST', jobsPath, { job_type: 'plugin_install', payload })
      await Bun.sleep(round * 80)
      await first.kill('SIGKILL')

      await using second = await startFromSource(folder.path, registry.env)
      await second.signIn()
      const read = async () => (await second.call('GET', `${jobsPath}/${job.id}`)).body
      while (!['completed', 'failed'].includes((await read()).status)) await Bun.sleep(20)
      expect(await read()).toMatchObject({ status: 'completed', result: { plugin_slug: 'Lamp', version: '1.0.0' } })
      const { body: manifest } = await second.call('GET', '/api/v1/plugins/manifest/designer')
      expect(Object.keys(manifest)).toEqual(['Lamp'])
      expect(await settledFolders(`${folder.path}/data`)).toEqual({
        staging: [],
        trash: [],
        contents: [expect.any(String)],
      })
    }
  },
  60_000,
)
