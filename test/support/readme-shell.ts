import { join } from 'node:path'
import type { ReadmeBlock } from './readme.ts'

/** Fails where a reader would see an error, and names the line and the command. */
const preamble = String.raw`set -e -o pipefail
trap 'echo "README.md:$LINENO: $BASH_COMMAND" >&2' ERR
curl() { command curl --fail-with-body --max-time 60 "$@"; }
`

const ends = (number: number) => `end of block ${number}`

/** A shell in a folder, which keeps its variables from block to block, as that of a reader does. */
export const startShell = (folder: string, env: Record<string, string>) => {
  const child = Bun.spawn(['bash', '--noprofile', '--norc'], {
    cwd: folder,
    env,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  let output = ''
  let errors = ''
  const gather = async (stream: ReadableStream<Uint8Array>, add: (text: string) => void) => {
    const decoder = new TextDecoder()
    for await (const bytes of stream) add(decoder.decode(bytes, { stream: true }))
  }
  const drained = Promise.all([
    gather(child.stdout, (text) => (output += text)),
    gather(child.stderr, (text) => (errors += text)),
  ])
  const write = (text: string) => {
    void child.stdin.write(text)
    return child.stdin.flush()
  }
  void write(preamble)
  let blocks = 0
  return {
    /** Runs the commands one by one. What they print; rejects with what the one that fails prints. */
    async run({ text, line }: ReadmeBlock): Promise<string> {
      blocks += 1
      const end = ends(blocks)
      const file = join(folder, `.block-${blocks}`)
      // Empty lines above it, so that the shell counts lines as the README does.
      await Bun.write(file, '\n'.repeat(line - 1) + text)
      output = ''
      errors = ''
      await write(`source ${file} </dev/null\necho; echo '${end}'\n`)
      while (!output.includes(end)) {
        if (child.exitCode !== null) {
          await drained
          throw new Error(`${errors}${output}` || 'a block above has ended the shell')
        }
        await Bun.sleep(5)
      }
      return output.slice(0, output.indexOf(end))
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}

/** Whether bash can read it, without running anything. The complaint, or undefined. */
export const findSyntaxError = ({ text }: ReadmeBlock): string | undefined => {
  const { exitCode, stderr } = Bun.spawnSync(['bash', '-n', '-c', text])
  return exitCode === 0 ? undefined : stderr.toString()
}
