import { Command } from 'commander'
import { serve } from './cli/serve.ts'
import { version } from './shared/version.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import { DataDirError } from './data-dir.ts'
import { SchemaError } from './db/migrate.ts'

/** Exit codes: 1 cannot run, 2 wrong usage, 3 wrong configuration. */
const fail = (message: string, code: 1 | 2 | 3): never => {
  process.stderr.write(`${message}\n`)
  process.exit(code)
}

const explain = (error: unknown): never => {
  if (error instanceof ConfigError)
    return fail(`The configuration is not usable:\n${error.problems.map((one) => `  - ${one}`).join('\n')}`, 3)
  if (error instanceof DataDirError || error instanceof SchemaError) return fail(error.message, 1)
  const { code, message } = error as { code?: string; message: string }
  return fail(
    code === 'EADDRINUSE'
      ? 'The port is already in use: stop the other program or choose another with --port'
      : message,
    1,
  )
}

interface ServeFlags {
  dir?: string
  host?: string
  port?: string
}

const run = (flags: ServeFlags) => {
  try {
    const environment = { ...process.env, ...(flags.port === undefined ? {} : { PORT: flags.port }) }
    const given: Partial<Config> = {
      ...(flags.dir === undefined ? {} : { dataDir: flags.dir }),
      ...(flags.host === undefined ? {} : { host: flags.host }),
    }
    serve(readConfig(environment, given))
  } catch (error) {
    explain(error)
  }
}

const program = new Command('braindrive')
  .description('Self-hosted AI workspace: the whole REST API in one executable')
  .version(version, '-V, --version')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))

program
  .command('serve', { isDefault: true })
  .description('run the server (environment variables: see the README)')
  .option('--dir <folder>', 'data folder (DATA_DIR, default ./data)')
  .option('--host <address>', 'address to listen on (HOST, default 127.0.0.1)')
  .option('--port <number>', 'port to listen on (PORT, default 8005)')
  .action(run)

program.parse()
