import { Command, CommanderError } from 'commander'
import { ConfigError } from '../config.ts'
import { DataDirError } from '../data-dir.ts'
import { SchemaError } from '../db/migrate.ts'
import { version } from '../shared/version.ts'
import { backupCommand } from './backup.ts'
import { completionCommand } from './completion.ts'
import { configCommand } from './config.ts'
import { doctorCommand } from './doctor.ts'
import { healthcheckCommand } from './healthcheck.ts'
import { importCommand } from './import.ts'
import { openapiCommand } from './openapi.ts'
import { CommandError, exitCodes, note } from './output.ts'
import { secretCommand } from './secret.ts'
import { serveCommand } from './serve.ts'
import { systemdCommand } from './systemd.ts'
import { userCommand } from './user.ts'
import { versionCommand } from './version.ts'

const help = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 wrong configuration, 4 a check found problems.
Settings are environment variables, see the README or "braindrive config show". NO_COLOR is respected.`

/** Every command, each in the file of its name. */
export const createProgram = (): Command => {
  const program = new Command('braindrive')
    .description('Self-hosted AI workspace: the whole REST API in one executable')
    .version(version, '-V, --version')
    .addHelpText('after', help)
    .addCommand(serveCommand(), { isDefault: true })
    .addCommand(backupCommand())
    .addCommand(configCommand())
    .addCommand(doctorCommand())
    .addCommand(healthcheckCommand())
    .addCommand(importCommand())
    .addCommand(userCommand())
    .addCommand(secretCommand())
    .addCommand(openapiCommand())
    .addCommand(systemdCommand())
    .addCommand(completionCommand())
    .addCommand(versionCommand())
  for (const command of withSubcommands(program)) command.exitOverride().showHelpAfterError('(--help tells more)')
  return program
}

const withSubcommands = (command: Command): Command[] => [command, ...command.commands.flatMap(withSubcommands)]

const messageOf = (error: unknown): { message: string; exitCode: number } => {
  if (error instanceof ConfigError) {
    const problems = error.problems.map((one) => `  - ${one}`).join('\n')
    return { message: `The configuration is not usable:\n${problems}`, exitCode: exitCodes.config }
  }
  if (error instanceof CommandError) return error
  const { code, message } = error as { code?: string; message: string }
  const isExpected = error instanceof DataDirError || error instanceof SchemaError
  const isPortTaken = !isExpected && code === 'EADDRINUSE'
  const text = 'The port is already in use: stop the other program or choose another with --port'
  return { message: isPortTaken ? text : message, exitCode: exitCodes.failed }
}

/** `braindrive … | head` takes what it wants and goes. */
const endWithReader = () => {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
}

/** Runs what the arguments ask for. The exit code, unless the command goes on, as `serve` does. */
export const runProgram = async (argv: string[]): Promise<number | undefined> => {
  endWithReader()
  // Whatever is written holds what people say to their models, or keys: it is for this account alone.
  process.umask(0o077)
  try {
    await createProgram().parseAsync(argv)
    return undefined
  } catch (error) {
    // Commander has printed its own message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    const { message, exitCode } = messageOf(error)
    note(message)
    return exitCode
  }
}
