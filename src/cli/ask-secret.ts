import { CommandError, exitCodes, note } from './output.ts'

const interrupted = 130
const [enter, newline, endOfInput, interrupt, erase, backspace] = ['\r', '\n', '\u0004', '\u0003', '\u007F', '\b']

/** What was typed beyond the end of a line belongs to the next question. */
let typedAhead = ''

/** Characters of a terminal up to the end of the line; it shows none of them by itself. */
const readLine = (): Promise<string> =>
  new Promise((resolve, reject) => {
    const { stdin } = process
    let typed: string[] = []
    const end = (settle: () => void, rest: string) => {
      stdin.off('data', take).off('end', finish).pause()
      typedAhead = rest
      settle()
    }
    const finish = () => end(() => resolve(typed.join('')), '')
    const take = (text: string) => {
      const characters = Array.from(text)
      for (const [index, character] of characters.entries()) {
        const rest = () => characters.slice(index + 1).join('')
        if (character === interrupt) return end(() => reject(new CommandError('Interrupted', interrupted)), '')
        if (character === enter || character === newline || character === endOfInput)
          return end(() => resolve(typed.join('')), rest())
        if (character === erase || character === backspace) typed = typed.slice(0, -1)
        else typed.push(character)
      }
    }
    stdin.setEncoding('utf8').on('data', take).on('end', finish).resume()
    if (typedAhead !== '') take(typedAhead)
  })

/** Asks on the terminal, without showing what is typed. Throws `CommandError` where there is no terminal. */
export const askSecret = async (question: string): Promise<string> => {
  if (!process.stdin.isTTY)
    throw new CommandError(`${question}: there is no terminal to ask on, see --help for other ways`, exitCodes.usage)
  // Before the question: who answers at once must not be shown either.
  process.stdin.setRawMode(true)
  process.stderr.write(`${question}: `)
  try {
    return await readLine()
  } finally {
    process.stdin.setRawMode(false)
    note('')
  }
}
