import { join } from 'node:path'

const main = join(import.meta.dir, '../../src/main.ts')

/** What runs the program from its source. */
export const sourceCommand = [process.execPath, main]

/** Runs a command of the program to its end; `input` is piped in. */
export const runCli = async (
  args: string[],
  {
    input = '',
    env = {},
    command = sourceCommand,
  }: { input?: string; env?: Record<string, string>; command?: string[] } = {},
) => {
  const child = Bun.spawn([...command, ...args], {
    env: { PATH: '/usr/bin:/bin', DEFAULT_PLUGINS: '', ...env },
    stdin: new Blob([input]),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { out, err, exitCode }
}

/** The same, with what it prints as JSON. */
export const runCliJson = async (args: string[], options: Parameters<typeof runCli>[1] = {}) => {
  const { out, err, exitCode } = await runCli([...args, '--json'], options)
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers freely
  const json: any = out === '' ? undefined : JSON.parse(out)
  return { json, err, exitCode }
}
