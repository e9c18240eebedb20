import { connect } from 'node:net'

/** Sends a request line as it stands, since clients tidy up paths, and returns the status and the whole answer as latin1. */
export const rawRequest = (port: number, target: string, method = 'GET'): Promise<{ status: number; text: string }> => {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  const socket = connect(port, '127.0.0.1', () => {
    const lines = [`${method} ${target} HTTP/1.1`, `Host: localhost:${port}`, 'Connection: close', '', '']
    socket.write(lines.join('\r\n'), 'latin1')
  })
  let text = ''
  socket.on('data', (bytes) => (text += bytes.toString('latin1')))
  socket.on('error', reject)
  socket.on('close', () => resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0), text }))
  return promise
}
