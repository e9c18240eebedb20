import { readFileSync } from 'node:fs'
import { askSecret } from './ask-secret.ts'
import { CommandError, exitCodes } from './output.ts'

const maxBytes = 16_384

/** Editors and `echo` end a text with a line break. */
const withoutLastBreak = (text: string) => text.replace(/\r?\n$/, '')

const fromFile = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new CommandError(`The file of the password cannot be read: ${(error as Error).message}`)
  }
}

const fromPipe = async (): Promise<string> => {
  let text = ''
  for await (const piece of process.stdin.setEncoding('utf8') as AsyncIterable<string>) {
    text += piece
    if (text.length > maxBytes) throw new CommandError('What was piped in is too long for a password', exitCodes.usage)
  }
  return text
}

const fromTerminal = async (): Promise<string> => {
  const password = await askSecret('New password')
  if ((await askSecret('The same again')) !== password) throw new CommandError('The two are not the same')
  return password
}

/** A new password from a file, the terminal, or what is piped in: never from the arguments, which everybody can see. */
export const readNewPassword = async (file: string | undefined): Promise<string> => {
  if (file === undefined && process.stdin.isTTY) return fromTerminal()
  const password = withoutLastBreak(file === undefined ? await fromPipe() : fromFile(file))
  if (password === '')
    throw new CommandError(
      'No password: pipe it in, name a file with --password-file, or run this on a terminal',
      exitCodes.usage,
    )
  return password
}
