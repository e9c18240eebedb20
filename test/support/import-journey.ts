import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'bun:test'
import { ids, lampId, oldHousehold } from './old-household.ts'
import { oldMasterKey, password } from './old-installation.ts'
import { startServerProcess, temporaryFolder } from './server-process.ts'

/** The whole way of an owner who moves an old installation in, with a program that `command` starts. */
export const runImportJourney = async (command: string[]) => {
  using folder = temporaryFolder()
  using old = await oldHousehold('http://localhost:1')
  const keyFile = join(folder.path, 'key')
  writeFileSync(keyFile, `${oldMasterKey}\n`)
  const run = async (...more: string[]) => {
    const args = ['import', '--from', old.path, '--plugins', old.plugins, '--master-key-file', keyFile, ...more]
    const env = { PATH: '/usr/bin:/bin' }
    const child = Bun.spawn([...command, ...args], { cwd: folder.path, env, stdout: 'pipe', stderr: 'pipe' })
    const [out, err, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
    return { out, err, exitCode }
  }

  const dry = await run('--dry-run')
  expect([dry.exitCode, dry.err]).toEqual([0, 'Nothing was changed: this was a dry run\n'])
  expect(dry.out).toMatch(/^messages +2 +2 +0 +0$/m)
  expect(readdirSync(folder.path)).toEqual(['key'])

  const real = await run('--json')
  expect([real.exitCode, real.err]).toEqual([0, ''])
  expect(JSON.parse(real.out)).toMatchObject({ dryRun: false, sourceSchema: '2cb3f0bb9d9d' })

  await using server = await startServerProcess([...command, 'serve'], folder.path)
  const { body } = await server.call('POST', '/api/v1/auth/login', { email: 'ada@home.local', password })
  server.useToken(body.access_token)
  expect((await server.call('GET', `/api/v1/pages/${ids.chatPage}`)).body.name).toBe('AI Chat')
  const query = 'definition_id=openai_api_keys_settings&scope=user&user_id=current'
  const [setting] = (await server.call('GET', `/api/v1/settings/instances?${query}`)).body
  expect(setting.value.api_key).toBe('sk-0123...mnop')
  expect((await server.send('GET', `/api/v1/public/plugins/${lampId}/dist/remoteEntry.js`)).status).toBe(200)

  const beside = await run()
  expect([beside.exitCode, beside.out]).toEqual([1, ''])
  expect(beside.err).toContain('Another BrainDrive Server is running on')
}
