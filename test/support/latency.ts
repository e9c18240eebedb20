const everyMs = 5
const warmUps = 50

/** The longest time in ms that a small request to the server took while `work` ran, as another process saw it. */
export const longestWaitDuring = async (url: string, work: () => Promise<void>): Promise<number> => {
  const command = [process.execPath, import.meta.path, url]
  const child = Bun.spawn(command, { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' })
  const output = child.stdout[Symbol.asyncIterator]()
  // It says so when the server has answered for a while.
  await output.next()
  await work()
  await child.stdin.end()
  const { value } = await output.next()
  await child.exited
  return Number(new TextDecoder().decode(value))
}

const connectTo = async (url: string) => {
  let answered: (() => void) | undefined
  const { port } = new URL(url)
  const socket = await Bun.connect({ hostname: '127.0.0.1', port: Number(port), socket: { data: () => answered?.() } })
  const ask = async (): Promise<number> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    answered = resolve
    const startedAt = performance.now()
    socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await promise
    return performance.now() - startedAt
  }
  return { ask, close: () => socket.end() }
}

/** The other process: asks again and again until its input ends. */
const probe = async (url: string): Promise<void> => {
  const { ask, close } = await connectTo(url)
  for (let count = 0; count < warmUps; count++) await ask()
  console.log('ready')
  const end = new AbortController()
  const listening = Bun.stdin.text().finally(() => end.abort())
  let longest = 0
  while (!end.signal.aborted) {
    longest = Math.max(longest, await ask())
    await Bun.sleep(everyMs)
  }
  await listening
  console.log(longest)
  close()
}

if (import.meta.main) await probe(process.argv[2] ?? '')
