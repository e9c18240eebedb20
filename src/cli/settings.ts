import type { Command } from 'commander'
import { type Config, readConfig } from '../config.ts'

interface ServerFlags {
  dir?: string
  host?: string
  port?: string
  web?: string
}

export const withDirOption = (command: Command): Command =>
  command.option('--dir <folder>', 'data folder (DATA_DIR, default ./data)')

export const withServerOptions = (command: Command): Command =>
  withDirOption(command)
    .option('--host <address>', 'address to listen on (HOST, default 127.0.0.1)')
    .option('--port <number>', 'port to listen on (PORT, default 8005)')
    .option('--web <folder>', 'built web client to serve (WEB_DIR)')

/** A port is checked like the variable. */
export const environmentOf = ({ port }: ServerFlags) => ({
  ...process.env,
  ...(port === undefined ? {} : { PORT: port }),
})

export const givenBy = ({ dir, host, web }: ServerFlags): Partial<Config> => ({
  ...(dir === undefined ? {} : { dataDir: dir }),
  ...(host === undefined ? {} : { host }),
  ...(web === undefined ? {} : { webDir: web }),
})

/** Throws `ConfigError`. */
export const configOf = (flags: ServerFlags): Config => readConfig(environmentOf(flags), givenBy(flags))
